import type { PairFilter } from "../data/check/judge.ts";
import type { CorpusStatistics, PartStatistics } from "../data/encodedCorpusFile.ts";
import type { ModelConfig } from "../model/config.ts";
import type { ProfileReport } from "../tensor/profile.ts";
import type { SettledTraining, StartConfig } from "./config.ts";
import type { FittedTime } from "./pace.ts";
import type { PreparationPhase } from "./prepare.ts";
import type { LogRecord } from "./runDirectory.ts";
import type { Sample } from "./samples.ts";
import type { Origins } from "./settings/origins.ts";
import type { OriginRecord, ValidationRecord } from "./state.ts";
import type { UnknownTokens } from "./unknownTokens.ts";

/** What is known about a run before its first step. */
export interface RunSummary {
  readonly directory: string;
  readonly model: ModelConfig;
  readonly training: SettledTraining;
  /**
   * Where the values of fields of `model` and `training` come from that are fitted where nobody gives them: `given`,
   * `preset tiny`, `fitted to 3,600 pairs`, `default`, `bundled corpus`. Empty for a run that goes on with its own.
   */
  readonly origins: Origins;
  /** The numbers of the model, and those of them that are not frozen. */
  readonly parameters: number;
  readonly trained: number;
  /** The model that it started from; null for random weights. */
  readonly start: (StartConfig & OriginRecord) | null;
  /** Tokens that the vocabularies have taken in; null where they were not to, and for a run that goes on. */
  readonly grown: { readonly source: number; readonly target: number } | null;
  /** What its steps follow from, when they are to take so many minutes. */
  readonly fitted: FittedTime | null;
  /** In words: native AVX2, relaxed SIMD. */
  readonly kernels: string;
  readonly threads: number;
  readonly corpus: CorpusStatistics & { readonly name: string; readonly pairs: number };
  /** What is trained on, corpus by corpus. */
  readonly corpora: readonly (PartStatistics & {
    readonly path: string;
    readonly tag: string | null;
    /** How often an epoch takes each pair. */
    readonly weight: number;
    /** Pairs that filters left out, by the reason. */
    readonly leftOut: PairFilter["counts"];
  })[];
  /** Validation pairs; 0 without a validation corpus. */
  readonly validPairs: number;
  /** Why exact match suits the targets of the validation pairs; null where BLEU does, or without such pairs. */
  readonly metricReason: string | null;
  /** Test pairs; 0 without a test corpus. */
  readonly testPairs: number;
  /** What of the validation pairs and of the test pairs is not in the vocabularies; null without such pairs. */
  readonly unknown: { readonly valid: UnknownTokens | null; readonly test: UnknownTokens | null };
  /** Pairs of the training files that are not trained on. */
  readonly heldOut: {
    /** Where they are; null when there are none. */
    readonly directory: string | null;
    /** Whether there are none because the corpus is so small. */
    readonly tooFew: boolean;
  };
  /** Steps the whole run is expected to have, and the seconds that those still to do are expected to take. */
  readonly totalSteps: number;
  readonly estimatedSeconds: number;
  /** What a pass over the corpus is expected to take, validation not counted. */
  readonly secondsPerEpoch: number;
  /** Bytes, after the first steps were tried. */
  readonly memory: {
    /** Weights, their average, moments, gradients and activations: everything that all threads share. */
    readonly shared: number;
    /** All that the process has of the machine's memory. */
    readonly resident: number;
    /** MiB to which the batches were fitted; null when they were not. */
    readonly limit: number | null;
  };
  /** The step a resumed run goes on from; 0 for a new one. */
  readonly resumedAt: number;
}

/** What happens during a run, in the order in which it happens. */
export type TrainingEvent =
  /** Told every now and then while the corpus is read, or encoded, and before steps are timed. */
  | { readonly type: "preparing"; readonly phase: PreparationPhase | "timing"; readonly pairs: number }
  | { readonly type: "started"; readonly summary: RunSummary }
  | {
      readonly type: "step";
      readonly step: number;
      readonly totalSteps: number;
      readonly epoch: number;
      readonly loss: number;
      readonly lr: number;
      readonly tokensPerSecond: number;
    }
  | { readonly type: "log"; readonly record: LogRecord }
  | {
      /** A step whose loss or gradient was not finite, so that it changed nothing. */
      readonly type: "skipped";
      readonly step: number;
      readonly what: "loss" | "gradient";
      /** Such steps so far, and in a row. */
      readonly skipped: number;
      readonly inARow: number;
    }
  /** Something keeps the run from being as fast as it could be. */
  | { readonly type: "warning"; readonly message: string }
  /** The model is about to be held against pairs, which takes a while. */
  | { readonly type: "measuring"; readonly on: "validation" | "test"; readonly pairs: number }
  | {
      readonly type: "validation";
      readonly record: ValidationRecord;
      readonly improved: boolean;
      /** The same few validation sentences each time, as the model translates them now. */
      readonly samples: readonly Sample[];
    }
  /** The run ends because as many validations in a row as it has patience for have brought nothing better. */
  | {
      readonly type: "patience";
      readonly step: number;
      readonly best: ValidationRecord;
      readonly validations: number;
    }
  | { readonly type: "profile"; readonly report: ProfileReport; readonly steps: number }
  | { readonly type: "saved"; readonly file: string; readonly step: number };
