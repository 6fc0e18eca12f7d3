import type { Computation } from "../tensor/computation.ts";
import { attention, type Columns } from "../tensor/operations/attention.ts";
import { linear } from "../tensor/operations/linear.ts";
import { type Parameter, type Ragged, rowsOf, type Tensor } from "../tensor/tensor.ts";
import type { Declaration, Parameters } from "./parameters.ts";

/**
 * Multi-head attention (Vaswani et al. 2017, section 3.2.2 and figure 2):
 *
 *     MultiHead(Q, K, V) = Concat(head_1, ..., head_h) W_O
 *     head_i = Attention(Q W_Q_i, K W_K_i, V W_V_i)
 *
 * The projections of all heads stand together in one [3 D, D] matrix, queries' first, as in PyTorch.
 */
export class MultiHeadAttention {
  readonly nHeads: number;
  readonly dModel: number;
  readonly #inWeight: Parameter; // [3 D, D]: W_Q, W_K, W_V
  readonly #inBias: Parameter; // [3 D]
  readonly #outWeight: Parameter; // [D, D]: W_O
  readonly #outBias: Parameter; // [D]

  static declare(name: string, dModel: number): Declaration[] {
    return [
      { name: `${name}.in_proj_weight`, shape: [3 * dModel, dModel], initialisation: { kind: "xavier" } },
      { name: `${name}.in_proj_bias`, shape: [3 * dModel], initialisation: { kind: "constant", value: 0 } },
      { name: `${name}.out_proj.weight`, shape: [dModel, dModel], initialisation: { kind: "xavier" } },
      { name: `${name}.out_proj.bias`, shape: [dModel], initialisation: { kind: "constant", value: 0 } },
    ];
  }

  constructor(parameters: Parameters, name: string, nHeads: number) {
    this.#inWeight = parameters.get(`${name}.in_proj_weight`);
    this.#inBias = parameters.get(`${name}.in_proj_bias`);
    this.#outWeight = parameters.get(`${name}.out_proj.weight`);
    this.#outBias = parameters.get(`${name}.out_proj.bias`);
    this.nHeads = nHeads;
    this.dModel = this.#outWeight.rows;
  }

  /**
   * Queries, keys and values all come from `x`.
   *
   * @param x [T, D]
   * @param causal whether a token sees only itself and those before it, as in the decoder
   * @returns [T, D]
   */
  selfAttention(run: Computation, x: Tensor, sentences: Ragged, causal: boolean): Tensor {
    const d = this.dModel;
    const qkv = this.queriesKeysValues(run, x);
    const [q, k, v] = [qkv, qkv, qkv].map((tensor, i) => ({ tensor, first: i * d })) as [
      Columns,
      Columns,
      Columns,
    ];
    return this.project(run, attention(run, q, k, v, sentences, sentences, this.nHeads, d, causal));
  }

  /**
   * Queries come from the decoder, keys and values from the encoder's output.
   *
   * @param x [Tt, D], of the target sentences `queries`
   * @param memory [Ts, D], of the source sentences `keys`
   * @returns [Tt, D]
   */
  crossAttention(run: Computation, x: Tensor, memory: Tensor, queries: Ragged, keys: Ragged): Tensor {
    const d = this.dModel;
    const q = { tensor: this.queries(run, x), first: 0 };
    const kv = this.keysAndValues(run, memory);
    const [k, v] = [kv, kv].map((tensor, i) => ({ tensor, first: i * d })) as [Columns, Columns];
    return this.project(run, attention(run, q, k, v, queries, keys, this.nHeads, d, false));
  }

  /** x W_Q, x W_K and x W_V side by side: [T, 3 D]. */
  queriesKeysValues(run: Computation, x: Tensor): Tensor {
    return linear(run, x, this.#inWeight, this.#inBias);
  }

  /** x W_Q: [T, D]. */
  queries(run: Computation, x: Tensor): Tensor {
    const d = this.dModel;
    return linear(run, x, rowsOf(this.#inWeight, 0, d), columnsOf(this.#inBias, 0, d));
  }

  /** x W_K and x W_V side by side: [T, 2 D]. */
  keysAndValues(run: Computation, x: Tensor): Tensor {
    const d = this.dModel;
    return linear(run, x, rowsOf(this.#inWeight, d, 3 * d), columnsOf(this.#inBias, d, 3 * d));
  }

  /** Concat(heads) W_O: [T, D]. */
  project(run: Computation, heads: Tensor): Tensor {
    return linear(run, heads, this.#outWeight, this.#outBias);
  }
}

/** A part of a bias. */
function columnsOf(bias: Parameter, first: number, end: number): Parameter {
  return { pointer: bias.pointer + 4 * first, rows: 1, columns: end - first, offset: bias.offset + first };
}
