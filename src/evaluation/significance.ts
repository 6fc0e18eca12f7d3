import { createRandom } from "../random.ts";
import { type Scoring, sumStatistics } from "./metric.ts";
import { type Measured, scoreOf } from "./metrics.ts";

/** sacreBLEU's numbers of resamples and of shuffles, and its seed (of another generator). */
const BOOTSTRAP_TRIALS = 1000;
const RANDOMISATION_TRIALS = 10_000;
const SEED = 12_345;
/** Differences of two scores that are equal but for rounding. */
const ROUNDING = 1e-9;

type Rows = readonly (readonly number[])[];

/** Where a score lies over resamples of the corpus. */
interface Interval {
  readonly mean: number;
  /** Half the distance between the 2.5th and the 97.5th percentile. */
  readonly halfWidth: number;
}

/** What paired bootstrap resampling says. */
export interface BootstrapResult {
  readonly trials: number;
  readonly pValue: number;
  readonly baseline: Interval;
  readonly system: Interval;
}

/** What paired approximate randomisation says. */
export interface RandomisationResult {
  readonly trials: number;
  readonly pValue: number;
}

/** How a system compares with a baseline in one metric. */
export interface Comparison {
  readonly baselineScore: number;
  /** The system's score less the baseline's. */
  readonly difference: number;
  readonly bootstrap: BootstrapResult;
  readonly randomisation: RandomisationResult;
}

/**
 * Compares two systems on the same segments with both tests.
 *
 * @param system measured with the same metrics, in the same order, as `baseline`
 * @returns one comparison for each metric, all of the same resamples and swaps
 */
export function compareSystems(
  system: readonly Measured[],
  baseline: readonly Measured[],
  options: {
    readonly bootstrapTrials?: number;
    readonly randomisationTrials?: number;
    readonly seed?: number;
    /**
     * Whether shuffles that make just as large a difference speak for chance, as they do: sacreBLEU, which others are to
     * be compared with, leaves them out, so that one sentence more that is exactly right would be significant.
     */
    readonly tiesAreChance?: boolean;
  } = {},
): Comparison[] {
  const {
    bootstrapTrials = BOOTSTRAP_TRIALS,
    randomisationTrials = RANDOMISATION_TRIALS,
    seed = SEED,
    tiesAreChance = false,
  } = options;
  return system.map((measured, i) => {
    const { scoring, rows } = measured;
    const other = baseline[i]!;
    const baselineScore = scoreOf(other).score;
    const samples = resamples(rows.length, bootstrapTrials, seed);
    return {
      baselineScore,
      difference: scoreOf(measured).score - baselineScore,
      bootstrap: pairedBootstrap(scoring, other.rows, rows, samples),
      randomisation: pairedRandomisation(
        scoring,
        other.rows,
        rows,
        swaps(rows.length, randomisationTrials, seed),
        tiesAreChance,
      ),
    };
  });
}

/**
 * Paired bootstrap resampling (Koehn 2004) as sacreBLEU defines it: both systems are scored on the same resamples of
 * the corpus; the p-value is the share of resamples whose difference is farther above the mean of all differences
 * than the real one is above zero.
 *
 * @param samples each the numbers of as many segments as there are, drawn with replacement
 */
export function pairedBootstrap(
  scoring: Scoring,
  baseline: Rows,
  system: Rows,
  samples: Iterable<ArrayLike<number>>,
): BootstrapResult {
  const baselineScores: number[] = [];
  const systemScores: number[] = [];
  for (const sample of samples) {
    baselineScores.push(scoring.score(sumOf(baseline, sample)));
    systemScores.push(scoring.score(sumOf(system, sample)));
  }
  const differences = systemScores.map((score, i) => Math.abs(score - baselineScores[i]!));
  const centre = mean(differences);
  return {
    trials: differences.length,
    pValue: pValue(
      differences.map((difference) => difference - centre),
      realDifference(scoring, baseline, system),
    ),
    baseline: interval(baselineScores),
    system: interval(systemScores),
  };
}

/**
 * Paired approximate randomisation (Riezler and Maxwell 2005) as sacreBLEU defines it: if the systems were the same,
 * swapping their translations of some segments would change nothing; the p-value is the share of swaps that make
 * a larger difference than the real one.
 *
 * @param swaps each says for every segment whether it is swapped: 0 or 1
 * @param tiesAreChance whether swaps that make just as large a difference count, too
 */
export function pairedRandomisation(
  scoring: Scoring,
  baseline: Rows,
  system: Rows,
  swaps: Iterable<ArrayLike<number>>,
  tiesAreChance = false,
): RandomisationResult {
  const changes = system.map((row, segment) => row.map((value, i) => value - baseline[segment]![i]!));
  const [baselineSums, systemSums] = [sumStatistics(baseline), sumStatistics(system)];
  const differences: number[] = [];
  for (const swapped of swaps) {
    const change = new Float64Array(baselineSums.length);
    for (const [segment, row] of changes.entries())
      if (swapped[segment]) for (let i = 0; i < change.length; i++) change[i]! += row[i]!;
    const first = scoring.score(baselineSums.map((sum, i) => sum + change[i]!));
    const second = scoring.score(systemSums.map((sum, i) => sum - change[i]!));
    differences.push(Math.abs(first - second));
  }
  return {
    trials: differences.length,
    pValue: pValue(differences, realDifference(scoring, baseline, system), tiesAreChance),
  };
}

/** Resamples for {@link pairedBootstrap}; the same seed gives the same ones. */
function* resamples(segments: number, trials: number, seed: number): Generator<Int32Array> {
  const random = createRandom(seed);
  const sample = new Int32Array(segments);
  for (let trial = 0; trial < trials; trial++) yield sample.map(() => random.below(segments));
}

/** Swaps for {@link pairedRandomisation}; the same seed gives the same ones. */
function* swaps(segments: number, trials: number, seed: number): Generator<Uint8Array> {
  const random = createRandom(seed);
  const none = new Uint8Array(segments);
  for (let trial = 0; trial < trials; trial++) yield none.map(() => random.below(2));
}

/** As sacreBLEU counts: the real corpus is one of the trials, so no p-value is 0. */
function pValue(statistics: readonly number[], difference: number, tiesCount = false): number {
  const least = tiesCount ? -ROUNDING : ROUNDING;
  const larger = statistics.filter((statistic) => statistic - difference > least).length;
  return (larger + 1) / (statistics.length + 1);
}

function realDifference(scoring: Scoring, baseline: Rows, system: Rows): number {
  return Math.abs(scoring.score(sumStatistics(baseline)) - scoring.score(sumStatistics(system)));
}

function interval(scores: readonly number[]): Interval {
  const sorted = Float64Array.from(scores).sort();
  const outside = Math.floor(sorted.length / 40);
  return { mean: mean(scores), halfWidth: (sorted[sorted.length - outside - 1]! - sorted[outside]!) / 2 };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function sumOf(rows: Rows, segments: ArrayLike<number>): number[] {
  const sums = new Array<number>(rows[0]!.length).fill(0);
  for (let k = 0; k < segments.length; k++) {
    const row = rows[segments[k]!]!;
    for (let i = 0; i < sums.length; i++) sums[i]! += row[i]!;
  }
  return sums;
}
