import type { Hypothesis } from "./hypothesis.ts";

/** The tokens that may follow a hypothesis. */
export interface NextTokens {
  /** [V] natural log of each probability but for a constant; -Infinity where a token is ruled out. */
  readonly logits: Float32Array;
  /** That constant: the log of the sum of e^logits, before any token was ruled out. */
  readonly logSumExp: number;
  /** The first of the most probable tokens that are not ruled out. */
  readonly best: number;
}

/** The search for one sentence's target: which hypotheses are followed, and which of them come out. */
export interface Search {
  /** The hypotheses to be continued; none when the search is over. */
  readonly open: readonly Hypothesis[];
  /** What was found, best first; complete when nothing is open. */
  readonly found: readonly Hypothesis[];
  /** Continues the open hypotheses, given what may follow each. */
  advance(next: readonly NextTokens[]): void;
}

/** What every search needs to know. */
export interface SearchSettings {
  readonly eosId: number;
  /** The most tokens of a hypothesis, END included. */
  readonly limit: number;
}
