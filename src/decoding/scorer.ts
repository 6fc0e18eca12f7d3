import { offsetsOf, type PairBatch } from "../model/batch.ts";
import { teacherForcedLoss } from "../model/teacherForcing.ts";
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
export function scorePairs(model: Transformer, workbench: Workbench, batch: PairBatch): PairScore[] {
  const rows = teacherForcedLoss(model, new Computation(workbench), batch, { smoothing: 0, scale: 1 });
  const offsets = offsetsOf(workbench.heap, batch.target);
  const scores = Array.from({ length: batch.target.sentences }, (_, b) => {
    const [first, end] = [offsets[b]!, offsets[b + 1]!];
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
