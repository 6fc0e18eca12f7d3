import { type BleuOptions, bleu } from "./bleu.ts";
import { type ChrfOptions, chrf } from "./chrf.ts";
import { errorRate } from "./errorRates.ts";
import { exactness, inexactness } from "./exactMatch.ts";
import { type LikelihoodName, likelihood } from "./likelihood.ts";
import { type Metric, type MetricScore, measureSegments, type Scoring, sumStatistics } from "./metric.ts";
import { type References, referenceCount } from "./references.ts";
import { ter } from "./ter.ts";
import type { TercomOptions } from "./tokenizers/tercom.ts";

/** How every metric is set. */
export interface MetricOptions {
  readonly bleu?: BleuOptions;
  /** For chrF and chrF++. */
  readonly chrf?: Omit<ChrfOptions, "wordOrder">;
  readonly ter?: TercomOptions;
  /** Whether case counts for nothing in any of them; false by default, except for TER. */
  readonly lowercase?: boolean;
}

const TEXT_METRICS = {
  bleu: ({ bleu: options, lowercase = false }: MetricOptions) => bleu({ lowercase, ...options }),
  chrf: ({ chrf: options, lowercase = false }: MetricOptions) => chrf({ lowercase, ...options }),
  "chrf++": ({ chrf: options, lowercase = false }: MetricOptions) =>
    chrf({ lowercase, ...options, wordOrder: 2 }),
  ter: ({ ter: options }: MetricOptions) => ter(options),
  wer: (options: MetricOptions) => errorRate("word", options),
  cer: (options: MetricOptions) => errorRate("character", options),
  per: (options: MetricOptions) => errorRate("phoneme", options),
  "exact-match": (options: MetricOptions) => exactness(options),
  "not-exact": (options: MetricOptions) => inexactness(options),
} satisfies Readonly<Record<string, (options: MetricOptions) => Metric>>;

/** A metric that compares texts. */
export type TextMetricName = keyof typeof TEXT_METRICS;
/** Any metric, by the name it has on the command line and in JSON. */
export type EvaluationMetric = TextMetricName | LikelihoodName;

/** The metrics that compare texts. */
export const TEXT_METRIC_NAMES = Object.keys(TEXT_METRICS) as readonly TextMetricName[];
/** The metrics that need a model. */
export const LIKELIHOOD_NAMES: readonly LikelihoodName[] = ["loss", "perplexity", "token-accuracy"];

/** Whether a metric needs a model. */
export function isLikelihood(name: EvaluationMetric): name is LikelihoodName {
  return (LIKELIHOOD_NAMES as readonly string[]).includes(name);
}

/** A metric measured on every segment of a corpus. */
export interface Measured {
  readonly metric: EvaluationMetric;
  readonly scoring: Scoring;
  /** The statistics of each segment. */
  readonly rows: readonly (readonly number[])[];
  readonly signature: string;
}

/**
 * Measures texts.
 *
 * @param references `references[stream][segment]`
 * @throws {XformerError} `DATA` if there is nothing to score or the counts differ
 */
export function measureText(
  name: TextMetricName,
  hypotheses: readonly string[],
  references: References,
  options: MetricOptions = {},
): Measured {
  const metric = TEXT_METRICS[name](options);
  return {
    metric: name,
    scoring: metric,
    rows: measureSegments(metric, hypotheses, references),
    signature: metric.signature(referenceCount(references, hypotheses.length)),
  };
}

/** Puts a name to the likelihood statistics of every pair. */
export function measureLikelihood(name: LikelihoodName, rows: Measured["rows"]): Measured {
  const scoring = likelihood(name);
  return { metric: name, scoring, rows, signature: scoring.signature(1) };
}

/** The score of all segments, or of some of them. */
export function scoreOf(
  { scoring, rows, signature }: Measured,
  segments: Iterable<number> = rows.keys(),
): MetricScore {
  return { score: scoring.score(sumStatistics(Array.from(segments, (i) => rows[i]!))), signature };
}
