import type { Pointer } from "../kernels/kernels.ts";
import type { Computation } from "../tensor/computation.ts";
import { attention, type CachedKeys, type Columns, cachedAttention } from "../tensor/operations/attention.ts";
import { activationDropout } from "../tensor/operations/dropout.ts";
import { gelu } from "../tensor/operations/gelu.ts";
import { layerNorm, residualNorm } from "../tensor/operations/layerNorm.ts";
import { linear } from "../tensor/operations/linear.ts";
import { residual } from "../tensor/operations/residual.ts";
import { columnsOf, type Parameter, type Ragged, rowsOf, type Tensor } from "../tensor/tensor.ts";
import type { ModelConfig } from "./config.ts";
import type { Scope } from "./parameters.ts";

/**
 * How heads attend, over whole sentences and over a cache. A score that is not the scaled dot product is a further
 * entry: nothing else in the model knows which it is.
 */
const SCORES = {
  /** softmax(Q K^T / sqrt(dHead)) V (Vaswani et al. 2017, equation 1) */
  scaledDotProduct: { attend: attention, attendToCache: cachedAttention },
};

/** A linear projection's weight and bias. */
interface Projection {
  readonly weight: Parameter;
  readonly bias: Parameter;
}

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
  readonly #score = SCORES.scaledDotProduct;
  readonly #inWeight: Parameter; // [3 D, D]: W_Q, W_K, W_V
  readonly #inBias: Parameter; // [3 D]
  readonly #outWeight: Parameter; // [D, D]: W_O
  readonly #outBias: Parameter; // [D]
  readonly #name: string;
  /** Parts of the projection, once they have been asked for. */
  #queryPart: Projection | undefined; // W_Q: [D, D]
  #keyValuePart: Projection | undefined; // W_K, W_V: [2 D, D]

  constructor(scope: Scope, { nHeads, dModel }: ModelConfig) {
    this.nHeads = nHeads;
    this.dModel = dModel;
    this.#inWeight = scope.matrix("in_proj_weight", 3 * dModel, dModel);
    this.#inBias = scope.vector("in_proj_bias", 3 * dModel, 0);
    this.#outWeight = scope.matrix("out_proj.weight", dModel, dModel);
    this.#outBias = scope.vector("out_proj.bias", dModel, 0);
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
    const tensor = this.queriesKeysValues(run, x); // [T, 3 D]
    const [q, k, v] = [0, 1, 2].map((band) => ({ tensor, first: band * this.dModel }));
    const projections = { q: q!, k: k!, v: v! };
    return this.#project(run, this.#score.attend(run, projections, sentences, sentences, this, causal));
  }

  /**
   * Queries come from the decoder, keys and values from the encoder's output.
   *
   * @param x [Tt, D], of the target sentences `queries`
   * @param memory [Ts, D], of the source sentences `keys`
   * @returns [Tt, D]
   */
  crossAttention(run: Computation, x: Tensor, memory: Tensor, queries: Ragged, keys: Ragged): Tensor {
    const q: Columns = { tensor: this.queries(run, x), first: 0 };
    const tensor = this.keysAndValues(run, memory); // [Ts, 2 D]
    const [k, v] = [0, 1].map((band) => ({ tensor, first: band * this.dModel }));
    const projections = { q, k: k!, v: v! };
    return this.#project(run, this.#score.attend(run, projections, queries, keys, this, false));
  }

  /**
   * The same over keys and values that are there already, without a gradient.
   *
   * @param queries [Tq, ...]: the first D columns are queries, of the sentences `target`
   * @param keysValues [..., 2 D]: keys and values, of which each sentence has the rows `keys`
   * @param weights where to leave the attention weights, for each sentence [heads, Lq, Lk]; or none
   * @returns [Tq, D]
   */
  overCache(
    run: Computation,
    queries: Tensor,
    keysValues: Tensor,
    target: Ragged,
    keys: CachedKeys,
    weights?: Pointer,
  ): Tensor {
    const q: Columns = { tensor: queries, first: 0 };
    return this.#project(run, this.#score.attendToCache(run, q, keysValues, target, keys, this, weights));
  }

  /** x W_Q, x W_K and x W_V side by side: [T, 3 D]. */
  queriesKeysValues(run: Computation, x: Tensor): Tensor {
    return run.watched(this.#name, "qkv", linear(run, x, this.#inWeight, this.#inBias));
  }

  /** x W_Q: [T, D]. */
  queries(run: Computation, x: Tensor): Tensor {
    this.#queryPart ??= this.#part(0, this.dModel);
    return run.watched(this.#name, "q", linear(run, x, this.#queryPart.weight, this.#queryPart.bias));
  }

  /** x W_K and x W_V side by side: [T, 2 D]. */
  keysAndValues(run: Computation, x: Tensor): Tensor {
    this.#keyValuePart ??= this.#part(this.dModel, 3 * this.dModel);
    return run.watched(this.#name, "kv", linear(run, x, this.#keyValuePart.weight, this.#keyValuePart.bias));
  }

  #part(first: number, end: number): Projection {
    return { weight: rowsOf(this.#inWeight, first, end), bias: columnsOf(this.#inBias, first, end) };
  }

  /** Concat(heads) W_O: [T, D]. */
  #project(run: Computation, heads: Tensor): Tensor {
    run.watched(this.#name, "heads", heads);
    return run.watched(this.#name, "output", linear(run, heads, this.#outWeight, this.#outBias));
  }
}

/** The first linear layer of a feed-forward network with its activation, by kind: [T, D] to [T, F]. */
const ACTIVATIONS: Record<
  ModelConfig["activation"],
  (run: Computation, x: Tensor, weight: Parameter, bias: Parameter) => Tensor
> = {
  relu: (run, x, weight, bias) => linear(run, x, weight, bias, "relu"),
  gelu: (run, x, weight, bias) => gelu(run, linear(run, x, weight, bias)),
};

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
  readonly #name: string;

  constructor(scope: Scope, { dModel, dFF, activation }: ModelConfig) {
    this.#activation = activation;
    this.#weight1 = scope.matrix("linear1.weight", dFF, dModel);
    this.#bias1 = scope.vector("linear1.bias", dFF, 0);
    this.#weight2 = scope.matrix("linear2.weight", dModel, dFF);
    this.#bias2 = scope.vector("linear2.bias", dModel, 0);
    this.#name = scope.prefix;
  }

  /** [T, D] to [T, D]; the rows are the tokens of `sentences`. */
  forward(run: Computation, x: Tensor, sentences: Ragged): Tensor {
    const inner = ACTIVATIONS[this.#activation](run, x, this.#weight1, this.#bias1); // [T, F]
    run.watched(this.#name, "inner", inner);
    const outer = linear(run, activationDropout(run, inner, sentences), this.#weight2, this.#bias2);
    return run.watched(this.#name, "output", outer);
  }
}

/** Layer normalisation with its gain and bias. */
class LayerNorm {
  readonly gamma: Parameter; // [D]
  readonly beta: Parameter; // [D]
  readonly #name: string;

  constructor(scope: Scope, { dModel }: ModelConfig) {
    this.gamma = scope.vector("weight", dModel, 1);
    this.beta = scope.vector("bias", dModel, 0);
    this.#name = scope.prefix;
  }

  /** [T, D] to [T, D]. */
  forward(run: Computation, x: Tensor): Tensor {
    return run.watched(this.#name, "normalised", layerNorm(run, x, this.gamma, this.beta));
  }
}

/** What surrounds a sublayer, by where its norm stands. */
const RESIDUALS: Record<
  ModelConfig["norm"],
  (run: Computation, x: Tensor, sentences: Ragged, norm: LayerNorm, sublayer: (x: Tensor) => Tensor) => Tensor
> = {
  /** LayerNorm(x + Dropout(Sublayer(x))) */
  post: (run, x, sentences, { gamma, beta }, sublayer) =>
    residualNorm(run, x, sublayer(x), gamma, beta, sentences),
  /** x + Dropout(Sublayer(LayerNorm(x))) (Xiong et al. 2020) */
  pre: (run, x, sentences, norm, sublayer) => residual(run, x, sublayer(norm.forward(run, x)), sentences),
};

/** The residual connection and layer normalisation around a sublayer (Vaswani et al. 2017, section 3.1). */
export class SublayerConnection {
  readonly #order: ModelConfig["norm"];
  readonly #norm: LayerNorm;
  readonly #name: string;

  constructor(scope: Scope, config: ModelConfig) {
    this.#order = config.norm;
    this.#norm = new LayerNorm(scope, config);
    this.#name = scope.prefix;
  }

  /** [T, D] to [T, D]. */
  forward(run: Computation, x: Tensor, sentences: Ragged, sublayer: (x: Tensor) => Tensor): Tensor {
    const output = RESIDUALS[this.#order](run, x, sentences, this.#norm, sublayer);
    return run.watched(this.#name, "output", output);
  }
}

/** One layer of the encoder: self-attention, then feed-forward (Vaswani et al. 2017, figure 1, left). */
export class EncoderLayer {
  readonly #selfAttention: MultiHeadAttention;
  readonly #feedForward: FeedForward;
  readonly #aroundAttention: SublayerConnection;
  readonly #aroundFeedForward: SublayerConnection;

  constructor(scope: Scope, config: ModelConfig) {
    this.#selfAttention = new MultiHeadAttention(scope.in("self_attn"), config);
    this.#feedForward = new FeedForward(scope, config);
    this.#aroundAttention = new SublayerConnection(scope.in("norm1"), config);
    this.#aroundFeedForward = new SublayerConnection(scope.in("norm2"), config);
  }

  /** [Ts, D] to [Ts, D]. */
  forward(run: Computation, x: Tensor, source: Ragged): Tensor {
    const attended = this.#aroundAttention.forward(run, x, source, (y) =>
      this.#selfAttention.selfAttention(run, y, source, false),
    );
    return this.#aroundFeedForward.forward(run, attended, source, (y) =>
      this.#feedForward.forward(run, y, source),
    );
  }
}

/** A stack of N encoder layers, with a last layer normalisation when norms come first. */
export class Encoder {
  readonly #layers: readonly EncoderLayer[];
  readonly #norm: LayerNorm | undefined;

  constructor(scope: Scope, config: ModelConfig) {
    const layers = scope.in("layers");
    this.#layers = Array.from(
      { length: config.nEncoderLayers },
      (_, i) => new EncoderLayer(layers.in(i), config),
    );
    this.#norm = config.norm === "pre" ? new LayerNorm(scope.in("norm"), config) : undefined;
  }

  /** Embedded source tokens [Ts, D] to the output of each layer [Ts, D], of which the last is normalised. */
  forward(run: Computation, x: Tensor, source: Ragged): Tensor[] {
    const outputs: Tensor[] = [];
    for (const layer of this.#layers) outputs.push(layer.forward(run, outputs.at(-1) ?? x, source));
    if (this.#norm !== undefined) outputs.push(this.#norm.forward(run, outputs.pop()!));
    return outputs;
  }
}

/** How a decoder layer attends: over whole sentences in training, over a cache when it generates. */
export interface DecoderAttention {
  /** Masked self-attention of a layer over its input [T, D]. */
  self(layer: number, attention: MultiHeadAttention, x: Tensor): Tensor;
  /** Attention of a layer's input [T, D] over the encoder's output. */
  cross(layer: number, attention: MultiHeadAttention, x: Tensor): Tensor;
}

/**
 * One layer of the decoder: masked self-attention, cross-attention, feed-forward (Vaswani et al. 2017,
 * figure 1, right).
 */
export class DecoderLayer {
  readonly #selfAttention: MultiHeadAttention;
  readonly crossAttention: MultiHeadAttention;
  readonly #feedForward: FeedForward;
  readonly #aroundSelf: SublayerConnection;
  readonly #aroundCross: SublayerConnection;
  readonly #aroundFeedForward: SublayerConnection;

  constructor(scope: Scope, config: ModelConfig) {
    this.#selfAttention = new MultiHeadAttention(scope.in("self_attn"), config);
    this.crossAttention = new MultiHeadAttention(scope.in("multihead_attn"), config);
    this.#feedForward = new FeedForward(scope, config);
    this.#aroundSelf = new SublayerConnection(scope.in("norm1"), config);
    this.#aroundCross = new SublayerConnection(scope.in("norm2"), config);
    this.#aroundFeedForward = new SublayerConnection(scope.in("norm3"), config);
  }

  /** [Tt, D] to [Tt, D]; `index` tells `attention` which layer asks. */
  forward(run: Computation, x: Tensor, target: Ragged, index: number, attention: DecoderAttention): Tensor {
    const attended = this.#aroundSelf.forward(run, x, target, (y) =>
      attention.self(index, this.#selfAttention, y),
    );
    const informed = this.#aroundCross.forward(run, attended, target, (y) =>
      attention.cross(index, this.crossAttention, y),
    );
    return this.#aroundFeedForward.forward(run, informed, target, (y) =>
      this.#feedForward.forward(run, y, target),
    );
  }
}

/** A stack of N decoder layers, with a last layer normalisation when norms come first. */
export class Decoder {
  readonly layers: readonly DecoderLayer[];
  readonly #norm: LayerNorm | undefined;

  constructor(scope: Scope, config: ModelConfig) {
    const layers = scope.in("layers");
    this.layers = Array.from(
      { length: config.nDecoderLayers },
      (_, i) => new DecoderLayer(layers.in(i), config),
    );
    this.#norm = config.norm === "pre" ? new LayerNorm(scope.in("norm"), config) : undefined;
  }

  /** Embedded target tokens [Tt, D] to what the output projection reads [Tt, D]. */
  forward(run: Computation, x: Tensor, target: Ragged, attention: DecoderAttention): Tensor {
    const last = this.layers.reduce((input, layer, i) => layer.forward(run, input, target, i, attention), x);
    return this.#norm === undefined ? last : this.#norm.forward(run, last);
  }
}
