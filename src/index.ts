import "./globals.ts";

export type { CheckReport, CorpusReport, CorpusToCheck } from "./data/check/check.ts";
export type { Example, Finding, FindingKind } from "./data/check/findings.ts";
export type { SideReport } from "./data/check/sideStatistics.ts";
export type { Languages } from "./data/corpusPlace.ts";
export type { Link } from "./decoding/alignments.ts";
export type { SeenLengths } from "./decoding/longLines.ts";
export type { AlignmentUnit, DecodingOptions, LongLines, Unknown } from "./decoding/options.ts";
export {
  type AttentionChoice,
  attentionOf,
  type HeadsByLayer,
  type SublayerTrace,
} from "./decoding/pairTrace.ts";
export type { PairScore } from "./decoding/scorer.ts";
export type {
  SentenceTrace,
  SideTrace,
  TracedCandidate,
  TracedToken,
  TraceStep,
} from "./decoding/sentenceTrace.ts";
export type { StreamedToken } from "./decoding/tokenStream.ts";
export type { Attention, TranslatedHypothesis, Translation } from "./decoding/translation.ts";
export { type ErrorCode, type ErrorPlace, XformerError } from "./errors.ts";
export type { EvaluationMetric, MetricOptions, UsualMetric } from "./evaluation/metrics.ts";
export type { BleuTokenizer } from "./evaluation/tokenizers.ts";
export type { KernelSetName } from "./kernels/kernels.ts";
export { average, type KeptCheckpoints } from "./library/average.ts";
export type { CallOptions, Progress, Results } from "./library/calls.ts";
export { type CheckOptions, check, linesOf, makeData, pairsOf, type ToyData } from "./library/corpora.ts";
export type { ModelDescription } from "./library/engine.ts";
export type {
  Evaluation,
  EvaluationOptions,
  EvaluationScore,
  EvaluationSettings,
} from "./library/evaluation.ts";
export type { CorpusPairs } from "./library/givenPairs.ts";
export { learnTokenizer } from "./library/learnTokenizer.ts";
export { loadConfig } from "./library/loadConfig.ts";
export { type LoadOptions, loadModel } from "./library/loadModel.ts";
export type { Pair, PairColumns, PairStream, ReferencePair, Stream } from "./library/pairs.ts";
export type { ModelPlace } from "./library/places.ts";
export {
  type ResumeOptions,
  resume,
  type TestEvaluation,
  type TrainedRun,
  type TrainingData,
  type TrainOptions,
  train,
} from "./library/train.ts";
export type { TrainedModel, TranslateOptions } from "./library/trainedModel.ts";
export type { ComputingOptions } from "./loadedModel.ts";
export { type AttentionKind, type ModelConfig, PRESETS, type PresetName } from "./model/config.ts";
export type { TaskName } from "./tasks/tasks.ts";
export type { Tokenizer, TokenizerKind, TokenizerOptions, TokenKind } from "./text/tokenizer.ts";
export type { DataConfig, RunConfig, TokenizerConfig, TrainingConfig } from "./training/config.ts";
export type { RunSummary, TrainingEvent } from "./training/events.ts";
export type { ValidationRecord } from "./training/state.ts";
