import type { Measured } from "../evaluation/metrics.ts";
import { compareSystems } from "../evaluation/significance.ts";
import { twoSidedProbability, twoSidedQuantile } from "./student.ts";

/** A difference that chance explains in fewer cases than this is significant. */
export const LEVEL = 0.05;

/** What runs that differ in their seed come to. */
export interface Summary {
  readonly values: readonly number[];
  readonly mean: number;
  /** Half the width of the 95 % confidence interval of the mean, by Student's t; null for a single run. */
  readonly halfWidth: number | null;
}

/** How runs differ from those of the base. */
export interface Difference {
  /** The mean less that of the base. */
  readonly difference: number;
  /** Over seeds, by Welch's t-test; null where one of the two has a single run. */
  readonly pSeeds: number | null;
  /**
   * Over test sentences, by paired approximate randomisation, the runs of all seeds together; null where the two were
   * not tested on the same sentences with the same seeds.
   */
  readonly pSentences: number | null;
  /** Whether each test that could be made finds it below {@link LEVEL}. */
  readonly significant: boolean;
}

/** Sums up what runs came to; there is at least one. */
export function summarise(values: readonly number[]): Summary {
  const count = values.length;
  const centre = mean(values);
  if (count < 2) return { values, mean: centre, halfWidth: null };
  const error = Math.sqrt(variance(values) / count);
  // Without any spread there is no interval, and 0 times a quantile is none.
  return { values, mean: centre, halfWidth: error * twoSidedQuantile(LEVEL, count - 1) };
}

/**
 * The two-sided p-value of Welch's t-test, which takes runs to be independent and their spread to be normal, but not
 * alike (Welch 1947): sound with three seeds, where a test of ranks or of signs could never find anything. The same seed
 * means other first weights in another model, so nothing is paired.
 *
 * @returns null where one of the two has fewer than two values
 */
export function welch(one: readonly number[], other: readonly number[]): number | null {
  if (one.length < 2 || other.length < 2) return null;
  const [a, b] = [variance(one) / one.length, variance(other) / other.length];
  const difference = mean(one) - mean(other);
  if (a + b === 0) return difference === 0 ? 1 : 0;
  const degrees = (a + b) ** 2 / (a ** 2 / (one.length - 1) + b ** 2 / (other.length - 1));
  return twoSidedProbability(difference / Math.sqrt(a + b), degrees);
}

/**
 * Whether models differ on the sentences they were tested on: paired approximate randomisation as
 * {@link compareSystems} has it, in which a sentence changes sides with the translations of all seeds.
 *
 * @param one a measurement a seed, on the same sentences as those of `other`
 */
export function randomise(one: readonly Measured[], other: readonly Measured[]): number {
  const [comparison] = compareSystems([pooled(one)], [pooled(other)], {
    bootstrapTrials: 1,
    tiesAreChance: true,
  });
  return comparison!.randomisation.pValue;
}

/** Whether every test that could be made says that a difference is no chance. */
export function isSignificant(pSeeds: number | null, pSentences: number | null): boolean {
  const made = [pSeeds, pSentences].filter((p) => p !== null);
  return made.length > 0 && made.every((p) => p < LEVEL);
}

/** Statistics of a sentence add up over seeds as they do over sentences. */
function pooled(measured: readonly Measured[]): Measured {
  const [first, ...others] = measured;
  const rows = first!.rows.map((row, segment) =>
    row.map((value, i) => others.reduce((sum, { rows }) => sum + rows[segment]![i]!, value)),
  );
  return { ...first!, rows };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of a sample: over n - 1. */
function variance(values: readonly number[]): number {
  const centre = mean(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
}
