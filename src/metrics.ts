export { type ErrorCode, type ErrorPlace, XformerError } from "./errors.ts";
export { type BleuOptions, type BleuScore, bleu, corpusBleu } from "./evaluation/bleu.ts";
export { type ChrfOptions, chrf, corpusChrf } from "./evaluation/chrf.ts";
export { type ErrorUnit, editDistance, errorRate } from "./evaluation/errorRates.ts";
export { exactMatch } from "./evaluation/exactMatch.ts";
export { type Metric, type MetricScore, type Scoring, scoreCorpus } from "./evaluation/metric.ts";
export {
  type EvaluationMetric,
  type Measured,
  type MetricOptions,
  measureText,
  scoreOf,
  TEXT_METRIC_NAMES,
  type TextMetricName,
} from "./evaluation/metrics.ts";
export { type References, splitAccepted } from "./evaluation/references.ts";
export { type Comparison, compareSystems } from "./evaluation/significance.ts";
export { corpusTer, type TercomOptions, ter } from "./evaluation/ter.ts";
export { type BleuTokenizer, bleuTokenizers } from "./evaluation/tokenizers.ts";
