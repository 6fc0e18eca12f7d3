import type { Pointer } from "../kernels/kernels.ts";
import { createRandom } from "../random.ts";
import type { Computation } from "../tensor/computation.ts";
import type { Heap } from "../tensor/heap.ts";
import { embedding, type PositionTable } from "../tensor/operations/embedding.ts";
import { linear } from "../tensor/operations/linear.ts";
import { outputLoss } from "../tensor/operations/outputLoss.ts";
import type { Parameter, Ragged, Tensor } from "../tensor/tensor.ts";
import { type ModelConfig, validateModelConfig } from "./config.ts";
import { Decoder, type DecoderAttention, Encoder } from "./layers.ts";
import { type NamedParameter, Parameters, Scope } from "./parameters.ts";

/** The encoder's output as a decoder layer sees it: [Ts, D]. */
export type Memory = (layer: number) => Tensor;

/** How encoder and decoder are wired: from the outputs of the encoder's layers to what decoder layers attend to. */
const WIRINGS = {
  /** Every decoder layer attends to the top of the encoder (Vaswani et al. 2017, figure 1). */
  top: (outputs: readonly Tensor[]): Memory => {
    const top = outputs.at(-1)!;
    return () => top;
  },
};

/**
 * Where the positions of a side come from, by kind. `parameters` are asked for where the model is made, `table` where it
 * runs.
 */
const POSITIONS: Record<
  ModelConfig["positions"],
  (scope: Scope, config: ModelConfig) => (run: Computation, longest: number) => PositionTable
> = {
  /** Sines and cosines (Vaswani et al. 2017, section 3.5), in a table that is made when it is first asked for. */
  sinusoidal: (_, config) => {
    let known: { readonly pointer: Pointer; readonly positions: number } | undefined;
    return ({ heap }, longest) => {
      if (known === undefined || known.positions < longest) {
        // Twice as many as asked for, so that sentences that grow do not make a table each.
        const positions = Math.max(config.maxLength + 1, 2 * longest);
        const pointer = heap.reserve(4 * positions * config.dModel);
        fillSinusoids(heap.floats(pointer, positions * config.dModel), config.dModel);
        known = { pointer, positions };
      }
      return { learned: false, pointer: known.pointer };
    };
  },
  /** A table that is learned, with a row more than the longest sentence, for BEGIN or END. */
  learned: (scope, { maxLength, dModel }) => {
    const table = scope.table("weight", maxLength + 1, dModel);
    return () => ({ learned: true, table });
  },
  none: noTable,
  relative: noTable,
  t5: noTable,
  rotary: noTable,
  alibi: noTable,
};

/** Nothing is added to embeddings: a table of zeros. What there is of positions is in the self-attentions. */
function noTable(_: Scope, { dModel, maxLength }: ModelConfig) {
  let known: { readonly pointer: Pointer; readonly positions: number } | undefined;
  return ({ heap }: Computation, longest: number): PositionTable => {
    if (known === undefined || known.positions < longest) {
      const positions = Math.max(maxLength + 1, 2 * longest);
      known = { pointer: heap.reserve(4 * positions * dModel), positions };
    }
    return { learned: false, pointer: known.pointer };
  };
}

/** The Transformer of "Attention Is All You Need" (Vaswani et al. 2017, figure 1), over parameters in the heap. */
export class Transformer {
  readonly config: ModelConfig;
  readonly parameters = new Parameters();
  readonly decoder: Decoder;
  readonly #encoder: Encoder;
  readonly #sourceEmbedding: NamedParameter; // [Vs, D]
  readonly #targetEmbedding: NamedParameter; // [Vt, D]
  readonly #sourcePositions: (run: Computation, longest: number) => PositionTable;
  readonly #targetPositions: (run: Computation, longest: number) => PositionTable;
  readonly #outputWeight: Parameter; // [Vt, D]
  readonly #outputBias: Parameter; // [Vt]

