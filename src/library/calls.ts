/** How far a call is. */
export interface Progress {
  /** What is counted. */
  readonly unit: "bytes" | "lines" | "pairs" | "steps" | "checkpoints";
  readonly done: number;
  /** Undefined where that is not known beforehand. */
  readonly total: number | undefined;
}

/** What every call that may take long can be told. */
export interface CallOptions {
  /** Ends the call when it aborts: it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Told now and then how far the call is. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Items as they come, until a signal aborts: then its reason is thrown, though an item may never come. */
export function endedBy<T>(items: Iterable<T> | AsyncIterable<T>, signal: AbortSignal | undefined) {
  if (signal === undefined || !(Symbol.asyncIterator in items)) return items;
  return untilAborted(items, signal);
}

async function* untilAborted<T>(
  items: AsyncIterable<T>,
  signal: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  const iterator = items[Symbol.asyncIterator]();
  let abort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
  });
  aborted.catch(() => {}); // it is told when somebody waits for an item
  signal.addEventListener("abort", abort);
  let isDone = false;
  try {
    signal.throwIfAborted();
    for (;;) {
      const item = await Promise.race([iterator.next(), aborted]);
      isDone = item.done === true;
      if (item.done) return;
      yield item.value;
    }
  } finally {
    signal.removeEventListener("abort", abort);
    // Not waited for: what did not give an item may not answer either.
    if (!isDone) iterator.return?.()?.catch(() => {});
  }
}

/** Results one after the other, as they come. */
export interface Results<T> extends AsyncIterableIterator<T> {
  /** All of them that are still to come. */
  toArray(): Promise<T[]>;
}

/** Gives a generator its `toArray`. */
export function results<T>(generator: AsyncGenerator<T, void, undefined>): Results<T> {
  return {
    next: () => generator.next(),
    return: async () => {
      await generator.return();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    async toArray() {
      const all: T[] = [];
      for await (const item of this) all.push(item);
      return all;
    },
  };
}
