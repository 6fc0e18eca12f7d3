import type { Computation } from "../tensor/computation.ts";
import type { Ragged, Tensor } from "../tensor/tensor.ts";
import type { ModelConfig } from "./config.ts";
import { FeedForward } from "./feedForward.ts";
import { MultiHeadAttention } from "./multiHeadAttention.ts";
import type { Declaration, Parameters } from "./parameters.ts";
import { LayerNorm, SublayerConnection } from "./sublayer.ts";

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
  readonly selfAttention: MultiHeadAttention;
  readonly crossAttention: MultiHeadAttention;
  readonly #feedForward: FeedForward;
  readonly #sublayers: readonly [SublayerConnection, SublayerConnection, SublayerConnection];

  static declare(name: string, { dModel, dFF }: ModelConfig): Declaration[] {
    return [
      ...MultiHeadAttention.declare(`${name}.self_attn`, dModel),
      ...MultiHeadAttention.declare(`${name}.multihead_attn`, dModel),
      ...FeedForward.declare(name, dModel, dFF),
      ...LayerNorm.declare(`${name}.norm1`, dModel),
      ...LayerNorm.declare(`${name}.norm2`, dModel),
      ...LayerNorm.declare(`${name}.norm3`, dModel),
    ];
  }

  constructor(parameters: Parameters, name: string, { nHeads, activation, norm }: ModelConfig) {
    this.selfAttention = new MultiHeadAttention(parameters, `${name}.self_attn`, nHeads);
    this.crossAttention = new MultiHeadAttention(parameters, `${name}.multihead_attn`, nHeads);
    this.#feedForward = new FeedForward(parameters, name, activation);
    this.#sublayers = [
      new SublayerConnection(parameters, `${name}.norm1`, norm),
      new SublayerConnection(parameters, `${name}.norm2`, norm),
      new SublayerConnection(parameters, `${name}.norm3`, norm),
    ];
  }

  /** [Tt, D] to [Tt, D]; `index` tells `attention` which layer asks. */
  forward(run: Computation, x: Tensor, target: Ragged, index: number, attention: DecoderAttention): Tensor {
    const [first, second, third] = this.#sublayers;
    const attended = first.forward(run, x, target, (y) => attention.self(index, this.selfAttention, y));
    const informed = second.forward(run, attended, target, (y) =>
      attention.cross(index, this.crossAttention, y),
    );
    return third.forward(run, informed, target, (y) => this.#feedForward.forward(run, y, target));
  }
}

/** A stack of N decoder layers, with a last layer normalisation when norms come first. */
export class Decoder {
  readonly layers: readonly DecoderLayer[];
  readonly #norm: LayerNorm | undefined;

  static declare(config: ModelConfig): Declaration[] {
    const layers = Array.from({ length: config.nDecoderLayers }, (_, i) =>
      DecoderLayer.declare(`decoder.layers.${i}`, config),
    );
    const norm = config.norm === "pre" ? LayerNorm.declare("decoder.norm", config.dModel) : [];
    return [...layers.flat(), ...norm];
  }

  constructor(parameters: Parameters, config: ModelConfig) {
    this.layers = Array.from(
      { length: config.nDecoderLayers },
      (_, i) => new DecoderLayer(parameters, `decoder.layers.${i}`, config),
    );
    this.#norm = config.norm === "pre" ? new LayerNorm(parameters, "decoder.norm") : undefined;
  }

  /** Embedded target tokens [Tt, D] to what the output projection reads [Tt, D]. */
  forward(run: Computation, x: Tensor, target: Ragged, attention: DecoderAttention): Tensor {
    const last = this.layers.reduce((input, layer, i) => layer.forward(run, input, target, i, attention), x);
    return this.#norm === undefined ? last : this.#norm.forward(run, last);
  }
}
