import { topTokens } from "./topTokens.ts";

/** A token that may come next, and its probability. */
export interface Candidate {
  readonly id: number;
  /** From 0 to 1. */
  readonly probability: number;
}

/**
 * The most probable tokens of some logits, and the probability of any.
 *
 * @param logits [V]
 */
export function nextCandidates(
  logits: Float32Array,
  count: number,
): { readonly candidates: readonly Candidate[]; readonly probability: (id: number) => number } {
  const most = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - most), 0);
  const probability = (id: number): number => Math.exp(logits[id]! - most) / sum;
  return {
    candidates: topTokens(logits, count).map((id) => ({ id, probability: probability(id) })),
    probability,
  };
}
