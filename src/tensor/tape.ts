import type { Flag, Pointer } from "../kernels/kernels.ts";
import type { Arena } from "./heap.ts";
import type { Profile } from "./profile.ts";
import { sizeOf, type Tensor } from "./tensor.ts";

/** Where an operation writes the gradient of one of its inputs. */
export interface GradientTarget {
  readonly pointer: Pointer;
  /** 1 when other operations have written there already: add to it. */
  readonly accumulate: Flag;
}

/** What was computed, and how to get back. */
interface Step {
  readonly operation: string;
  readonly output: Tensor;
  readonly backward: (dOutput: Pointer) => void;
}

/**
 * Remembers what was computed, so that gradients can flow back: each operation records one closure, and
 * {@link Tape.backward} runs them last to first (reverse-mode automatic differentiation).
 *
 * The contract, the same for every operation:
 *
 * - A tensor may be read by any number of operations: its gradient is the sum of what they give. The first that gives
 *   something writes, the others add; {@link Tape.target} says which, and `Computation.giveGradients` does it for
 *   kernels that can only write. Gradients of parameters are added to, always.
 * - A closure runs once, after everything that read its output has run. The gradient of the output is complete then,
 *   and it is the closure's own: nobody reads it afterwards, so it may be overwritten on the way.
 * - A closure may read what its forward pass read and wrote: until the run is over, operations overwrite no tensor but
 *   those that their documentation says they use up.
 * - An operation may give gradients before {@link Tape.backward}, as soon as it has them. The loss does.
 */
export class Tape {
  readonly #arena: Arena;
  readonly #profile: Profile | undefined;
  readonly #steps: Step[] = [];
  readonly #gradients = new Map<Tensor, Pointer>();
  /** Gradients that have been used up, by their size in floats, for the next that needs as many. */
  readonly #spent = new Map<number, Pointer[]>();

  constructor(arena: Arena, profile?: Profile) {
    this.#arena = arena;
    this.#profile = profile;
  }

  /** Remembers how to get from the gradient of `output` to those of the operation's inputs. */
  record(operation: string, output: Tensor, backward: (dOutput: Pointer) => void): void {
    this.#steps.push({ operation, output, backward });
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
      this.#profile?.begin(step.operation, "backward");
      step.backward(dOutput);
      this.#gradients.delete(step.output);
      const size = sizeOf(step.output);
      const spent = this.#spent.get(size);
      if (spent === undefined) this.#spent.set(size, [dOutput]);
      else spent.push(dOutput);
    }
  }
}
