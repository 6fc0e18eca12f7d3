import type { SettledTraining, TrainingConfig } from "./config.ts";

/** Steps of warm-up in a run that is long enough for them. */
export const USUAL_WARMUP = 600;
/** The most that warm-up takes of a run when nobody says how long it is. */
const LARGEST_SHARE = 0.1;

/** What a learning rate depends on, beside the step. */
export interface Schedule
  extends Pick<SettledTraining, "schedule" | "warmupSteps" | "minLearningRate" | "plateauFactor"> {
  /** The learning rate at the end of warm-up. */
  readonly peak: number;
  /** Steps of the whole run: where cosine and linear have come down to `minLearningRate`. */
  readonly totalSteps: number;
}

/**
 * The learning rate of a step: linear warm-up to the peak, and then, with p the share of the steps after warm-up
 * that are done,
 *
 * - inverse-sqrt: peak sqrt(warmup / step) (Vaswani et al. 2017, equation 3: with {@link paperPeak} it is
 *   dModel^-0.5 min(step^-0.5, step warmup^-1.5) to the letter);
 * - cosine: minimum + (peak - minimum) (1 + cos(pi p)) / 2 (Loshchilov and Hutter 2017, equation 5, without restarts);
 * - linear: minimum + (peak - minimum) (1 - p);
 * - constant: the peak;
 * - plateau: the peak times `plateauFactor` for every reduction, the minimum at least.
 *
 * @param step from 1
 * @param reductions how often validations have stood still for as long as plateau waits
 */
export function learningRate(step: number, schedule: Schedule, reductions = 0): number {
  const { warmupSteps, peak, totalSteps, minLearningRate, plateauFactor } = schedule;
  if (step < warmupSteps) return (peak * step) / warmupSteps;
  const done = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
  const between = (share: number): number => minLearningRate + (peak - minLearningRate) * share;
  switch (schedule.schedule) {
    case "inverse-sqrt":
      return peak * Math.sqrt(warmupSteps / step);
    case "cosine":
      return between((1 + Math.cos(Math.PI * done)) / 2);
    case "linear":
      return between(1 - done);
    case "constant":
      return peak;
    case "plateau":
      return Math.max(minLearningRate, peak * plateauFactor ** reductions);
  }
}

/** The paper's peak: dModel^-0.5 warmup^-0.5. */
export function paperPeak(dModel: number, warmupSteps: number): number {
  return (dModel * warmupSteps) ** -0.5;
}

/** The learning rate at the end of warm-up: what was said, or the paper's. */
export function peakOf(
  { learningRate, warmupSteps }: Pick<SettledTraining, "learningRate" | "warmupSteps">,
  dModel: number,
): number {
  return learningRate ?? paperPeak(dModel, warmupSteps);
}

/**
 * Warm-up and peak of the learning rate. Where nobody says how long warm-up is, it is 600 steps, and a tenth of a run
 * that is too short for that. The paper's peak grows as warm-up gets shorter: a short run has that of 600 steps.
 */
export function warmUp(
  { warmupSteps, learningRate }: Pick<TrainingConfig, "warmupSteps" | "learningRate">,
  dModel: number,
  totalSteps: number,
): Pick<SettledTraining, "warmupSteps" | "learningRate"> {
  if (warmupSteps !== null) return { warmupSteps, learningRate };
  const most = Math.max(1, Math.floor(LARGEST_SHARE * totalSteps));
  if (most >= USUAL_WARMUP) return { warmupSteps: USUAL_WARMUP, learningRate };
  return { warmupSteps: most, learningRate: learningRate ?? paperPeak(dModel, USUAL_WARMUP) };
}
