import type { SeenLengths } from "../decoding/longLines.ts";
import type { DecodingOptions } from "../decoding/options.ts";
import type { PairScore } from "../decoding/scorer.ts";
import type { SentenceTrace } from "../decoding/sentenceTrace.ts";
import type { StreamedToken } from "../decoding/tokenStream.ts";
import type { Translation } from "../decoding/translation.ts";
import type { ModelConfig } from "../model/config.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { CheckpointDescription } from "../training/checkpointFormat.ts";
import { bestOf, type ValidationRecord } from "../training/state.ts";
import type { CallOptions } from "./calls.ts";
import type { Evaluation, EvaluationSettings, MeasuredPairs } from "./evaluation.ts";

/** What a model says about itself. */
export interface ModelDescription {
  /** The file it came from, its URL, or what it is called where it came as bytes. */
  readonly file: string;
  readonly model: ModelConfig;
  readonly sourceLanguage: string;
  readonly targetLanguage: string;
  /** The most tokens a translation may have unless options say otherwise. */
  readonly outputLimit: number;
  /** The longest lines of its training, where they are known. */
  readonly lengths?: SeenLengths | undefined;
  /** The steps it was trained for. */
  readonly step: number;
  /** The best validation of its run until then. */
  readonly best: ValidationRecord | null;
}

/** What does the work of a model: in this thread, or in one of its own. */
export interface Engine {
  readonly description: ModelDescription;
  readonly sourceTokenizer: Tokenizer;
  readonly targetTokenizer: Tokenizer;
  readonly warning: string | undefined;
  /** Lines that are worth translating together. */
  readonly linesAtATime: number;
  /** Lines one for one and in order. */
  translate(lines: readonly string[], options: DecodingOptions): Promise<Translation[]>;
  score(
    sources: readonly string[],
    targets: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<PairScore[]>;
  trace(source: string, target: string | undefined, signal: AbortSignal | undefined): Promise<SentenceTrace>;
  stream(line: string, options: DecodingOptions): AsyncGenerator<StreamedToken, Translation, undefined>;
  evaluate(pairs: MeasuredPairs, settings: EvaluationSettings, call: CallOptions): Promise<Evaluation>;
  close(): Promise<void>;
}

/** What is public of what a checkpoint says about itself. */
export function describeModel(checkpoint: CheckpointDescription, file: string): ModelDescription {
  const { model, sourceLanguage, targetLanguage, outputLimit, lengths, training } = checkpoint;
  return {
    file,
    model,
    sourceLanguage,
    targetLanguage,
    outputLimit,
    lengths,
    step: training.step,
    best: bestOf(training),
  };
}
