/**
 * The learning rate of a step: linear warm-up to a peak, then inverse square root decay (Vaswani et al. 2017,
 * equation 3). With the default peak it is dModel^-0.5 min(step^-0.5, step warmup^-1.5) to the letter.
 *
 * @param step from 1
 * @param warmupSteps steps until the peak
 * @param peak the learning rate at the end of warm-up
 */
export function learningRate(step: number, warmupSteps: number, peak: number): number {
  return peak * Math.min(step / warmupSteps, Math.sqrt(warmupSteps / step));
}

/** The paper's peak: dModel^-0.5 warmup^-0.5. */
export function paperPeak(dModel: number, warmupSteps: number): number {
  return (dModel * warmupSteps) ** -0.5;
}
