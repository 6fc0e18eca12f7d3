import { offsetsOf, type PairBatch } from "../model/batch.ts";
import type { ModelConfig } from "../model/config.ts";
import {
  ATTENTION_KINDS,
  type AttentionKind,
  headTrace,
  type Matrix,
  meanOf,
  rowOf,
  type Trace,
  trace,
} from "../model/trace.ts";
import type { Transformer } from "../model/transformer.ts";
import type { Workbench } from "../tensor/computation.ts";
import { type Candidate, nextCandidates } from "./candidates.ts";

/** The sublayers of an encoder layer and of a decoder layer, in the order in which they act. */
const SUBLAYERS = {
  encoder: ["self-attention", "feed-forward"],
  decoder: ["self-attention", "cross-attention", "feed-forward"],
} as const;
type SublayerName = (typeof SUBLAYERS)[keyof typeof SUBLAYERS][number];

/** Tokens that are kept of those that might have come next. */
const MOST_CANDIDATES = 5;

/** The attention of every layer and head, both from 0: `attention[layer][head]`. */
export type HeadsByLayer = readonly (readonly Matrix[])[];

/** How far a sublayer moves the state of each token: Euclidean norms. */
export interface SublayerTrace {
  readonly name: SublayerName;
  /** [T]: of the state that goes past it. */
  readonly state: readonly number[];
  /** [T]: of what it adds to that. */
  readonly added: readonly number[];
}

/** What a model computes on a pair under teacher forcing, in numbers; S source tokens with END, T target tokens with END. */
export interface PairTrace {
  /** Encoder [S, S]; decoder [T, T], where a row sees no later column; cross [T, S]. Rows sum to 1. */
  readonly attention: Readonly<Record<AttentionKind, HeadsByLayer>>;
  /** By layer, the sublayers in their order. */
  readonly encoder: readonly (readonly SublayerTrace[])[];
  readonly decoder: readonly (readonly SublayerTrace[])[];
  /** [T]: the most probable tokens after each state of the decoder, best first. */
  readonly candidates: readonly (readonly Candidate[])[];
  /** [T]: the probability of each target token, END's last. */
  readonly probabilities: readonly number[];
}

/** What the size of a trace follows from. */
export interface TraceSize {
  readonly model: ModelConfig;
  /** Tokens with END. */
  readonly source: number;
  readonly target: number;
}

/** The most probable tokens of a step: five, or all of a smaller vocabulary. */
function candidatesOf({ targetVocabSize }: ModelConfig): number {
  return Math.min(MOST_CANDIDATES, targetVocabSize);
}

/**
 * A trace made of numbers, one after the other, as threads hand it over.
 *
 * @param next gives the next `count` numbers
 */
function traceOf({ model, source, target }: TraceSize, next: (count: number) => Float64Array): PairTrace {
  const { nHeads, nEncoderLayers, nDecoderLayers } = model;
  const heads = (layers: number, rows: number, columns: number): HeadsByLayer =>
    times(layers, () =>
      times(nHeads, () => ({ rows, columns, values: Float32Array.from(next(rows * columns)) })),
    );
  const sublayers = (names: readonly SublayerName[], tokens: number): SublayerTrace[] =>
    names.map((name) => ({ name, state: [...next(tokens)], added: [...next(tokens)] }));
  return {
    attention: {
      encoder: heads(nEncoderLayers, source, source),
      decoder: heads(nDecoderLayers, target, target),
      cross: heads(nDecoderLayers, target, source),
    },
    encoder: times(nEncoderLayers, () => sublayers(SUBLAYERS.encoder, source)),
    decoder: times(nDecoderLayers, () => sublayers(SUBLAYERS.decoder, target)),
    candidates: times(target, () =>
      times(candidatesOf(model), () => {
        const [id, probability] = next(2);
        return { id: id!, probability: probability! };
      }),
    ),
    probabilities: [...next(target)],
  };
}

function times<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i));
}

