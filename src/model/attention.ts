import { at, type Pointer } from "../kernels/kernels.ts";
import type { Computation } from "../tensor/computation.ts";
import {
  attention,
  type CachedKeys,
  type Columns,
  cachedAttention,
  type Projections,
} from "../tensor/operations/attention.ts";
import { linear } from "../tensor/operations/linear.ts";
import {
  type HeadColumns,
  layOutScores,
  pairScores,
  productScores,
  weighValues,
} from "../tensor/operations/scores.ts";
import { columnsOf, type Parameter, type Ragged, rowsOf, type Tensor } from "../tensor/tensor.ts";
import type { ModelConfig } from "./config.ts";
import type { Scope } from "./parameters.ts";
import type { AttentionPositions } from "./positions.ts";
import { type Scoring, scoreScale, scoringOf } from "./scores.ts";

/** A linear projection's weight and bias. */
interface Projection {
  readonly weight: Parameter;
  readonly bias: Parameter;
}

/** What of a model says how its attentions are projected. */
export type ProjectionConfig = Pick<ModelConfig, "dModel" | "nHeads" | "kvHeads" | "shareProjections">;

/** Where queries, keys and values begin among the columns of their common projection; queries' are the first. */
interface ProjectionColumns {
  readonly dHead: number;
  /** Columns of keys, and of values: fewer than D where heads share them (Shazeer 2019; Ainslie et al. 2023). */
  readonly keyWidth: number;
  readonly k: number;
  readonly v: number;
  readonly width: number;
}

/** The columns of W_Q, W_K and W_V; those that are one and the same stand there once. */
export function projectionColumns(config: ProjectionConfig): ProjectionColumns {
  const { dModel, nHeads, kvHeads, shareProjections } = config;
  const dHead = dModel / nHeads;
  const keyWidth = (kvHeads ?? nHeads) * dHead;
  const k = shareProjections === "qk" ? 0 : dModel;
  const v = shareProjections === "kv" ? k : k + keyWidth;
  return { dHead, keyWidth, k, v, width: v + keyWidth };
}

/** What of a model says whether the fused kernel does for its attentions. */
type AttentionConfig = ProjectionConfig & Pick<ModelConfig, "scores" | "outputProjection" | "positions">;

/** Whether the fused kernel knows all there is to do in cross-attention, and in self-attention. */
export function fusedAttentions(config: AttentionConfig): {
  readonly cross: boolean;
  readonly self: boolean;
} {
  const { nHeads, kvHeads, scores, shareProjections, outputProjection, positions } = config;
  const isPlain = (kvHeads ?? nHeads) === nHeads && shareProjections === "none";
  // Without W_O the result is dropped out in place, and the fused kernel would miss it on its way back.
  const cross = scores === "scaled-dot" && isPlain && outputProjection;
  return { cross, self: cross && !["relative", "t5", "alibi"].includes(positions) };
}

