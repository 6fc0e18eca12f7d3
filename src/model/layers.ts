import type { Computation } from "../tensor/computation.ts";
import { activationDropout } from "../tensor/operations/dropout.ts";
import { gelu } from "../tensor/operations/gelu.ts";
import { layerNorm, residualNorm } from "../tensor/operations/layerNorm.ts";
import { linear } from "../tensor/operations/linear.ts";
import { residual } from "../tensor/operations/residual.ts";
import { rmsNorm } from "../tensor/operations/rmsNorm.ts";
import { swiglu } from "../tensor/operations/swiglu.ts";
import type { Parameter, Ragged, Tensor } from "../tensor/tensor.ts";
import { MultiHeadAttention } from "./attention.ts";
import type { ModelConfig } from "./config.ts";
import type { Scope } from "./parameters.ts";
import { type StackPositions, stackPositions } from "./positions.ts";

/** The first linear layer of a feed-forward network with its activation, by kind: [T, D] to [T, F]. */
const ACTIVATIONS: Record<
  ModelConfig["activation"],
  {
    /** Rows of its weight for each column of the result. */
    readonly rows: 1 | 2;
    readonly forward: (run: Computation, x: Tensor, weight: Parameter, bias: Parameter) => Tensor;
  }
> = {
  relu: { rows: 1, forward: (run, x, weight, bias) => linear(run, x, weight, bias, "relu") },
  gelu: { rows: 1, forward: (run, x, weight, bias) => gelu(run, linear(run, x, weight, bias)) },
  /** A gate and a value, so that the first layer is twice as wide (Shazeer 2020). */
  swiglu: { rows: 2, forward: (run, x, weight, bias) => swiglu(run, linear(run, x, weight, bias)) },
};

/**
 * The position-wise feed-forward network (Vaswani et al. 2017, equation 2):
 *
 *     FFN(x) = max(0, x W_1 + b_1) W_2 + b_2
 */
export class FeedForward {
  readonly #activation: ModelConfig["activation"];
  readonly #weight1: Parameter; // [F, D], or twice as many rows
  readonly #bias1: Parameter; // [F]
  readonly #weight2: Parameter; // [D, F]
  readonly #bias2: Parameter; // [D]
  readonly #name: string;

  constructor(scope: Scope, { dModel, dFF, activation }: ModelConfig) {
    this.#activation = activation;
    const inner = ACTIVATIONS[activation].rows * dFF;
    this.#weight1 = scope.matrix("linear1.weight", inner, dModel);
    this.#bias1 = scope.vector("linear1.bias", inner, 0);
    this.#weight2 = scope.matrix("linear2.weight", dModel, dFF);
    this.#bias2 = scope.vector("linear2.bias", dModel, 0);
    this.#name = scope.prefix;
  }

