import { bindKernels } from "../../src/kernels/kernels.ts";
import {
  type DropoutKey,
  layOut,
  type PairBatch,
  raggedOf,
  type Sentences,
  type SpecialIds,
} from "../../src/model/batch.ts";
import type { ModelConfig } from "../../src/model/config.ts";
import { Transformer } from "../../src/model/transformer.ts";
import { createRandom, type Random } from "../../src/random.ts";
import { createWorkbench, type Dropouts, type Workbench } from "../../src/tensor/computation.ts";
import { Heap } from "../../src/tensor/heap.ts";
import type { Ragged } from "../../src/tensor/tensor.ts";
import { BUILDS, type Implementation, kernelSet } from "./kernels.ts";

/** Every implementation of the kernels: the oracle and the two builds. */
export const ENGINES: readonly Implementation[] = ["reference", ...BUILDS];

/** A workbench with a heap of its own. */
export function makeWorkbench(engine: Implementation): Workbench {
  const heap = Heap.shared();
  return createWorkbench(bindKernels(kernelSet(engine), heap.wasm), heap);
}

/** Fills the scratch of a workbench with NaN, which spreads to whatever reads scratch before it is written. */
export function poisonScratch({ heap, arena }: Workbench, floats = 2 ** 13): void {
  arena.release();
  heap.floats(arena.allocate(floats), floats).fill(Number.NaN);
  arena.release();
}

/** Sentences of token ids, one behind the other, in the scratch of a workbench. */
export function concatenate(
  { heap, arena }: Pick<Workbench, "heap" | "arena">,
  sentences: readonly (readonly number[])[],
): Sentences {
  const ids = sentences.flat();
  const tokens = arena.allocate(ids.length);
  const offsets = arena.allocate(sentences.length + 1);
  heap.integers(tokens, ids.length).set(ids);
  const starts = heap.integers(offsets, sentences.length + 1);
  starts[0] = 0;
  for (const [b, { length }] of sentences.entries()) starts[b + 1] = starts[b]! + length;
  return { sentences: sentences.length, tokens, offsets };
}

/** Sentences of token ids as operations read them. */
export function placeSentences(
  workbench: Pick<Workbench, "heap" | "arena">,
  sentences: readonly (readonly number[])[],
  dropout?: DropoutKey,
  side: 0 | 1 = 0,
  maxPosition = Number.POSITIVE_INFINITY,
): Ragged {
  return raggedOf(workbench, concatenate(workbench, sentences), { maxPosition, dropout, side });
}

/** Sentences of the given numbers of tokens, of random ids below `vocabulary`. */
export function randomSentences(lengths: readonly number[], vocabulary: number, random: Random): number[][] {
  return lengths.map((length) => Array.from({ length }, () => random.below(vocabulary)));
}

/** Sentence pairs as teacher forcing takes them; sources are taken as they are, with END or without. */
export function makePairs(
  workbench: Pick<Workbench, "heap" | "arena">,
  sources: readonly (readonly number[])[],
  targets: readonly (readonly number[])[],
  special: SpecialIds = SPECIAL,
): PairBatch {
  const { heap, arena } = workbench;
  const pairs = targets.map((target) => ({ source: new Int32Array(0), target: Int32Array.from(target) }));
  return { ...layOut(heap, arena, pairs, special), source: concatenate(workbench, sources) };
}

/** `count` numbers, uniform in [-size, size). */
export function randomFloats(count: number, random: Random, size = 1): Float32Array {
  return Float32Array.from({ length: count }, () => size * (2 * random.next() - 1));
}

/** BEGIN and END of the vocabularies in tests. */
export const SPECIAL: SpecialIds = { bosId: 1, eosId: 2 };

/** The same dropout in every kind of place. */
export function everywhere(dropout = 0): Dropouts {
  return { residual: dropout, attention: dropout, activation: dropout };
}

/** The smallest model in which every size is odd, unlike the others, or both; as the paper's otherwise. */
export const SMALL_MODEL: ModelConfig = {
  dModel: 6,
  nHeads: 2,
  dFF: 9,
  nEncoderLayers: 2,
  nDecoderLayers: 2,
  norm: "post",
  normalisation: "layer",
  activation: "relu",
  shareLayers: false,
  positions: "sinusoidal",
  scores: "scaled-dot",
  kvHeads: null,
  shareProjections: "none",
  outputProjection: true,
  tie: "none",
  dropout: 0,
  attentionDropout: null,
  activationDropout: 0,
  maxLength: 7,
  sourceVocabSize: 11,
  targetVocabSize: 11,
};

/** {@link SMALL_MODEL} with another vocabulary on both sides, and other changes. */
export function smallModel(vocabulary: number, changes: Partial<ModelConfig> = {}): ModelConfig {
  return { ...SMALL_MODEL, sourceVocabSize: vocabulary, targetVocabSize: vocabulary, ...changes };
}

/** A model with every parameter away from its first value, so that biases and norms take part in what is tested. */
export function makeModel(workbench: Workbench, config: ModelConfig, seed = 1): Transformer {
  const model = new Transformer(config, workbench.heap);
  model.initialise(seed);
  const random = createRandom(seed, 0x6e6f6973);
  for (const parameter of model.parameters.list) {
    if (parameter.shape.length > 1) continue;
    const values = model.parameters.values(parameter);
    values.forEach((value, i) => {
      values[i] = value + 0.3 * (2 * random.next() - 1);
    });
  }
  return model;
}
