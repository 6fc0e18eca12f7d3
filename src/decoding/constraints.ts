import type { Hypothesis } from "./hypothesis.ts";

/** What is changed about the tokens that may follow a hypothesis. */
export interface Constraints {
  /** No sequence of so many tokens occurs twice; 0 for no such rule. */
  readonly noRepeatNgram: number;
  /** Above 1, makes tokens less likely that are there already; 1 for no change. */
  readonly repetitionPenalty: number;
  /** Tokens that never follow. */
  readonly banned: readonly number[];
}

/**
 * Makes tokens of a hypothesis less likely to come again (Keskar et al. 2019, section 4.1): their logits are
 * divided by the penalty, or multiplied by it where they are below 0.
 *
 * @param logits [V], changed in place
 */
export function penaliseRepetition(logits: Float32Array, hypothesis: Hypothesis, penalty: number): void {
  for (const id of new Set(hypothesis.tokens())) {
    const logit = logits[id]!;
    logits[id] = logit > 0 ? logit / penalty : logit * penalty;
  }
}

/** The tokens that must not follow: those banned altogether, and those that would repeat an n-gram. */
export function ruledOut(hypothesis: Hypothesis, { noRepeatNgram, banned }: Constraints): readonly number[] {
  if (noRepeatNgram === 0) return banned;
  return [...banned, ...repeating(hypothesis.tokens(), noRepeatNgram)];
}

/** The tokens that followed wherever the last n - 1 tokens have stood before. */
function repeating(tokens: readonly number[], n: number): number[] {
  const last = tokens.length - (n - 1);
  if (last < 0) return [];
  const repeated: number[] = [];
  for (let start = 0; start < last; start++) {
    let same = 0;
    while (same < n - 1 && tokens[start + same] === tokens[last + same]) same++;
    if (same === n - 1) repeated.push(tokens[start + n - 1]!);
  }
  return repeated;
}
