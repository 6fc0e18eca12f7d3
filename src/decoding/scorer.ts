import { type PairBatch, type SpecialIds, teacherForcedLoss } from "../model/teacherForcing.ts";
import type { Transformer } from "../model/transformer.ts";
import { Computation, type Workbench } from "../tensor/computation.ts";

/** How well a model predicts one sentence pair. */
export interface PairScore {
  /** The natural-log probability of the target with its END. */
  readonly logProbability: number;
  /** The same of each token, END's last. */
  readonly tokenLogProbabilities: readonly number[];
  /** Target tokens, END included. */
  readonly tokens: number;
  /** Tokens that were the most probable ones, given those before. */
  readonly correct: number;
}

/** Scores every pair of a batch by teacher forcing, without dropout. */
export function scorePairs(
  model: Transformer,
  workbench: Workbench,
  batch: PairBatch,
  special: SpecialIds,
): PairScore[] {
  const rows = teacherForcedLoss(model, new Computation(workbench), batch, special, 0, 1);
  const scores = Array.from({ length: batch.targetOffsets.length - 1 }, (_, b) => {
    const first = batch.targetOffsets[b]! + b;
    const end = batch.targetOffsets[b + 1]! + b + 1;
    const tokenLogProbabilities: number[] = [];
    let correct = 0;
    for (let row = first; row < end; row++) {
      tokenLogProbabilities.push(-rows[3 * row + 1]!);
      correct += rows[3 * row + 2]!;
    }
    return makePairScore(tokenLogProbabilities, correct);
  });
  workbench.arena.release();
  return scores;
}

/** The score of a pair from those of its tokens. */
export function makePairScore(tokenLogProbabilities: readonly number[], correct: number): PairScore {
  const logProbability = tokenLogProbabilities.reduce((sum, value) => sum + value, 0);
  return { logProbability, tokenLogProbabilities, tokens: tokenLogProbabilities.length, correct };
}
