import { type PairBatch, type SpecialIds, teacherForcedLoss } from "../model/teacherForcing.ts";
import type { Transformer } from "../model/transformer.ts";
import { Computation, type Workbench } from "../tensor/computation.ts";

/** How well a model predicts one sentence pair. */
export interface PairScore {
  /** The natural-log probability of the target with its END. */
  readonly logProbability: number;
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
    let logProbability = 0;
    let correct = 0;
    for (let row = first; row < end; row++) {
      logProbability -= rows[3 * row + 1]!;
      correct += rows[3 * row + 2]!;
    }
    return { logProbability, tokens: end - first, correct };
  });
  workbench.arena.release();
  return scores;
}
