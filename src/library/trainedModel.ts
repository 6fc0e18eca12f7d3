import { inBursts } from "../data/bursts.ts";
import { type DecodingOptions, resolveDecoding } from "../decoding/options.ts";
import type { PairScore } from "../decoding/scorer.ts";
import type { SentenceTrace } from "../decoding/sentenceTrace.ts";
import type { StreamedToken } from "../decoding/tokenStream.ts";
import type { Translation } from "../decoding/translation.ts";
import { XformerError } from "../errors.ts";
import type { EvaluationMetric, UsualMetric } from "../evaluation/metrics.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { type CallOptions, endedBy, type Results, results } from "./calls.ts";
import type { Engine, ModelDescription } from "./engine.ts";
import { type Evaluation, type EvaluationOptions, gatherPairs } from "./evaluation.ts";
import { linesFrom, refuseFurtherLines } from "./lineOptions.ts";
import {
  countOf,
  eachPair,
  type Pair,
  type PairStream,
  type ReferencePair,
  refuseNoPair,
  type Stream,
} from "./pairs.ts";

/** How to translate; greedily unless something else is asked for. */
export interface TranslateOptions extends DecodingOptions {
  /** Told now and then how many lines are translated. */
  readonly onProgress?: CallOptions["onProgress"];
}

/**
 * A trained model, or an ensemble of several. Calls may overlap: they take turns.
 *
 * @example
 * await using model = await loadModel("runs/zh-en-1");
 * const { text } = await model.translate("我很好。");
 */
export interface TrainedModel {
  /** What the (first) model says about itself. */
  readonly description: ModelDescription;
  /** How sources become tokens. */
  readonly sourceTokenizer: Tokenizer;
  /** How tokens become translations. */
  readonly targetTokenizer: Tokenizer;
  /** Why it does not compute as fast as it could, if there is something that keeps it from that. */
  readonly warning: string | undefined;

  /**
   * Translates one line.
   *
   * @throws XformerError USAGE naming the option that is wrong; the reason of `options.signal` when it aborts
   *
   * @example
   * const { text, hypotheses } = await model.translate("我很好。", { beam: 5, nBest: 3 });
   */
  translate(line: string, options?: TranslateOptions): Promise<Translation>;

  /**
   * Translates lines, one for one and in order, as many at a time as come at once. Of an async iterable that keeps us
   * waiting, what has come is translated meanwhile.
   *
   * @throws XformerError USAGE naming the option that is wrong; the reason of `options.signal` when it aborts
   *
   * @example
   * for await (const { text } of model.translateAll(lines)) console.log(text);
   * const translations = await model.translateAll(["我很好。", "你好吗？"]).toArray();
   */
  translateAll(lines: Stream<string>, options?: TranslateOptions): Results<Translation>;

  /**
   * Translates one line greedily, or as a sample, and gives each token as it comes; in the end what
   * {@link TrainedModel.translate} gives.
   *
   * @throws XformerError USAGE naming the option that is wrong; the reason of `options.signal` when it aborts
   *
   * @example
   * for await (const { text } of model.stream("我很好。")) show(text); // I, I am, I am good, I am good.
   */
  stream(line: string, options?: TranslateOptions): AsyncGenerator<StreamedToken, Translation, undefined>;

  /** The probability of a target, given its source. */
  score(pair: Pair, options?: CallOptions): Promise<PairScore>;

  /**
   * The probabilities of targets, one for one and in order.
   *
   * @throws XformerError DATA for what is no pair; the reason of `options.signal` when it aborts
   */
  scoreAll(pairs: PairStream, options?: CallOptions): Results<PairScore>;

  /**
   * Looks inside the (first) model while it reads a line and writes a target: its own greedy translation, unless another
   * is given.
   *
   * @throws XformerError USAGE for a source without a token, or a side of more tokens than sentences of training could
   *   have; the reason of `options.signal` when it aborts
   */
  trace(source: string, target?: string, options?: Pick<CallOptions, "signal">): Promise<SentenceTrace>;

  /**
   * Measures the model on pairs, each with a reference or with several.
   *
   * @throws XformerError DATA when there is no pair, USAGE for a metric or an option that is wrong; the reason of
   *   `options.signal` when it aborts
   *
   * @example
   * const { scores } = await model.evaluate(pairs, { metrics: ["bleu", "ter"], decoding: { beam: 5 } });
   * console.log(scores.bleu.score, scores.bleu.signature);
   */
  evaluate<M extends EvaluationMetric = UsualMetric>(
    pairs: PairStream<ReferencePair>,
    options?: EvaluationOptions<M>,
  ): Promise<Evaluation<M>>;

