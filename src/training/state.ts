import type { TrainingConfig } from "./config.ts";

/** One validation, as a line of `metrics.jsonl` has it; rates and scores from 0 to 100. */
export interface ValidationRecord {
  readonly step: number;
  readonly valid: {
    /** Cross-entropy of a target token in nats. */
    readonly loss: number;
    readonly perplexity: number;
    readonly bleu: number;
    readonly exactMatch: number;
  };
}

/** Sums since the last line of the log. */
export interface LogWindow {
  readonly loss: number;
  readonly sourceTokens: number;
  readonly targetTokens: number;
}

/**
 * Where a run stands: all it takes, with the parameters and Adam's moments, to go on as if never stopped.
 * Nothing in it depends on the clock or on the machine, so that the same run gives the same bytes.
 */
export interface TrainingState {
  readonly config: TrainingConfig;
  /** SHA-256 of the training corpus: a run goes on only with the data it began with. */
  readonly corpus: string;
  /** Steps done. */
  readonly step: number;
  /** The epoch that is under way, from 0. */
  readonly epoch: number;
  /** Batches of that epoch that are done. */
  readonly batch: number;
  readonly window: LogWindow;
  readonly best: ValidationRecord | null;
  readonly validations: readonly ValidationRecord[];
}

/** The state of a run that is about to begin. */
export function initialState(config: TrainingConfig, corpus: string): TrainingState {
  return { config, corpus, step: 0, epoch: 0, batch: 0, window: EMPTY_WINDOW, best: null, validations: [] };
}

export const EMPTY_WINDOW: LogWindow = { loss: 0, sourceTokens: 0, targetTokens: 0 };

/** Whether a validation beats another: higher BLEU, or the same BLEU and a lower loss. */
export function isBetter({ valid }: ValidationRecord, than: ValidationRecord | null): boolean {
  if (than === null) return true;
  return valid.bleu > than.valid.bleu || (valid.bleu === than.valid.bleu && valid.loss < than.valid.loss);
}