  /**
   * Makes the model; its parameters hold zeros until {@link initialise} or a checkpoint fills them. The order in which
   * they are asked for is the one in which they are initialised and stored.
   *
   * @param heap where the parameters take room; without one the model only says which it has
   * @param parametersAt where another thread has the parameters of this model already
   * @throws XformerError CONFIG when the sizes do not fit together
   */
  constructor(config: ModelConfig, heap?: Heap, parametersAt?: Pointer) {
    this.config = validateModelConfig(config);
    const { dModel, sourceVocabSize, targetVocabSize, tie } = config;
    const scope = new Scope(this.parameters);
    const own = tie === "all" ? undefined : scope.table("source_embedding.weight", sourceVocabSize, dModel);
    this.#targetEmbedding = scope.table("target_embedding.weight", targetVocabSize, dModel);
    this.#sourceEmbedding = own ?? this.#targetEmbedding;
    const positions = POSITIONS[config.positions];
    this.#sourcePositions = positions(scope.in("source_positions"), config);
    this.#targetPositions = positions(scope.in("target_positions"), config);
    this.#encoder = new Encoder(scope.in("encoder"), config);
    this.decoder = new Decoder(scope.in("decoder"), config);
    this.#outputWeight =
      tie === "none"
        ? scope.matrix("output_projection.weight", targetVocabSize, dModel)
        : this.#targetEmbedding;
    this.#outputBias = scope.vector("output_projection.bias", targetVocabSize, 0);
    if (heap !== undefined) this.parameters.place(heap, parametersAt);
  }

  /** First values, the same for the same seed: Xavier uniform, embeddings normal with variance 1 / dModel. */
  initialise(seed: number): void {
    this.parameters.initialise(createRandom(seed, 0x696e6974));
  }

  /** Source tokens to the memory that the decoder attends to. */
  encode(run: Computation, source: Ragged): Memory {
    const x = embedding(run, source, this.#sourceEmbedding, this.#sourcePositions(run, source.longest));
    run.watched("encoder.", "input", x);
    return WIRINGS.top(this.#encoder.forward(run, x, source));
  }

  /**
   * Target tokens to the decoder's last state [Tt, D].
   *
   * @param longest one more than the largest position in `target`
   */
  decode(run: Computation, target: Ragged, attention: DecoderAttention, longest = target.longest): Tensor {
    const x = embedding(run, target, this.#targetEmbedding, this.#targetPositions(run, longest));
    run.watched("decoder.", "input", x);
    return this.decoder.forward(run, x, target, attention);
  }

  /** The decoder's last state [Tt, D] under teacher forcing: every target token sees those before it. */
  forward(run: Computation, source: Ragged, target: Ragged): Tensor {
    const memory = this.encode(run, source);
    return this.decode(run, target, {
      self: (_, attention, x) => attention.selfAttention(run, x, target, true),
      cross: (layer, attention, x) => attention.crossAttention(run, x, memory(layer), target, source),
    });
  }

  /** The logits [Tt, V] of the tokens that follow. */
  logits(run: Computation, hidden: Tensor): Tensor {
    return run.watched("", "logits", linear(run, hidden, this.#outputWeight, this.#outputBias));
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
    return outputLoss(run, hidden, this.#outputWeight, this.#outputBias, labels, smoothing, scale);
  }

  /** The embedding table of a side, [V, D], as a view: of tied embeddings the same for both. */
  embeddingTable(side: "source" | "target"): Float32Array {
    return this.parameters.values(side === "source" ? this.#sourceEmbedding : this.#targetEmbedding);
  }

  /** What is added to the embeddings of the first positions of a side, [count, D]: of learned ones as many as there are. */
  positionRows(side: "source" | "target", count: number): Float32Array {
    const { dModel, positions } = this.config;
    if (positions === "learned")
      return this.parameters
        .values(this.parameters.get(`${side}_positions.weight`))
        .subarray(0, count * dModel);
    const rows = new Float32Array(count * dModel);
    if (positions === "sinusoidal") fillSinusoids(rows, dModel);
    return rows;
  }

  /** The last position that has a row in the table; sinusoids have as many as are asked for. */
  get maxPosition(): number {
    return this.config.positions === "learned" ? this.config.maxLength : Number.POSITIVE_INFINITY;
  }
}

/**
 * Sinusoidal positional encodings (Vaswani et al. 2017, section 3.5):
 *
 *     PE(pos, 2i)     = sin(pos / 10000^(2i / dModel))
 *     PE(pos, 2i + 1) = cos(pos / 10000^(2i / dModel))
 *
 * @param table [positions, dModel], filled
 */
export function fillSinusoids(table: Float32Array, dModel: number): void {
  for (let at = 0; at < table.length; at++) {
    const position = Math.floor(at / dModel);
    const dimension = at % dModel;
    const angle = position / 10_000 ** ((dimension - (dimension % 2)) / dModel);
    table[at] = dimension % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  }
}
