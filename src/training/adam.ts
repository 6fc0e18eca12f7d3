import { at, type Pointer } from "../kernels/kernels.ts";
import type { NamedParameter, Parameters } from "../model/parameters.ts";
import { adam, type Caller } from "../tensor/calls.ts";
import type { Heap } from "../tensor/heap.ts";
import type { TrainingConfig } from "./config.ts";

/** One step of Adam, as every thread sees it. */
export interface AdamStep extends Pick<TrainingConfig, "beta1" | "beta2" | "epsilon" | "weightDecay"> {
  readonly parameters: Pointer;
  readonly gradients: Pointer;
  readonly m: Pointer;
  readonly v: Pointer;
  /** Updates with this one, from 1; the moments' bias is corrected by it. */
  readonly update: number;
  readonly rate: number;
  /** The parameters, by offset, that stay as they are; by default none. */
  readonly frozen?: readonly number[];
  /** What the mean over the tokens and clipping multiply the gradients by. */
  readonly gradientScale: number;
}

/** The moments of Adam (Kingma and Ba 2015), the same for AdamW (Loshchilov and Hutter 2019). */
export class Adam {
  /** First moments, laid out as the parameters. */
  readonly m: Pointer;
  /** Second moments, laid out as the parameters. */
  readonly v: Pointer;

  constructor(parameters: Parameters, heap: Heap) {
    this.m = heap.reserve(4 * parameters.size);
    this.v = heap.reserve(4 * parameters.size);
  }
}

/**
 * Applies a step to the `count` parameters from `first` on. Weight decay is decoupled, p -= rate weightDecay p,
 * and spares biases and layer normalisations: it is meant for what multiplies, the matrices and embeddings.
 *
 * @param list the model's parameters, in their order; frozen ones keep their bytes
 */
export function adamSlice(
  caller: Caller,
  step: AdamStep,
  list: readonly NamedParameter[],
  first: number,
  count: number,
): void {
  const { beta1, beta2, epsilon, update, rate, gradientScale, weightDecay, frozen = [] } = step;
  const apply = (start: number, end: number, decay: number): void =>
    adam(caller, {
      parameters: at(step.parameters, start),
      gradients: at(step.gradients, start),
      m: at(step.m, start),
      v: at(step.v, start),
      count: end - start,
      beta1,
      beta2,
      epsilon,
      gradientScale,
      decay,
      stepSize: rate / (1 - beta1 ** update),
      inverseRootCorrection2: 1 / Math.sqrt(1 - beta2 ** update),
    });
  if (weightDecay === 0 && frozen.length === 0) {
    apply(first, first + count, 0);
    return;
  }
  for (const { offset, shape, rows, columns } of list) {
    const start = Math.max(first, offset);
    const end = Math.min(first + count, offset + rows * columns);
    if (start < end && !frozen.includes(offset)) apply(start, end, shape.length > 1 ? rate * weightDecay : 0);
  }
}

/** What to multiply a gradient of this norm by so that its norm is at most `clipNorm`; 0 means no limit. */
export function clipScale(norm: number, clipNorm: number): number {
  return clipNorm > 0 ? Math.min(1, clipNorm / (norm + 1e-6)) : 1;
}
