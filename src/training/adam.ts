import type { Kernels, Pointer } from "../kernels/kernels.ts";
import type { Parameters } from "../model/parameters.ts";
import type { SharedMemory } from "../tensor/memory.ts";

/** Vaswani et al. 2017, section 5.3. */
const BETA1 = 0.9;
const BETA2 = 0.98;
const EPSILON = 1e-9;

/** One step of Adam, as every thread sees it. */
export interface AdamStep {
  readonly parameters: Pointer;
  readonly gradients: Pointer;
  readonly m: Pointer;
  readonly v: Pointer;
  /** From 1; the moments' bias is corrected by it. */
  readonly step: number;
  readonly rate: number;
  /** What clipping multiplies the gradients by. */
  readonly gradientScale: number;
}

/** Adam (Kingma and Ba 2015) over all parameters at once, with the paper's betas and epsilon. */
export class Adam {
  /** First moments, laid out as the parameters. */
  readonly m: Pointer;
  /** Second moments, laid out as the parameters. */
  readonly v: Pointer;

  constructor(parameters: Parameters, memory: SharedMemory) {
    this.m = memory.reserve(4 * parameters.size);
    this.v = memory.reserve(4 * parameters.size);
  }
}

/** Applies a step to the `count` parameters from `first` on. */
export function adamSlice(kernels: Kernels, adam: AdamStep, first: number, count: number): void {
  const at = (region: Pointer): Pointer => region + 4 * first;
  const { step, rate, gradientScale } = adam;
  kernels.adam(
    ...([at(adam.parameters), at(adam.gradients), at(adam.m), at(adam.v), count] as const),
    ...([
      rate / (1 - BETA1 ** step),
      BETA1,
      BETA2,
      EPSILON,
      1 / Math.sqrt(1 - BETA2 ** step),
      gradientScale,
    ] as const),
  );
}

/** What to multiply a gradient of this norm by so that its norm is at most `clipNorm`; 0 means no limit. */
export function clipScale(norm: number, clipNorm: number): number {
  return clipNorm > 0 ? Math.min(1, clipNorm / (norm + 1e-6)) : 1;
}
