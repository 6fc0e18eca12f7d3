/**
 * What the log-probability of a hypothesis is divided by, so that long ones are not at a disadvantage (Wu et al.
 * 2016, equation 14): ((5 + |Y|) / 6)^alpha.
 *
 * @param length |Y|: tokens, END included
 * @param alpha 0 for no penalty
 */
export function lengthPenalty(length: number, alpha: number): number {
  return ((5 + length) / 6) ** alpha;
}
