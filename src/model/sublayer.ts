import type { Computation } from "../tensor/computation.ts";
import { layerNorm, residualNorm } from "../tensor/operations/layerNorm.ts";
import { residual } from "../tensor/operations/residual.ts";
import type { Parameter, Ragged, Tensor } from "../tensor/tensor.ts";
import type { ModelConfig } from "./config.ts";
import type { Declaration, Parameters } from "./parameters.ts";

/** Layer normalisation with its gain and bias. */
export class LayerNorm {
  readonly #gamma: Parameter; // [D]
  readonly #beta: Parameter; // [D]

  static declare(name: string, dModel: number): Declaration[] {
    return [
      { name: `${name}.weight`, shape: [dModel], initialisation: { kind: "constant", value: 1 } },
      { name: `${name}.bias`, shape: [dModel], initialisation: { kind: "constant", value: 0 } },
    ];
  }

  constructor(parameters: Parameters, name: string) {
    this.#gamma = parameters.get(`${name}.weight`);
    this.#beta = parameters.get(`${name}.bias`);
  }

  /** [T, D] to [T, D]. */
  forward(run: Computation, x: Tensor): Tensor {
    return layerNorm(run, x, this.#gamma, this.#beta);
  }

  /** LayerNorm(x + Dropout(sublayer)): [T, D]. */
  ofResidual(run: Computation, x: Tensor, sublayer: Tensor, sentences: Ragged): Tensor {
    return residualNorm(run, x, sublayer, this.#gamma, this.#beta, sentences);
  }
}

/**
 * The residual connection and layer normalisation around a sublayer (Vaswani et al. 2017, section 3.1):
 *
 *     post-norm:  LayerNorm(x + Dropout(Sublayer(x)))
 *     pre-norm:   x + Dropout(Sublayer(LayerNorm(x)))      (Xiong et al. 2020)
 */
export class SublayerConnection {
  readonly #order: ModelConfig["norm"];
  readonly #norm: LayerNorm;

  constructor(parameters: Parameters, name: string, order: ModelConfig["norm"]) {
    this.#order = order;
    this.#norm = new LayerNorm(parameters, name);
  }

  forward(run: Computation, x: Tensor, sentences: Ragged, sublayer: (x: Tensor) => Tensor): Tensor {
    if (this.#order === "pre") return residual(run, x, sublayer(this.#norm.forward(run, x)), sentences);
    return this.#norm.ofResidual(run, x, sublayer(x), sentences);
  }
}
