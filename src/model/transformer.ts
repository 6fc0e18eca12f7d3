import type { Pointer } from "../kernels/kernels.ts";
import { createRandom } from "../random.ts";
import type { Computation } from "../tensor/computation.ts";
import type { SharedMemory } from "../tensor/memory.ts";
import { embedding, type PositionTable } from "../tensor/operations/embedding.ts";
import { outputLoss } from "../tensor/operations/outputLoss.ts";
import type { Parameter, Ragged, Tensor } from "../tensor/tensor.ts";
import { type ModelConfig, validateModelConfig } from "./config.ts";
import { Decoder, type DecoderAttention } from "./decoder.ts";
import { Encoder } from "./encoder.ts";
import { type Declaration, Parameters } from "./parameters.ts";
import { fillSinusoids } from "./positionalEncoding.ts";

/** The Transformer of "Attention Is All You Need" (Vaswani et al. 2017, figure 1), over parameters in shared memory. */
export class Transformer {
  readonly config: ModelConfig;
  readonly parameters: Parameters;
  readonly decoder: Decoder;
  readonly #encoder: Encoder;
  readonly #memory: SharedMemory;
  readonly #sourceEmbedding: Parameter; // [Vs, D]
  readonly #targetEmbedding: Parameter; // [Vt, D]
  readonly outputWeight: Parameter; // [Vt, D]
  readonly outputBias: Parameter; // [Vt]
  #sinusoids: { readonly pointer: Pointer; readonly positions: number } | undefined;

  /** Every parameter of a model, in the order in which it is initialised and stored. */
  static declare(config: ModelConfig): Declaration[] {
    const { dModel, sourceVocabSize, targetVocabSize, maxLength } = config;
    const normal = { kind: "normal", deviation: dModel ** -0.5 } as const;
    const positions: Declaration[] =
      config.positions === "sinusoidal"
        ? []
        : ["source", "target"].map((side) => ({
            name: `${side}_positions.weight`,
            shape: [maxLength + 1, dModel], // one more for END or BEGIN
            initialisation: normal,
          }));
    const projection: Declaration[] =
      config.tie === "none"
        ? [
            {
              name: "output_projection.weight",
              shape: [targetVocabSize, dModel],
              initialisation: { kind: "xavier" },
            },
          ]
        : [];
    return [
      ...(config.tie === "all"
        ? []
        : [{ name: "source_embedding.weight", shape: [sourceVocabSize, dModel], initialisation: normal }]),
      { name: "target_embedding.weight", shape: [targetVocabSize, dModel], initialisation: normal },
      ...positions,
      ...Encoder.declare(config),
      ...Decoder.declare(config),
      ...projection,
      {
        name: "output_projection.bias",
        shape: [targetVocabSize],
        initialisation: { kind: "constant", value: 0 },
      },
    ];
  }

  /**
   * Takes room for the parameters; they hold zeros until {@link initialise} or a checkpoint fills them.
   *
   * @param parametersAt where another thread has the parameters of this model already
   * @throws XformerError CONFIG when the sizes do not fit together
   */
  constructor(config: ModelConfig, memory: SharedMemory, parametersAt?: Pointer) {
    this.config = validateModelConfig(config);
    this.#memory = memory;
    this.parameters = new Parameters(Transformer.declare(config), memory, parametersAt);
    this.#targetEmbedding = this.parameters.get("target_embedding.weight");
    this.#sourceEmbedding =
      config.tie === "all" ? this.#targetEmbedding : this.parameters.get("source_embedding.weight");
    this.#encoder = new Encoder(this.parameters, config);
    this.decoder = new Decoder(this.parameters, config);
    this.outputWeight =
      config.tie === "none" ? this.parameters.get("output_projection.weight") : this.#targetEmbedding;
    this.outputBias = this.parameters.get("output_projection.bias");
  }

  /** First values, the same for the same seed: Xavier uniform, embeddings normal with variance 1 / dModel. */
  initialise(seed: number): void {
    this.parameters.initialise(Transformer.declare(this.config), createRandom(seed, 0x696e6974));
  }

  /** Source tokens to the memory [Ts, D] that the decoder attends to. */
  encode(run: Computation, source: Ragged): Tensor {
    const x = embedding(run, source, this.#sourceEmbedding, this.#positions("source", source.longest));
    return this.#encoder.forward(run, x, source);
  }

  /**
   * Target tokens to the decoder's last state [Tt, D].
   *
   * @param longest one more than the largest position in `target`
   */
  decode(run: Computation, target: Ragged, attention: DecoderAttention, longest = target.longest): Tensor {
    const x = embedding(run, target, this.#targetEmbedding, this.#positions("target", longest));
    return this.decoder.forward(run, x, target, attention);
  }

  /** The decoder's last state [Tt, D] under teacher forcing: every target token sees those before it. */
  forward(run: Computation, source: Ragged, target: Ragged): Tensor {
    const memory = this.encode(run, source);
    return this.decode(run, target, {
      self: (_, attention, x) => attention.selfAttention(run, x, target, true),
      cross: (_, attention, x) => attention.crossAttention(run, x, memory, target, source),
    });
  }

  /**
   * Output projection and cross-entropy of every target token; with a tape, its `backward` then gives the
   * gradients.
   *
   * @param hidden [Tt, D]: the decoder's last state
   * @param labels Int32[Tt]
   * @param smoothing label smoothing, from 0 to below 1
   * @param scale what a token's loss weighs in the gradient
   * @returns Float32[Tt, 3]: the smoothed loss, -ln p(label), and 1 when the label has the largest logit
   */
  loss(run: Computation, hidden: Tensor, labels: Pointer, smoothing: number, scale: number): Pointer {
    return outputLoss(run, hidden, this.outputWeight, this.outputBias, labels, smoothing, scale);
  }

  /** The last position that has a row in the table; sinusoids have as many as are asked for. */
  get maxPosition(): number {
    return this.config.positions === "learned" ? this.config.maxLength : Number.POSITIVE_INFINITY;
  }

  #positions(side: "source" | "target", longest: number): PositionTable {
    if (this.config.positions === "learned") {
      return { learned: true, table: this.parameters.get(`${side}_positions.weight`) };
    }
    if (this.#sinusoids === undefined || this.#sinusoids.positions < longest) {
      // Twice as many as asked for, so that sentences that grow do not make a table each.
      const positions = Math.max(this.config.maxLength + 1, 2 * longest);
      const pointer = this.#memory.reserve(4 * positions * this.config.dModel);
      fillSinusoids(this.#memory.floats(pointer, positions * this.config.dModel), this.config.dModel);
      this.#sinusoids = { pointer, positions };
    }
    return { learned: false, pointer: this.#sinusoids.pointer };
  }
}
