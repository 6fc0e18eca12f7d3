import type { Computation } from "../tensor/computation.ts";
import { activationDropout } from "../tensor/operations/dropout.ts";
import { gelu } from "../tensor/operations/gelu.ts";
import { linear } from "../tensor/operations/linear.ts";
import type { Parameter, Ragged, Tensor } from "../tensor/tensor.ts";
import type { ModelConfig } from "./config.ts";
import type { Declaration, Parameters } from "./parameters.ts";

/**
 * The position-wise feed-forward network (Vaswani et al. 2017, equation 2):
 *
 *     FFN(x) = max(0, x W_1 + b_1) W_2 + b_2
 */
export class FeedForward {
  readonly #activation: ModelConfig["activation"];
  readonly #weight1: Parameter; // [F, D]
  readonly #bias1: Parameter; // [F]
  readonly #weight2: Parameter; // [D, F]
  readonly #bias2: Parameter; // [D]

  static declare(name: string, dModel: number, dFF: number): Declaration[] {
    return [
      { name: `${name}.linear1.weight`, shape: [dFF, dModel], initialisation: { kind: "xavier" } },
      { name: `${name}.linear1.bias`, shape: [dFF], initialisation: { kind: "constant", value: 0 } },
      { name: `${name}.linear2.weight`, shape: [dModel, dFF], initialisation: { kind: "xavier" } },
      { name: `${name}.linear2.bias`, shape: [dModel], initialisation: { kind: "constant", value: 0 } },
    ];
  }

  constructor(parameters: Parameters, name: string, activation: ModelConfig["activation"]) {
    this.#activation = activation;
    this.#weight1 = parameters.get(`${name}.linear1.weight`);
    this.#bias1 = parameters.get(`${name}.linear1.bias`);
    this.#weight2 = parameters.get(`${name}.linear2.weight`);
    this.#bias2 = parameters.get(`${name}.linear2.bias`);
  }

  /** [T, D] to [T, D]; the rows are the tokens of `ragged`. */
  forward(run: Computation, x: Tensor, ragged: Ragged): Tensor {
    const inner =
      this.#activation === "relu"
        ? linear(run, x, this.#weight1, this.#bias1, "relu") // [T, F]
        : gelu(run, linear(run, x, this.#weight1, this.#bias1)); // [T, F]
    return linear(run, activationDropout(run, inner, ragged), this.#weight2, this.#bias2);
  }
}
