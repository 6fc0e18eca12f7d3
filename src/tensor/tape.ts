import type { Flag, Pointer } from "../kernels/kernels.ts";
import type { Arena } from "./memory.ts";
import { sizeOf, type Tensor } from "./tensor.ts";

/** Where an operation writes the gradient of one of its inputs. */
export interface GradientTarget {
  readonly pointer: Pointer;
  /** 1 when other operations have written there already: add to it. */
  readonly accumulate: Flag;
}

/**
 * Remembers what was computed, so that gradients can flow back: each operation records one closure, and
 * {@link Tape.backward} runs them last to first (reverse-mode automatic differentiation).
 */
export class Tape {
  readonly #arena: Arena;
  readonly #steps: { readonly output: Tensor; readonly backward: (dOutput: Pointer) => void }[] = [];
  readonly #gradients = new Map<Tensor, Pointer>();
  /** Gradients that have been used up, by their size in floats, for the next that needs as many. */
  readonly #spent = new Map<number, Pointer[]>();

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** Remembers how to get from the gradient of `output` to those of the operation's inputs. */
  record(output: Tensor, backward: (dOutput: Pointer) => void): void {
    this.#steps.push({ output, backward });
  }

  /** Where to write the gradient of `input`. */
  target(input: Tensor): GradientTarget {
    const known = this.#gradients.get(input);
    if (known !== undefined) return { pointer: known, accumulate: 1 };
    const pointer = this.#spent.get(sizeOf(input))?.pop() ?? this.#arena.allocate(sizeOf(input));
    this.#gradients.set(input, pointer);
    return { pointer, accumulate: 0 };
  }

  /** Runs all that was recorded, last to first. An output that nothing depended on is passed over. */
  backward(): void {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      const dOutput = this.#gradients.get(step.output);
      if (dOutput === undefined) continue;
      step.backward(dOutput);
      this.#gradients.delete(step.output);
      const size = sizeOf(step.output);
      const spent = this.#spent.get(size);
      if (spent === undefined) this.#spent.set(size, [dOutput]);
      else spent.push(dOutput);
    }
  }
}
