import { setTimeout } from "node:timers/promises";

/**
 * Groups items as they come: up to `most` of them, and fewer when the next one keeps us waiting. Only one item
 * is taken ahead of those that were asked for.
 *
 * @param pause milliseconds to wait for the next item
 */
export async function* inBursts<T>(
  items: AsyncIterable<T>,
  most: number,
  pause: number,
): AsyncGenerator<T[], void, undefined> {
  const iterator = items[Symbol.asyncIterator]();
  let next = iterator.next();
  for (let burst: T[] = []; ; burst = []) {
    for (let item = await next; !item.done; ) {
      burst.push(item.value);
      next = iterator.next();
      const soon = burst.length < most ? await withinPause(next, pause) : undefined;
      if (soon === undefined) break;
      item = soon;
      if (item.done) {
        yield burst;
        return;
      }
    }
    if (burst.length === 0) return;
    yield burst;
  }
}

/** What a promise gives, or undefined when it takes longer than a pause. */
async function withinPause<T>(promise: Promise<T>, pause: number): Promise<T | undefined> {
  const timer = new AbortController();
  const timeout = setTimeout(pause, undefined, { signal: timer.signal });
  timeout.catch(() => {}); // it is told to stop when the promise was faster
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    timer.abort();
  }
}
