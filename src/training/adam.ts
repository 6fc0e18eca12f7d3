import type { Kernels, Pointer } from "../kernels/kernels.ts";
import type { Parameters } from "../model/parameters.ts";
import type { SharedMemory } from "../tensor/memory.ts";

/** Vaswani et al. 2017, section 5.3. */
const BETA1 = 0.9;
const BETA2 = 0.98;
const EPSILON = 1e-9;

/** Adam (Kingma and Ba 2015) over all parameters at once, with the paper's betas and epsilon. */
export class Adam {
  /** First moments, laid out as the parameters. */
  readonly m: Pointer;
  /** Second moments, laid out as the parameters. */
  readonly v: Pointer;
  readonly #parameters: Parameters;

  constructor(parameters: Parameters, memory: SharedMemory) {
    this.#parameters = parameters;
    this.m = memory.reserve(4 * parameters.size);
    this.v = memory.reserve(4 * parameters.size);
  }

  /**
   * Takes one step against the gradients.
   *
   * @param step from 1; the moments' bias is corrected by it
   * @param gradientScale what clipping multiplies the gradients by
   */
  update(kernels: Kernels, gradients: Pointer, step: number, rate: number, gradientScale: number): void {
    kernels.adam(
      ...[this.#parameters.pointer, gradients, this.m, this.v, this.#parameters.size] as const,
      ...[rate / (1 - BETA1 ** step), BETA1, BETA2, EPSILON, 1 / Math.sqrt(1 - BETA2 ** step), gradientScale] as const,
    );
  }
}

/** The global norm of the gradients, and what to multiply them by so that it is at most `clipNorm` (0: never). */
export function clipping(
  kernels: Kernels,
  gradients: Pointer,
  size: number,
  clipNorm: number,
): { readonly norm: number; readonly scale: number } {
  const norm = Math.sqrt(kernels.sumSquares(gradients, size));
  return { norm, scale: clipNorm > 0 ? Math.min(1, clipNorm / (norm + 1e-6)) : 1 };
}