/** The 64-bit words that a trace takes. */
export function traceWords(size: TraceSize): number {
  const { nHeads, nEncoderLayers, nDecoderLayers } = size.model;
  const { source, target } = size;
  const attention = nEncoderLayers * source * source + nDecoderLayers * (target * target + target * source);
  const sublayers =
    SUBLAYERS.encoder.length * nEncoderLayers * source + SUBLAYERS.decoder.length * nDecoderLayers * target;
  return nHeads * attention + 2 * sublayers + (2 * candidatesOf(size.model) + 1) * target;
}

/** What {@link writeTrace} has left. */
export function readTrace(words: Float64Array, size: TraceSize): PairTrace {
  let used = 0;
  return traceOf(size, (count) => {
    used += count;
    return words.subarray(used - count, used);
  });
}

/** Runs a model over a pair and leaves what it computes where {@link readTrace} reads it. */
export function writeTrace(
  model: Transformer,
  workbench: Workbench,
  pair: PairBatch,
  wordsFor: (count: number) => Float64Array,
): void {
  const { config } = model;
  const target = offsetsOf(workbench.heap, pair.target)[1]!;
  const labels = workbench.heap.integers(pair.labels, target).slice();
  const values = trace(model, workbench, pair);
  const size = { model: config, source: values.get("encoder.input")!.rows, target };
  // Views are asked for when everything has its place.
  const words = wordsFor(traceWords(size));
  let used = 0;
  for (const numbers of numbersOf(values, labels, config)) {
    words.set(numbers, used);
    used += numbers.length;
  }
}

/** All numbers of a trace, in the order of {@link traceOf}. */
function* numbersOf(values: Trace, labels: Int32Array, config: ModelConfig): Generator<ArrayLike<number>> {
  const { nHeads, nEncoderLayers, nDecoderLayers } = config;
  const layers = { encoder: nEncoderLayers, decoder: nDecoderLayers, cross: nDecoderLayers };
  for (const kind of ATTENTION_KINDS)
    for (let layer = 0; layer < layers[kind]; layer++)
      for (let head = 0; head < nHeads; head++)
        yield headTrace(values, config, kind, layer, head).weights.values;
  for (const stack of ["encoder", "decoder"] as const) {
    let state = values.get(`${stack}.input`)!;
    for (let layer = 0; layer < layers[stack]; layer++) {
      for (const [i, name] of SUBLAYERS[stack].entries()) {
        const part = `${stack}.layers.${layer}.`;
        yield rowNorms(state);
        yield rowNorms(values.get(`${part}${OUTPUTS[name]}`)!);
        state = values.get(`${part}norm${i + 1}.output`)!;
      }
    }
  }
  const logits = values.get("logits")!;
  const steps = Array.from(labels, (_, row) => nextCandidates(rowOf(logits, row), candidatesOf(config)));
  for (const { candidates } of steps) for (const { id, probability } of candidates) yield [id, probability];
  yield steps.map(({ probability }, row) => probability(labels[row]!));
}

/** Where what a sublayer adds stands in a trace of the model, behind the name of its layer. */
const OUTPUTS: Record<SublayerName, string> = {
  "self-attention": "self_attn.output",
  "cross-attention": "multihead_attn.output",
  "feed-forward": "output",
};

function rowNorms(matrix: Matrix): number[] {
  return times(matrix.rows, (row) => Math.hypot(...rowOf(matrix, row)));
}

/** Which of the matrices are wanted: a layer and a head, both from 0, or the mean of all. */
export interface AttentionChoice {
  readonly kind: AttentionKind;
  readonly layer: number | "mean";
  readonly head: number | "mean";
}

/**
 * The attention of a layer and a head, or the mean of several.
 *
 * @throws RangeError when there is no such layer or head
 */
export function attentionOf(
  { attention }: Pick<PairTrace, "attention">,
  { kind, layer, head }: AttentionChoice,
): Matrix {
  const layers = layer === "mean" ? attention[kind] : attention[kind].slice(layer, layer + 1);
  const chosen = layers.flatMap((heads) => (head === "mean" ? heads : heads.slice(head, head + 1)));
  if (chosen.length === 0)
    throw new RangeError(`there is no ${kind} attention of layer ${layer}, head ${head}`);
  return meanOf(chosen);
}
