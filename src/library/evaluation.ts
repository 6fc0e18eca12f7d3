import type { DecodingOptions } from "../decoding/options.ts";
import type { Translation } from "../decoding/translation.ts";
import type { Translator } from "../decoding/translator.ts";
import { XformerError } from "../errors.ts";
import { bleuTokenizerFor, type Evaluated, evaluate as measure } from "../evaluation/evaluate.ts";
import type { MetricScore } from "../evaluation/metric.ts";
import {
  type EvaluationMetric,
  LIKELIHOOD_NAMES,
  type Measured,
  type MetricOptions,
  scoreOf,
  TEXT_METRIC_NAMES,
  USUAL_METRICS,
} from "../evaluation/metrics.ts";
import type { References } from "../evaluation/references.ts";
import type { BleuTokenizer } from "../evaluation/tokenizers.ts";
import { type CallOptions, endedBy } from "./calls.ts";
import { linesFrom } from "./lineOptions.ts";
import { eachPair, type PairStream, type ReferencePair } from "./pairs.ts";

/** Every metric there is. */
const ALL_METRICS: readonly EvaluationMetric[] = [...LIKELIHOOD_NAMES, ...TEXT_METRIC_NAMES];

/** What is measured, and how. */
export interface EvaluationSettings<M extends EvaluationMetric = EvaluationMetric> {
  /** What to measure; by default loss, perplexity, token accuracy, exact match, BLEU and chrF. */
  readonly metrics?: readonly M[] | undefined;
  /** By default the one sacreBLEU recommends for the model's target language. */
  readonly bleuTokenizer?: BleuTokenizer | undefined;
  /** Whether case counts for nothing; by default when the model's tokenizer lowercases. */
  readonly lowercase?: boolean | undefined;
  /** How metrics are set beyond that. */
  readonly metricOptions?: MetricOptions | undefined;
  /** How to translate; greedily by default. */
  readonly decoding?: Omit<DecodingOptions, "signal" | "firstLine"> | undefined;
}

/** What an evaluation can be told. */
export type EvaluationOptions<M extends EvaluationMetric = EvaluationMetric> = EvaluationSettings<M> &
  CallOptions;

/** A score with what it was made from. */
export interface EvaluationScore extends MetricScore {
  /** As in tables: `BLEU`, `chrF2`, `TER`. */
  readonly name: string;
  /** Whether a smaller score is a better one. */
  readonly lowerIsBetter: boolean;
}

/** How a model does on pairs; rates and scores go from 0 to 100, error rates can be larger. */
export interface Evaluation<M extends EvaluationMetric = EvaluationMetric> {
  readonly pairs: number;
  readonly scores: Readonly<Record<M, EvaluationScore>>;
  /** The translation of every source. */
  readonly translations: readonly Translation[];
}

/** Pairs to measure on, in memory. */
export interface MeasuredPairs {
  readonly sources: readonly string[];
  /** `references[stream][pair]`; null where a source has fewer than others. */
  readonly references: References;
}

/** Reads pairs into memory. */
export async function gatherPairs(
  pairs: PairStream<ReferencePair>,
  signal: AbortSignal | undefined,
): Promise<MeasuredPairs> {
  const sources: string[] = [];
  const accepted: (readonly string[])[] = [];
  for await (const { source, target } of endedBy(eachPair(pairs), signal)) {
    sources.push(source);
    accepted.push([target].flat());
  }
  if (sources.length === 0) {
    throw new XformerError("DATA", "there are no pairs to measure on", { hint: "Give at least one." });
  }
  const most = accepted.reduce((count, { length }) => Math.max(count, length), 0);
  const references = Array.from({ length: most }, (_, stream) =>
    accepted.map((texts) => texts[stream] ?? null),
  );
  return { sources, references };
}

/**
 * Measures a model on pairs.
 *
 * @throws XformerError USAGE for a metric that there is not; the reason of the signal when it aborts
 */
export async function evaluatePairs(
  translator: Translator,
  { sources, references }: MeasuredPairs,
  targetLanguage: string,
  settings: EvaluationSettings,
  call: CallOptions,
): Promise<Evaluation> {
  const { metrics = USUAL_METRICS, decoding, metricOptions = {} } = settings;
  for (const name of metrics) {
    if (ALL_METRICS.includes(name)) continue;
    const hint = `Choose of ${ALL_METRICS.join(", ")}.`;
    throw new XformerError("USAGE", `there is no metric "${name}"`, { hint });
  }
  const [first, ...furtherReferences] = references;
  const { measured, translations } = await measure(
    inBlocks(translator, sources.length, call),
    sources,
    first as readonly string[], // every source has one
    {
      bleuTokenizer: settings.bleuTokenizer ?? bleuTokenizerFor(targetLanguage),
      lowercase: settings.lowercase ?? translator.targetTokenizer.lowercase,
      metrics,
      metricOptions,
      furtherReferences,
      decoding: decoding ?? {},
      signal: call.signal,
    },
  );
  return { pairs: sources.length, scores: scoresOf(measured), translations };
}

/** Scores by metric. */
export function scoresOf(measured: readonly Measured[]): Evaluation["scores"] {
  const entries = measured.map((one): [EvaluationMetric, EvaluationScore] => {
    const { name, lowerIsBetter } = one.scoring;
    return [one.metric, { name, lowerIsBetter, ...scoreOf(one) }];
  });
  return Object.fromEntries(entries) as Evaluation["scores"];
}

/** Pairs that are worked on between two reports. */
const BLOCK = 256;

/** A translator that tells how far it is: each pair is scored and translated. */
function inBlocks(translator: Translator, pairs: number, { onProgress }: CallOptions): Evaluated {
  let halves = 0;
  const block = async <T>(
    total: number,
    work: (first: number, count: number) => Promise<T[]>,
  ): Promise<T[]> => {
    const all: T[] = [];
    while (all.length < total) {
      const found = await work(all.length, Math.min(BLOCK * translator.pool.threads, total - all.length));
      all.push(...found);
      halves += found.length;
      onProgress?.({ unit: "pairs", done: Math.floor(halves / 2), total: pairs });
    }
    return all;
  };
  return {
    sourceTokenizer: translator.sourceTokenizer,
    score: (sources, targets, signal) =>
      block(sources.length, (first, count) =>
        translator.score(sources.slice(first, first + count), targets.slice(first, first + count), signal),
      ),
    translate: (lines, options = {}) =>
      block(lines.length, (first, count) =>
        translator.translate(lines.slice(first, first + count), linesFrom(options, first, count)),
      ),
  };
}
