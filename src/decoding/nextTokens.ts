import { argmax, greedyTokens } from "../tensor/calls.ts";
import type { Workbench } from "../tensor/computation.ts";
import { rowsFrom, type Tensor } from "../tensor/tensor.ts";
import { penaliseRepetition } from "./constraints.ts";
import type { Hypothesis } from "./hypothesis.ts";
import type { NextTokens } from "./search.ts";

/** The most probable token of each row of logits [n, V], and the natural log of its probability. */
export function bestTokens(
  workbench: Workbench,
  logits: Tensor,
): { readonly ids: Int32Array; readonly logProbabilities: Float32Array } {
  const { heap, arena } = workbench;
  const [ids, logProbabilities] = [arena.allocate(logits.rows), arena.allocate(logits.rows)];
  greedyTokens(workbench, { ids, logProbabilities, logits });
  return {
    ids: heap.integers(ids, logits.rows).slice(),
    logProbabilities: heap.floats(logProbabilities, logits.rows).slice(),
  };
}

/**
 * What may follow each hypothesis; good as long as the logits [hypotheses, V] are, which it changes.
 *
 * @param ruledOut by hypothesis: the tokens that must not follow
 */
export function nextTokens(
  workbench: Workbench,
  logits: Tensor,
  hypotheses: readonly Hypothesis[],
  ruledOut: readonly (readonly number[])[],
  repetitionPenalty: number,
): NextTokens[] {
  const rowOf = (i: number): Float32Array =>
    workbench.heap.floats(rowsFrom(logits, i, 1).pointer, logits.columns);
  if (repetitionPenalty !== 1) {
    for (const [i, hypothesis] of hypotheses.entries())
      penaliseRepetition(rowOf(i), hypothesis, repetitionPenalty);
  }
  return logSumExps(workbench, logits).map(({ best, logSumExp }, i) => {
    const row = rowOf(i);
    const out = ruledOut[i]!;
    for (const id of out) row[id] = Number.NEGATIVE_INFINITY;
    const allowed = out.includes(best) ? argmax(workbench, rowsFrom(logits, i, 1)) : best;
    return { logits: row, logSumExp, best: allowed };
  });
}

/** The first largest of each row of logits, and the log of the sum of e^logits. */
function logSumExps(
  workbench: Workbench,
  logits: Tensor,
): { readonly best: number; readonly logSumExp: number }[] {
  const { ids, logProbabilities } = bestTokens(workbench, logits);
  return Array.from(ids, (best, i) => {
    const logit = workbench.heap.floats(rowsFrom(logits, i, 1).pointer, logits.columns)[best]!;
    return { best, logSumExp: logit - logProbabilities[i]! };
  });
}
