/**
 * Groups items as they come: up to `most` of them, and fewer when the next one keeps us waiting. Only one item
 * is taken ahead of those that were asked for.
 *
 * @param pause milliseconds to wait for the next item
 */
export async function* inBursts<T>(
  items: Iterable<T> | AsyncIterable<T>,
  most: number,
  pause: number,
): AsyncGenerator<T[], void, undefined> {
  if (!(Symbol.asyncIterator in items)) {
    yield* inGroups(items, most);
    return;
  }
  const iterator = items[Symbol.asyncIterator]();
  let next = iterator.next();
  next.catch(() => {}); // it is told when it is waited for
  let isDone = false;
  try {
    while (!isDone) {
      const burst: T[] = [];
      for (let item: IteratorResult<T> | undefined = await next; item !== undefined; ) {
        if (item.done) {
          isDone = true;
          break;
        }
        burst.push(item.value);
        next = iterator.next();
        next.catch(() => {});
        item = burst.length < most ? await withinPause(next, pause) : undefined;
      }
      if (burst.length > 0) yield burst;
    }
  } catch (error) {
    isDone = true; // what fails is closed by itself
    throw error;
  } finally {
    // Not waited for: whoever has nothing to give may never answer.
    if (!isDone) iterator.return?.()?.catch(() => {});
  }
}

function* inGroups<T>(items: Iterable<T>, most: number): Generator<T[], void, undefined> {
  let group: T[] = [];
  for (const item of items) {
    group.push(item);
    if (group.length < most) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

/** What a promise gives, or undefined when it takes longer than a pause. */
async function withinPause<T>(promise: Promise<T>, pause: number): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), pause);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
