import type { PairScore } from "../decoding/scorer.ts";
import { type BleuOptions, bleu } from "./bleu.ts";
import { type ChrfOptions, chrf } from "./chrf.ts";
import { errorRate } from "./errorRates.ts";
import { exactness, inexactness } from "./exactMatch.ts";
import {
  type Metric,
  type MetricScore,
  measureSegments,
  OWN_VERSION,
  type Scoring,
  sumStatistics,
} from "./metric.ts";
import { type References, referenceCount } from "./references.ts";
import { type TercomOptions, ter } from "./ter.ts";

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
/** The metrics that are measured when nothing else is asked for. */
export const USUAL_METRICS = [
  "loss",
  "perplexity",
  "token-accuracy",
  "exact-match",
  "bleu",
  "chrf",
] as const satisfies readonly EvaluationMetric[];
/** One of those that are measured when nothing else is asked for. */
export type UsualMetric = (typeof USUAL_METRICS)[number];
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

/** What can be said of a model's predictions under teacher forcing. */
export type LikelihoodName = "loss" | "perplexity" | "token-accuracy";

/** The statistics of a pair: cross-entropy in nats, target tokens with END, and those predicted right. */
export function likelihoodStatistics({ logProbability, tokens, correct }: PairScore): number[] {
  return [-logProbability, tokens, correct];
}

const SCALES: Readonly<
  Record<LikelihoodName, Pick<Scoring, "name" | "lowerIsBetter"> & { readonly of: (sums: Sums) => number }>
> = {
  loss: { name: "loss", lowerIsBetter: true, of: ([nats, tokens]) => nats / tokens },
  perplexity: { name: "perplexity", lowerIsBetter: true, of: ([nats, tokens]) => Math.exp(nats / tokens) },
  "token-accuracy": {
    name: "token accuracy",
    lowerIsBetter: false,
    of: ([, tokens, correct]) => (100 * correct) / tokens,
  },
};

type Sums = readonly [nats: number, tokens: number, correct: number];

/** Cross-entropy a target token in nats, e to that power, or the percentage of tokens predicted right. */
function likelihood(name: LikelihoodName): Scoring {
  const { of, ...scale } = SCALES[name];
  return {
    ...scale,
    score: (sums) => of([sums[0]!, sums[1]!, sums[2]!]),
    // Tokens are the model's own, so these compare models of one vocabulary only.
    signature: () => `nrefs:1|unit:token|version:${OWN_VERSION}`,
  };
}