/** Keys and values that are there, where a projection or a cache has them. */
export type KeysValues = Pick<Projections, "k" | "v">;

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
  /** Columns of keys, and of values: what a cache has to hold of each. */
  readonly keyWidth: number;
  readonly #columns: ProjectionColumns;
  readonly #positions: AttentionPositions;
  readonly #scoring: Scoring;
  /** What scores are multiplied by before the softmax. */
  readonly #scale: number;
  readonly #isFused: boolean;
  readonly #inWeight: Parameter; // [3 D, D]: W_Q, W_K, W_V
  readonly #inBias: Parameter; // [3 D]
  readonly #out: Projection | undefined; // [D, D]: W_O, and [D]
  readonly #name: string;
  /** Parts of the projection, once they have been asked for. */
  #queryPart: Projection | undefined; // W_Q: [D, D]
  #keyValuePart: Projection | undefined; // W_K, W_V: [2 D, D]

  /** @param positions what positions do in it, in a self-attention; none for a cross-attention */
  constructor(scope: Scope, config: ModelConfig, positions?: AttentionPositions) {
    const { nHeads, dModel, outputProjection } = config;
    this.nHeads = nHeads;
    this.dModel = dModel;
    this.#columns = projectionColumns(config);
    const { keyWidth, dHead, width } = this.#columns;
    this.keyWidth = keyWidth;
    this.#positions = positions ?? {};
    this.#inWeight = scope.matrix("in_proj_weight", width, dModel);
    this.#inBias = scope.vector("in_proj_bias", width, 0);
    this.#scoring = scoringOf(scope, config, { heads: nHeads, keyHeads: keyWidth / dHead, dHead });
    this.#scale = scoreScale(config);
    this.#isFused = fusedAttentions(config)[positions === undefined ? "cross" : "self"];
    this.#out = outputProjection
      ? {
          weight: scope.matrix("out_proj.weight", dModel, dModel),
          bias: scope.vector("out_proj.bias", dModel, 0),
        }
      : undefined;
    this.#name = scope.prefix;
  }

  /**
   * Queries, keys and values all come from `x`.
   *
   * @param x [T, D]
   * @param causal whether a token sees only itself and those before it, as in the decoder
   * @returns [T, D]
   */
  selfAttention(run: Computation, x: Tensor, sentences: Ragged, causal: boolean): Tensor {
    const { q, ...keysValues } = this.queriesKeysValues(run, x, sentences);
    return this.#attend(run, q, keysValues, sentences, sentences, causal);
  }

  /**
   * Queries come from the decoder, keys and values from the encoder's output.
   *
   * @param x [Tt, D], of the target sentences `queries`
   * @param memory [Ts, D], of the source sentences `keys`
   * @returns [Tt, D]
   */
  crossAttention(run: Computation, x: Tensor, memory: Tensor, queries: Ragged, keys: Ragged): Tensor {
    return this.#attend(run, this.queries(run, x), this.keysAndValues(run, memory), queries, keys, false);
  }

  /**
   * The same over keys and values that are there already, without a gradient.
   *
   * @param q queries of the sentences `target`
   * @param keysValues of which each sentence has the rows `keys`
   * @param weights where to leave the attention weights, for each sentence [heads, Lq, Lk]; or none
   * @returns [Tq, D]
   */
  overCache(
    run: Computation,
    q: Columns,
    keysValues: KeysValues,
    target: Ragged,
    keys: CachedKeys,
    weights?: Pointer,
  ): Tensor {
    if (this.#isFused)
      return this.#project(run, cachedAttention(run, q, keysValues, target, keys, this, weights));
    return this.#project(run, this.#stepByStep(run, q, keysValues, target, keys, false, weights));
  }

  /** x W_Q, x W_K and x W_V side by side, [T, 3 D]; where positions turn queries and keys, they are turned. */
  queriesKeysValues(run: Computation, x: Tensor, sentences: Ragged): Projections {
    const projected = linear(run, x, this.#inWeight, this.#inBias);
    const { k, v, dHead } = this.#columns;
    const heads = v / dHead; // values are the last
    const tensor = this.#positions.rotate?.(run, projected, sentences, heads) ?? projected;
    run.watched(this.#name, "qkv", tensor);
    return { q: this.#asked(run, tensor), k: this.#seen(run, tensor, k), v: { tensor, first: v } };
  }

  /** x W_Q: [T, D]. */
  queries(run: Computation, x: Tensor): Columns {
    this.#queryPart ??= this.#part(0, this.dModel);
    const { weight, bias } = this.#queryPart;
    return this.#asked(run, run.watched(this.#name, "q", linear(run, x, weight, bias)));
  }

  /** x W_K and x W_V side by side: [T, 2 D]. */
  keysAndValues(run: Computation, x: Tensor): KeysValues {
    const { k, v, width } = this.#columns;
    this.#keyValuePart ??= this.#part(k, width);
    const { weight, bias } = this.#keyValuePart;
    const tensor = run.watched(this.#name, "kv", linear(run, x, weight, bias));
    return { k: this.#seen(run, tensor, 0), v: { tensor, first: v - k } };
  }

  /** Queries as keys meet them, from where their projection is. */
  #asked(run: Computation, tensor: Tensor): Columns {
    const q = this.#heads({ tensor, first: 0 }, this.dModel);
    return this.#scoring.queries?.(run, q) ?? q;
  }

  /** Keys as queries meet them. */
  #seen(run: Computation, tensor: Tensor, first: number): Columns {
    const k = this.#heads({ tensor, first }, this.keyWidth);
    return this.#scoring.keys?.(run, k) ?? k;
  }

  #heads(columns: Columns, width: number): HeadColumns {
    const { dHead } = this.#columns;
    return { ...columns, heads: width / dHead, dHead };
  }

  #part(first: number, end: number): Projection {
    return { weight: rowsOf(this.#inWeight, first, end), bias: columnsOf(this.#inBias, first, end) };
  }

  #attend(
    run: Computation,
    q: Columns,
    keysValues: KeysValues,
    queries: Ragged,
    keys: Ragged,
    causal: boolean,
  ): Tensor {
    if (this.#isFused)
      return this.#project(run, attention(run, { q, ...keysValues }, queries, keys, this, causal));
    const where = { starts: keys.offsets, ends: at(keys.offsets, 1), longest: keys.longest };
    return this.#project(run, this.#stepByStep(run, q, keysValues, queries, where, causal));
  }

  /** Scores, their weights and the weighted values one after the other, all in memory. */
  #stepByStep(
    run: Computation,
    q: Columns,
    { k, v }: KeysValues,
    queries: Ragged,
    keys: CachedKeys,
    causal: boolean,
    weights?: Pointer,
  ): Tensor {
    const { nHeads, keyWidth } = this;
    const { network } = this.#scoring;
    const scale = this.#scale;
    const layout = layOutScores(run, queries, keys, nHeads);
    const asked = this.#heads(q, this.dModel);
    const seenKeys = this.#heads(k, keyWidth);
    const bias = this.#positions.bias?.(run, layout, asked, scale);
    const scores =
      network === undefined
        ? productScores(run, layout, asked, seenKeys, bias, weights)
        : pairScores(run, layout, asked, seenKeys, network, bias, weights);
    const seen = queries.sentences === 1 ? nHeads * queries.tokens : 1;
    const watched = (name: string): Tensor =>
      run.watched(this.#name, name, { ...scores, rows: seen, columns: layout.size / seen });
    watched("scores");
    const out = weighValues(run, layout, scores, this.#heads(v, keyWidth), queries, { causal, scale });
    watched("weights");
    return out;
  }

  /** Concat(heads) W_O: [T, D]. */
  #project(run: Computation, heads: Tensor): Tensor {
    run.watched(this.#name, "heads", heads);
    const output = this.#out === undefined ? heads : linear(run, heads, this.#out.weight, this.#out.bias);
    return run.watched(this.#name, "output", output);
  }
}
