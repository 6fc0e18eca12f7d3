import { argmax, copy, softmax } from "../tensor/calls.ts";
import type { Workbench } from "../tensor/computation.ts";
import { rowsFrom, sizeOf, type Tensor } from "../tensor/tensor.ts";
import { penaliseRepetition } from "./constraints.ts";
import type { Hypothesis } from "./hypothesis.ts";
import type { NextTokens } from "./search.ts";

/** The most probable token of each row of logits [n, V], and the natural log of its probability. */
export function bestTokens(
  workbench: Workbench,
  logits: Tensor,
): { readonly id: number; readonly logProbability: number }[] {
  const { heap } = workbench;
  return logSumExps(workbench, logits).map(({ best, logSumExp }, i) => {
    const logit = heap.floats(rowsFrom(logits, i, 1).pointer, logits.columns)[best]!;
    return { id: best, logProbability: logit - logSumExp };
  });
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
  const { heap, arena } = workbench;
  const probabilities = { ...logits, pointer: arena.allocate(sizeOf(logits)) };
  copy(workbench, { to: probabilities.pointer, from: logits.pointer, count: sizeOf(logits) });
  softmax(workbench, probabilities);
  return Array.from({ length: logits.rows }, (_, i) => {
    const row = rowsFrom(logits, i, 1);
    const best = argmax(workbench, row);
    const probability = heap.floats(rowsFrom(probabilities, i, 1).pointer, logits.columns)[best]!;
    const logit = heap.floats(row.pointer, logits.columns)[best]!;
    return { best, logSumExp: logit - Math.log(probability) }; // exact where the probability is large
  });
}