  /** [T, D] to [T, D]; the rows are the tokens of `sentences`. */
  forward(run: Computation, x: Tensor, sentences: Ragged): Tensor {
    const inner = ACTIVATIONS[this.#activation].forward(run, x, this.#weight1, this.#bias1); // [T, F]
    run.watched(this.#name, "inner", inner);
    const outer = linear(run, activationDropout(run, inner, sentences), this.#weight2, this.#bias2);
    return run.watched(this.#name, "output", outer);
  }
}

/** A normalisation with its parameters. */
interface Norm {
  /** [T, D] to [T, D]. */
  forward(run: Computation, x: Tensor): Tensor;
  /** The same of x + Dropout(sublayer), in one pass where there is one; uses `sublayer` up. */
  ofSum(run: Computation, x: Tensor, sublayer: Tensor, sentences: Ragged): Tensor;
}

/** What normalises a row, by kind. */
const NORMALISATIONS: Record<ModelConfig["normalisation"], (scope: Scope, config: ModelConfig) => Norm> = {
  /** To mean 0 and variance 1, with a gain and a bias (Ba et al. 2016). */
  layer: (scope, { dModel }) => {
    const gamma = scope.vector("weight", dModel, 1);
    const beta = scope.vector("bias", dModel, 0);
    return {
      forward: (run, x) => layerNorm(run, x, gamma, beta),
      ofSum: (run, x, sublayer, sentences) => residualNorm(run, x, sublayer, gamma, beta, sentences),
    };
  },
  /** To a mean square of 1, with a gain (Zhang and Sennrich 2019). */
  rms: (scope, { dModel }) => {
    const gamma = scope.vector("weight", dModel, 1);
    return {
      forward: (run, x) => rmsNorm(run, x, gamma),
      ofSum: (run, x, sublayer, sentences) => rmsNorm(run, residual(run, x, sublayer, sentences), gamma),
    };
  },
};

/** The normalisation before a sublayer, or at the end of a stack. */
class NormBefore {
  readonly #norm: Norm;
  readonly #name: string;

  constructor(scope: Scope, config: ModelConfig) {
    this.#norm = NORMALISATIONS[config.normalisation](scope, config);
    this.#name = scope.prefix;
  }

  /** [T, D] to [T, D]. */
  forward(run: Computation, x: Tensor): Tensor {
    return run.watched(this.#name, "normalised", this.#norm.forward(run, x));
  }
}

/** What surrounds a sublayer. */
type Residual = (run: Computation, x: Tensor, sentences: Ragged, sublayer: (x: Tensor) => Tensor) => Tensor;

/** What surrounds a sublayer, by where its norm stands. */
const RESIDUALS: Record<ModelConfig["norm"], (scope: Scope, config: ModelConfig) => Residual> = {
  /** LayerNorm(x + Dropout(Sublayer(x))) */
  post: (scope, config) => {
    const norm = NORMALISATIONS[config.normalisation](scope, config);
    return (run, x, sentences, sublayer) => norm.ofSum(run, x, sublayer(x), sentences);
  },
  /** x + Dropout(Sublayer(LayerNorm(x))) (Xiong et al. 2020) */
  pre: (scope, config) => {
    const norm = new NormBefore(scope, config);
    return (run, x, sentences, sublayer) => residual(run, x, sublayer(norm.forward(run, x)), sentences);
  },
  /** x + Dropout(Sublayer(x)) */
  none: () => (run, x, sentences, sublayer) => residual(run, x, sublayer(x), sentences),
};

/** The residual connection and layer normalisation around a sublayer (Vaswani et al. 2017, section 3.1). */
export class SublayerConnection {
  readonly #residual: Residual;
  readonly #name: string;

  constructor(scope: Scope, config: ModelConfig) {
    this.#residual = RESIDUALS[config.norm](scope, config);
    this.#name = scope.prefix;
  }

  /** [T, D] to [T, D]. */
  forward(run: Computation, x: Tensor, sentences: Ragged, sublayer: (x: Tensor) => Tensor): Tensor {
    return run.watched(this.#name, "output", this.#residual(run, x, sentences, sublayer));
  }
}

/** The scopes of a stack's layers: of one and the same parameters, where layers are shared (Dehghani et al. 2019). */
function layerScopes(stack: Scope, count: number, { shareLayers }: ModelConfig): Scope[] {
  const layers = stack.in("layers");
  return Array.from({ length: count }, (_, i) => (shareLayers ? layers.in(i, 0) : layers.in(i)));
}

/** One layer of the encoder: self-attention, then feed-forward (Vaswani et al. 2017, figure 1, left). */
export class EncoderLayer {
  readonly #selfAttention: MultiHeadAttention;
  readonly #feedForward: FeedForward;
  readonly #aroundAttention: SublayerConnection;
  readonly #aroundFeedForward: SublayerConnection;

  constructor(scope: Scope, config: ModelConfig, positions: StackPositions) {
    const attention = scope.in("self_attn");
    this.#selfAttention = new MultiHeadAttention(attention, config, positions(attention));
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
  readonly #norm: NormBefore | undefined;

  constructor(scope: Scope, config: ModelConfig) {
    const positions = stackPositions(scope, config, false);
    const scopes = layerScopes(scope, config.nEncoderLayers, config);
    this.#layers = scopes.map((layer) => new EncoderLayer(layer, config, positions));
    this.#norm = config.norm === "pre" ? new NormBefore(scope.in("norm"), config) : undefined;
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

  constructor(scope: Scope, config: ModelConfig, positions: StackPositions) {
    const attention = scope.in("self_attn");
    this.#selfAttention = new MultiHeadAttention(attention, config, positions(attention));
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
  readonly #norm: NormBefore | undefined;

  constructor(scope: Scope, config: ModelConfig) {
    const positions = stackPositions(scope, config, true);
    const scopes = layerScopes(scope, config.nDecoderLayers, config);
    this.layers = scopes.map((layer) => new DecoderLayer(layer, config, positions));
    this.#norm = config.norm === "pre" ? new NormBefore(scope.in("norm"), config) : undefined;
  }

  /** Embedded target tokens [Tt, D] to what the output projection reads [Tt, D]. */
  forward(run: Computation, x: Tensor, target: Ragged, attention: DecoderAttention): Tensor {
    const last = this.layers.reduce((input, layer, i) => layer.forward(run, input, target, i, attention), x);
    return this.#norm === undefined ? last : this.#norm.forward(run, last);
  }
}
