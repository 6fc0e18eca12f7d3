import type { Pairs } from "./data/corpus.ts";
import type { DecodingOptions } from "./decoding/options.ts";
import { XformerError } from "./errors.ts";
import { bleuTokenizerFor, type Evaluation, evaluate as evaluateLines } from "./evaluation/evaluate.ts";
import type { BleuTokenizer } from "./evaluation/tokenizers.ts";
import { loadModel, type TrainedModel } from "./trainedModel.ts";

export { type Corpus, loadCorpus } from "./data/corpus.ts";
export type { SeenLengths } from "./decoding/longLines.ts";
export type { DecodingOptions, LongLines } from "./decoding/options.ts";
export {
  type AttentionChoice,
  attentionOf,
  type HeadsByLayer,
  type SublayerTrace,
} from "./decoding/pairTrace.ts";
export type {
  SentenceTrace,
  SideTrace,
  TracedCandidate,
  TracedToken,
  TraceStep,
} from "./decoding/sentenceTrace.ts";
export type { TranslatedHypothesis, Translation } from "./decoding/translation.ts";
export { type ErrorCode, XformerError } from "./errors.ts";
export { type BleuOptions, type BleuScore, corpusBleu } from "./evaluation/bleu.ts";
export { type ChrfOptions, corpusChrf } from "./evaluation/chrf.ts";
export { type ErrorUnit, errorRate } from "./evaluation/errorRates.ts";
export type { Evaluation } from "./evaluation/evaluate.ts";
export { exactMatch } from "./evaluation/exactMatch.ts";
export { type Metric, type MetricScore, scoreCorpus } from "./evaluation/metric.ts";
export { type EvaluationMetric, type Measured, measureText } from "./evaluation/metrics.ts";
export { type References, splitAccepted } from "./evaluation/references.ts";
export { type Comparison, compareSystems } from "./evaluation/significance.ts";
export type { TercomOptions } from "./evaluation/ter.ts";
export { corpusTer } from "./evaluation/ter.ts";
export type { BleuTokenizer } from "./evaluation/tokenizers.ts";
export { type AttentionKind, type ModelConfig, PRESETS, type PresetName } from "./model/config.ts";
export { loadModel, type TrainedModel } from "./trainedModel.ts";
export type {
  DataConfig,
  RunConfig,
  TokenizerConfig,
  TokenizerOptions,
  TrainingConfig,
} from "./training/config.ts";
export type { RunSummary, TrainingEvent } from "./training/events.ts";
export type { TrainResult } from "./training/run.ts";
export { type ResumeOptions, resume, type TrainOptions, train } from "./training/train.ts";
export type { Pairs };

/**
 * Translates lines, one for one and in order; greedily unless options say otherwise.
 *
 * @param model a loaded model, or the path of one; load it once when there is more than one call
 * @throws XformerError CHECKPOINT or IO when the path holds no model, USAGE when an option is wrong
 *
 * @example
 * const [english] = await translate("runs/zh-en-1", ["我很好。"], { beam: 5 });
 */
export function translate(
  model: TrainedModel | string,
  lines: readonly string[],
  options: DecodingOptions = {},
): Promise<string[]> {
  return withModel(model, (loaded) => loaded.translateAll(lines, options));
}

/**
 * The natural-log probability of each pair's target, its END included, given the source.
 *
 * @throws XformerError DATA when one side has more lines than the other
 */
export function score(model: TrainedModel | string, pairs: Pairs): Promise<number[]> {
  return withModel(model, async ({ translator }) => {
    const { source, target } = checked(pairs);
    const scores = await translator.score(source, target);
    return scores.map(({ logProbability }) => logProbability);
  });
}

/**
 * Evaluates a model on sentence pairs; rates and scores go from 0 to 100.
 *
 * @param options.bleuTokenizer by default the one sacreBLEU recommends for the model's target language
 * @throws XformerError DATA when there is no pair or one side has more lines than the other
 */
export function evaluate(
  model: TrainedModel | string,
  pairs: Pairs,
  options: { readonly bleuTokenizer?: BleuTokenizer; readonly decoding?: DecodingOptions } = {},
): Promise<Evaluation> {
  return withModel(model, ({ translator, description }) => {
    const { source, target } = checked(pairs);
    return evaluateLines(translator, source, target, {
      bleuTokenizer: options.bleuTokenizer ?? bleuTokenizerFor(description.targetLanguage),
      lowercase: description.targetTokenizer.lowercase,
      ...(options.decoding === undefined ? {} : { decoding: options.decoding }),
    });
  });
}

function checked(pairs: Pairs): Pairs {
  const { source, target } = pairs;
  if (source.length === target.length && source.length > 0) return pairs;
  throw new XformerError("DATA", `there are ${source.length} sources and ${target.length} targets`, {
    hint: "Give at least one pair, and every source its target.",
  });
}

/** Works with a model; one that was only named is loaded, and closed afterwards. */
async function withModel<T>(
  model: TrainedModel | string,
  work: (model: TrainedModel) => Promise<T>,
): Promise<T> {
  if (typeof model !== "string") return work(model);
  const loaded = await loadModel(model);
  try {
    return await work(loaded);
  } finally {
    await loaded.close();
  }
}
