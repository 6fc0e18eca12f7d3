import { setImmediate } from "node:timers/promises";
import type { DecodingOptions } from "../decoding/options.ts";
import { type StreamedToken, TokenQueue } from "../decoding/tokenStream.ts";
import type { Translation } from "../decoding/translation.ts";
import type { TrainedModel } from "../library/trainedModel.ts";

/** Lines that are translated together, at most: more gain little, and all others wait for their end. */
const MOST_LINES = 128;

/** What has been translated together. */
export interface DoneBatch {
  readonly sentences: number;
  readonly sourceTokens: number;
  readonly targetTokens: number;
}

/** What a request wants to have translated. */
interface Order {
  readonly lines: readonly string[];
  readonly options: DecodingOptions;
  /** Told of each token, where they are wanted as they come. */
  readonly onToken: ((token: StreamedToken) => void) | undefined;
  readonly found: Translation[];
  /** Lines that the model has been given. */
  taken: number;
  /** Whether nobody waits for it any more. */
  isSettled: boolean;
  readonly finish: () => void;
  readonly fail: (reason: unknown) => void;
}

/**
 * Hands a model what requests want, one batch at a time. Whatever is waiting when the model is free and wants the same
 * options is translated together, so that the more come at once the more they share.
 */
export class Batcher {
  readonly #model: Pick<TrainedModel, "translateAll" | "stream">;
  readonly #onBatch: (batch: DoneBatch) => void;
  #waiting: Order[] = [];
  /** What the model works on, and what ends that. */
  #running: readonly Order[] = [];
  #left = new AbortController();
  #isWorking = false;

  constructor(model: Pick<TrainedModel, "translateAll" | "stream">, onBatch: (batch: DoneBatch) => void) {
    this.#model = model;
    this.#onBatch = onBatch;
  }

  /** Lines that wait for the model. */
  get waiting(): number {
    return this.#waiting.reduce((sum, { lines, taken }) => sum + lines.length - taken, 0);
  }

  /**
   * Translates lines, one for one and in order.
   *
   * @throws what the model throws; the reason of the signal as soon as it aborts
   */
  translate(
    lines: readonly string[],
    options: DecodingOptions,
    signal: AbortSignal,
  ): Promise<readonly Translation[]> {
    return this.#order(lines, options, signal);
  }

  /**
   * Translates a line and gives its tokens as they come. Other lines wait meanwhile, but not for whoever reads these.
   *
   * @throws as {@link translate} does
   */
  async *stream(
    line: string,
    options: DecodingOptions,
    signal: AbortSignal,
  ): AsyncGenerator<StreamedToken, Translation, undefined> {
    const tokens = new TokenQueue();
    const order = this.#order([line], options, signal, (token) => tokens.push(token));
    const ended = order.finally(() => tokens.end());
    ended.catch(() => {}); // it is told below, when the tokens before it have been given
    yield* tokens;
    const [translation] = await ended;
    return translation!;
  }

  #order(
    lines: readonly string[],
    options: DecodingOptions,
    signal: AbortSignal,
    onToken?: (token: StreamedToken) => void,
  ): Promise<readonly Translation[]> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (lines.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        order.isSettled = true;
        signal.removeEventListener("abort", abort);
      };
      const order: Order = {
        ...{ lines, options, onToken, found: [], taken: 0, isSettled: false },
        finish: () => {
          settle();
          resolve(order.found);
        },
        fail: (reason) => {
          settle();
          reject(reason);
        },
      };
      const abort = (): void => {
        order.fail(signal.reason);
        this.#waiting = this.#waiting.filter((other) => other !== order);
        // What is translated together goes on as long as somebody waits for a part of it.
        if (this.#running.every(({ isSettled }) => isSettled)) this.#left.abort();
      };
      signal.addEventListener("abort", abort);
      this.#waiting.push(order);
      if (!this.#isWorking) void this.#work();
    });
  }

  /** Takes turn after turn, as long as somebody waits. */
  async #work(): Promise<void> {
    this.#isWorking = true;
    await setImmediate(); // whoever has come at the same time is heard first
    while (this.#waiting.length > 0) await this.#takeTurn();
    this.#isWorking = false;
  }

  /** Translates what the first who waits wants, and what else can be translated with it. */
  async #takeTurn(): Promise<void> {
    const [first] = this.#waiting as [Order, ...Order[]];
    const parts = first.onToken === undefined ? this.#parts(first) : [{ order: first, from: 0, to: 1 }];
    for (const { order, to } of parts) order.taken = to;
    this.#running = parts.map(({ order }) => order);
    // One of which lines are left goes to the end: others have their turn before it.
    const others = this.#waiting.filter((order) => !this.#running.includes(order));
    this.#waiting = [...others, ...this.#running.filter(({ lines, taken }) => taken < lines.length)];
    this.#left = new AbortController();
    const { signal } = this.#left;
    try {
      const lines = parts.flatMap(({ order, from, to }) => order.lines.slice(from, to));
      const options = { ...first.options, firstLine: parts[0]!.from + 1, signal };
      const found =
        first.onToken === undefined
          ? await this.#model.translateAll(lines, options).toArray()
          : [await this.#follow(lines[0]!, options, first.onToken)];
      this.#onBatch(measured(found));
      let next = 0;
      for (const { order, from, to } of parts) {
        order.found.push(...found.slice(next, next + to - from));
        next += to - from;
        if (order.found.length === order.lines.length && !order.isSettled) order.finish();
      }
    } catch (error) {
      const open = this.#running.filter(({ isSettled }) => !isSettled);
      for (const order of open) order.fail(error);
      this.#waiting = this.#waiting.filter(({ isSettled }) => !isSettled);
    } finally {
      this.#running = [];
    }
  }

  /** The lines of a batch: of all that want the same as the first as many as there is room for. */
  #parts(first: Order): { readonly order: Order; readonly from: number; readonly to: number }[] {
    const kind = kindOf(first);
    const alike = this.#waiting.filter(
      (order) => order === first || (kind !== undefined && kindOf(order) === kind),
    );
    let room = MOST_LINES;
    const parts = [];
    for (const order of alike) {
      const from = order.taken;
      const to = Math.min(order.lines.length, from + room);
      if (to > from) parts.push({ order, from, to });
      room -= to - from;
    }
    return parts;
  }

  async #follow(
    line: string,
    options: DecodingOptions,
    onToken: (token: StreamedToken) => void,
  ): Promise<Translation> {
    const tokens = this.#model.stream(line, options);
    for (;;) {
      const { done, value } = await tokens.next();
      if (done) return value;
      onToken(value);
    }
  }
}

/**
 * What has the same may be translated together; undefined for what is translated alone. Samples depend on the number of
 * their line, and what is wrong with a prefix or with constraints is to be told to nobody else.
 */
function kindOf({ options, onToken }: Order): string | undefined {
  const { sample, prefix, constraints } = options;
  const isAlone = sample || prefix !== undefined || constraints !== undefined || onToken !== undefined;
  return isAlone ? undefined : JSON.stringify(options);
}

function measured(found: readonly Translation[]): DoneBatch {
  const sum = (count: (translation: Translation) => number): number =>
    found.reduce((total, translation) => total + count(translation), 0);
  return {
    sentences: found.length,
    sourceTokens: sum(({ sourceTokens }) => sourceTokens),
    targetTokens: sum(({ hypotheses }) => hypotheses[0]?.tokens.length ?? 0),
  };
}