  /** Ends the model's threads and gives up its memory; calls under way come to their end first, but for streams. */
  close(): Promise<void>;
  /** As {@link TrainedModel.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Milliseconds that lines which have come wait for the next. */
const PAUSE = 5;

/** A model as programs see it, over what does its work. */
export function trainedModel(engine: Engine): TrainedModel {
  const { description, sourceTokenizer, targetTokenizer, warning } = engine;
  const underWay = new Set<Promise<unknown>>();
  const closer = new AbortController();
  const closed = closer.signal;
  /** What ends the streams under way. Not AbortSignal.any: in Node 20 `closed` would remember all that there ever were. */
  const streams = new Set<AbortController>();
  let closing: Promise<void> | undefined;
  /** Begins a piece of work, unless the model is closed. */
  const begin = <T>(work: () => Promise<T>): Promise<T> => {
    if (closed.aborted) return Promise.reject(closed.reason);
    const promise = work();
    underWay.add(promise);
    const settle = (): void => void underWay.delete(promise);
    promise.then(settle, settle);
    return promise;
  };
  const close = (): Promise<void> => {
    if (closing !== undefined) return closing;
    // A stream to which nobody listens any more would never come to its end.
    closer.abort(new XformerError("USAGE", "the model is closed", { hint: "Load it again." }));
    for (const stream of streams) stream.abort(closed.reason);
    closing = Promise.allSettled(underWay).then(() => engine.close());
    return closing;
  };

  async function* translateEach(lines: Stream<string>, { onProgress, ...options }: TranslateOptions) {
    if (typeof lines === "string") {
      throw new XformerError("USAGE", "translateAll takes several lines", {
        hint: "Give a list, or use translate.",
      });
    }
    resolveDecoding(options);
    const total = countOf(lines);
    let done = 0;
    for await (const block of inBursts(endedBy(lines, options.signal), engine.linesAtATime, PAUSE)) {
      block.forEach(refuseNoText);
      const found = await begin(() => engine.translate(block, linesFrom(options, done, block.length)));
      done += block.length;
      onProgress?.({ unit: "lines", done, total });
      yield* found;
    }
    refuseFurtherLines(options, done);
  }

  async function* scoreEach(pairs: PairStream, { signal, onProgress }: CallOptions) {
    const total = countOf(pairs);
    let done = 0;
    for await (const block of inBursts(endedBy(eachPair(pairs), signal), engine.linesAtATime, PAUSE)) {
      const columns = [block.map(({ source }) => source), block.map(({ target }) => target)] as const;
      const found = await begin(() => engine.score(...columns, signal));
      done += block.length;
      onProgress?.({ unit: "pairs", done, total });
      yield* found;
    }
  }

  async function* stream(line: string, { onProgress, ...options }: TranslateOptions = {}) {
    refuseNoText(line);
    closed.throwIfAborted();
    options.signal?.throwIfAborted();
    const either = new AbortController();
    const abort = (): void => either.abort(options.signal?.reason);
    options.signal?.addEventListener("abort", abort);
    streams.add(either);
    let translation: Translation;
    try {
      translation = yield* engine.stream(line, { ...options, signal: either.signal });
    } finally {
      streams.delete(either);
      options.signal?.removeEventListener("abort", abort);
    }
    onProgress?.({ unit: "lines", done: 1, total: 1 });
    return translation;
  }

  return {
    description,
    sourceTokenizer,
    targetTokenizer,
    warning,
    async translate(line, { onProgress, ...options } = {}) {
      refuseNoText(line);
      const [translation] = await begin(() => engine.translate([line], options));
      onProgress?.({ unit: "lines", done: 1, total: 1 });
      return translation!;
    },
    translateAll: (lines, options = {}) => results(translateEach(lines, options)),
    stream,
    async score(pair, { signal, onProgress } = {}) {
      refuseNoPair(pair);
      const [score] = await begin(() => engine.score([pair.source], [pair.target], signal));
      onProgress?.({ unit: "pairs", done: 1, total: 1 });
      return score!;
    },
    scoreAll: (pairs, options = {}) => results(scoreEach(pairs, options)),
    trace: (source, target, { signal } = {}) => begin(() => engine.trace(source, target, signal)),
    evaluate<M extends EvaluationMetric = UsualMetric>(
      pairs: PairStream<ReferencePair>,
      { signal, onProgress, ...settings }: EvaluationOptions<M> = {},
    ) {
      return begin(async () => {
        const gathered = await gatherPairs(pairs, signal);
        const evaluation = await engine.evaluate(gathered, settings, { signal, onProgress });
        return evaluation as Evaluation<M>; // its metrics are those of the settings
      });
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function refuseNoText(line: unknown): void {
  if (typeof line === "string") return;
  throw new XformerError("DATA", `a line is ${line === null ? "null" : `of type ${typeof line}`}`, {
    hint: "Give texts.",
  });
}
