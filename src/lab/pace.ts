/** How the runs of a lab are carried out: so many at a time, each on so many threads. */
export interface Pace {
  readonly atOnce: number;
  readonly threads: number;
}

/** What was measured to choose a pace: seconds of a step. */
export interface PaceMeasurement {
  /** Of one run on all threads. */
  readonly onAll: number;
  /** Of each of several at a time, as many as there are threads, on one each. */
  readonly onOne: number;
}

/** The pace of a lab that has no choice; undefined where it has to be measured. */
export function onlyPace(runs: number, threads: number, atOnce: number | undefined): Pace | undefined {
  if (atOnce !== undefined) return { atOnce, threads: Math.max(1, Math.floor(threads / atOnce)) };
  return runs < 2 || threads < 2 ? { atOnce: 1, threads } : undefined;
}

/** The pace at which runs of about the same length are done sooner. */
export function soonest(runs: number, threads: number, { onAll, onOne }: PaceMeasurement): Pace {
  const oneByOne = runs * onAll;
  const atOnce = Math.ceil(runs / threads) * onOne;
  return atOnce < oneByOne ? { atOnce: threads, threads: 1 } : { atOnce: 1, threads };
}

/**
 * The steps with which runs of unlike speed, all as long, take no more than their time together.
 *
 * @param fitting of each run, the steps that fit into its share of the time
 */
export function fairSteps(fitting: readonly number[]): number {
  // The share of run i is fitting[i] steps long: n steps take n / fitting[i] of it.
  const shares = fitting.reduce((sum, steps) => sum + 1 / steps, 0);
  // Rounding takes no step away.
  return Math.max(1, Math.floor(fitting.length / shares + 1e-6));
}
