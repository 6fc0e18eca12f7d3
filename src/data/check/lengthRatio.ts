import { Tally } from "./lengths.ts";

/** The logarithm of a ratio is counted in steps of this; nobody needs to know it better. */
const STEP = 0.01;

/** Where a spread is taken for the standard deviation of a normal distribution (Rousseeuw and Croux 1993). */
const MAD_TO_SIGMA = 1.4826;

/** Deviations from the usual that are still believed. */
const SIGMAS = 6;
/** Nothing within this factor is an outlier, however alike all the others are. */
const LEAST_FACTOR = 3;
/** Everything beyond this factor is one: the limit of Moses' `clean-corpus-n`. */
const MOST_FACTOR = 9;
/** Units by which a side has to be off as well: "Thanks." may well be "Thank you very much." */
const LEAST_DIFFERENCE = { words: 5, characters: 15 } as const;

/** The usual ratio of target to source length, and the factor around it beyond which a pair is an outlier. */
export interface UsualRatio {
  readonly median: number;
  readonly factor: number;
}

/** Learns how long the targets of a corpus usually are. */
export class LengthRatios {
  /** Pairs by the logarithm of their ratio, in steps. */
  readonly #logarithms = new Tally();

  /** Takes in a pair; both lengths are at least 1. */
  add(source: number, target: number): void {
    this.#logarithms.add(Math.round(Math.log(target / source) / STEP));
  }

  /**
   * The median m of r = target length / source length, and the factor f = exp(6 s), not below 3 nor above 9,
   * with s = 1.4826 times the median of |ln r - ln m|: half of the pairs may be garbage and neither changes
   * much.
   */
  get usual(): UsualRatio {
    const median = this.#logarithms.quantile(0.5);
    const deviations = new Tally();
    for (const [step, times] of this.#logarithms.entries()) deviations.add(Math.abs(step - median), times);
    const sigma = MAD_TO_SIGMA * deviations.quantile(0.5) * STEP;
    return {
      median: Math.exp(median * STEP),
      factor: Math.min(MOST_FACTOR, Math.max(LEAST_FACTOR, Math.exp(SIGMAS * sigma))),
    };
  }
}

/**
 * Whether a target is longer or shorter than its source lets expect, by more than the usual factor and by more
 * than 5 words or 15 characters.
 *
 * @param unit what `target` is counted in
 */
export function isLengthOutlier(
  source: number,
  target: number,
  { median, factor }: UsualRatio,
  unit: keyof typeof LEAST_DIFFERENCE,
): boolean {
  const expected = source * median;
  const isFarOff = Math.max(target / expected, expected / target) > factor;
  return isFarOff && Math.abs(target - expected) > LEAST_DIFFERENCE[unit];
}
