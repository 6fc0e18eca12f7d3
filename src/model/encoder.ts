import type { Computation } from "../tensor/computation.ts";
import type { Ragged, Tensor } from "../tensor/tensor.ts";
import type { ModelConfig } from "./config.ts";
import { FeedForward } from "./feedForward.ts";
import { MultiHeadAttention } from "./multiHeadAttention.ts";
import type { Declaration, Parameters } from "./parameters.ts";
import { LayerNorm, SublayerConnection } from "./sublayer.ts";

/** One layer of the encoder: self-attention, then feed-forward (Vaswani et al. 2017, figure 1, left). */
export class EncoderLayer {
  readonly #selfAttention: MultiHeadAttention;
  readonly #feedForward: FeedForward;
  readonly #sublayers: readonly [SublayerConnection, SublayerConnection];

  static declare(name: string, { dModel, dFF }: ModelConfig): Declaration[] {
    return [
      ...MultiHeadAttention.declare(`${name}.self_attn`, dModel),
      ...FeedForward.declare(name, dModel, dFF),
      ...LayerNorm.declare(`${name}.norm1`, dModel),
      ...LayerNorm.declare(`${name}.norm2`, dModel),
    ];
  }

  constructor(parameters: Parameters, name: string, { nHeads, activation, norm }: ModelConfig) {
    this.#selfAttention = new MultiHeadAttention(parameters, `${name}.self_attn`, nHeads);
    this.#feedForward = new FeedForward(parameters, name, activation);
    this.#sublayers = [
      new SublayerConnection(parameters, `${name}.norm1`, norm),
      new SublayerConnection(parameters, `${name}.norm2`, norm),
    ];
  }

  /** [Ts, D] to [Ts, D]. */
  forward(run: Computation, x: Tensor, source: Ragged): Tensor {
    const [first, second] = this.#sublayers;
    const attended = first.forward(run, x, source, (y) =>
      this.#selfAttention.selfAttention(run, y, source, false),
    );
    return second.forward(run, attended, source, (y) => this.#feedForward.forward(run, y, source));
  }
}

/** A stack of N encoder layers, with a last layer normalisation when norms come first. */
export class Encoder {
  readonly #layers: readonly EncoderLayer[];
  readonly #norm: LayerNorm | undefined;

  static declare(config: ModelConfig): Declaration[] {
    const layers = Array.from({ length: config.nEncoderLayers }, (_, i) =>
      EncoderLayer.declare(`encoder.layers.${i}`, config),
    );
    const norm = config.norm === "pre" ? LayerNorm.declare("encoder.norm", config.dModel) : [];
    return [...layers.flat(), ...norm];
  }

  constructor(parameters: Parameters, config: ModelConfig) {
    this.#layers = Array.from(
      { length: config.nEncoderLayers },
      (_, i) => new EncoderLayer(parameters, `encoder.layers.${i}`, config),
    );
    this.#norm = config.norm === "pre" ? new LayerNorm(parameters, "encoder.norm") : undefined;
  }

  /** Embedded source tokens [Ts, D] to the memory [Ts, D]. */
  forward(run: Computation, x: Tensor, source: Ragged): Tensor {
    const memory = this.#layers.reduce((input, layer) => layer.forward(run, input, source), x);
    return this.#norm === undefined ? memory : this.#norm.forward(run, memory);
  }
}
