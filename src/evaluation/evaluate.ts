import type { DecodingOptions } from "../decoding/options.ts";
import { type Translation, type Translator, taggedLines } from "../decoding/translator.ts";
import { type BleuOptions, type BleuScore, bleuOf } from "./bleu.ts";
import type { MetricScore } from "./metric.ts";
import {
  type EvaluationMetric,
  isLikelihood,
  likelihoodStatistics,
  type Measured,
  type MetricOptions,
  measureLikelihood,
  measureText,
  scoreOf,
} from "./metrics.ts";
import { type References, splitAccepted } from "./references.ts";
import type { BleuTokenizer } from "./tokenizers.ts";

/** How a model does on a corpus; rates and scores from 0 to 100. */
export interface Evaluation {
  /** Cross-entropy of a target token, END included, in nats. */
  readonly loss: number;
  /** e^loss. */
  readonly perplexity: number;
  /** Target tokens that were the most probable ones, given those before, in percent. */
  readonly tokenAccuracy: number;
  /** Translations that equal their reference, in percent. */
  readonly exactMatch: number;
  readonly bleu: BleuScore;
  readonly chrf: MetricScore;
  /** The metrics that were asked for, by segment. */
  readonly measured: readonly Measured[];
  /** The translation of every source, or of the first `translatePairs`. */
  readonly translations: readonly Translation[];
}

/** What evaluates: a translator, or what does with lines as one does. */
export type Evaluated = Pick<Translator, "score" | "translate" | "sourceTokenizer">;

/** What to evaluate and how. */
export interface EvaluateOptions {
  readonly bleuTokenizer: BleuTokenizer;
  /**
   * Whether BLEU, chrF and exact match ignore case, as they have to when the model's tokenizer lowercases;
   * signatures say so.
   */
  readonly lowercase: boolean;
  /** Metrics to measure besides those that are always there; none by default. */
  readonly metrics?: readonly EvaluationMetric[];
  /** How metrics are set, over `bleuTokenizer` and `lowercase`. */
  readonly metricOptions?: MetricOptions;
  /** What stands between accepted references of one line, for example " | "; by default a line is one. */
  readonly acceptedSeparator?: string | undefined;
  /** Further references, where lines have several. */
  readonly furtherReferences?: References | undefined;
  /** How many pairs, from the first on, are translated; by default all of them. */
  readonly translatePairs?: number;
  /** How to translate; greedily by default. */
  readonly decoding?: DecodingOptions;
  /** Ends the evaluation when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** The tokeniser sacreBLEU recommends for a target language. */
export function bleuTokenizerFor(language: string): BleuTokenizer {
  return /^zh\b/i.test(language) ? "zh" : "13a";
}

/**
 * Evaluates a model on sentence pairs: likelihood of the (first accepted) reference by teacher forcing, the rest by
 * translation.
 *
 * @throws {XformerError} `DATA` if there is nothing to score; the reason of `signal` when it aborts
 */
export async function evaluate(
  translator: Evaluated,
  sources: readonly string[],
  references: readonly string[],
  options: EvaluateOptions,
): Promise<Evaluation> {
  const { lowercase, bleuTokenizer, acceptedSeparator, signal, translatePairs = sources.length } = options;
  const accepted = [
    ...(acceptedSeparator === undefined ? [references] : splitAccepted(references, acceptedSeparator)),
    ...(options.furtherReferences ?? []),
  ];
  const tagged = taggedLines(sources, options.decoding?.tag, translator.sourceTokenizer);
  const scores = await translator.score(tagged, accepted[0] as readonly string[], signal);
  const decoding = { ...options.decoding, signal };
  const translations = await translator.translate(sources.slice(0, translatePairs), decoding);

  const hypotheses = translations.map(({ text }) => text);
  const streams = accepted.map((stream) => stream.slice(0, translatePairs));
  const bleuOptions: BleuOptions = { tokenizer: bleuTokenizer, lowercase, ...options.metricOptions?.bleu };
  const metricOptions: MetricOptions = { lowercase, ...options.metricOptions, bleu: bleuOptions };
  const rows = scores.map(likelihoodStatistics);
  const known = new Map<EvaluationMetric, Measured>();
  const measure = (name: EvaluationMetric): Measured => {
    const measured =
      known.get(name) ??
      (isLikelihood(name)
        ? measureLikelihood(name, rows)
        : measureText(name, hypotheses, streams, metricOptions));
    known.set(name, measured);
    return measured;
  };
  const score = (name: EvaluationMetric): number => scoreOf(measure(name)).score;
  const bleu = measure("bleu");
  return {
    loss: score("loss"),
    perplexity: score("perplexity"),
    tokenAccuracy: score("token-accuracy"),
    exactMatch: score("exact-match"),
    bleu: bleuOf(bleu.rows, bleu.signature, bleuOptions),
    chrf: scoreOf(measure("chrf")),
    measured: (options.metrics ?? []).map(measure),
    translations,
  };
}
