import type { Kernels } from "../../src/kernels/kernels.ts";
import { compileKernels, instantiateKernels } from "../../src/kernels/load.ts";
import { createReferenceKernels } from "../../src/kernels/reference/index.ts";
import type { ModelConfig } from "../../src/model/config.ts";
import { type DropoutKey, placeRagged, type TokenBatch } from "../../src/model/raggedInMemory.ts";
import type { PairBatch, SpecialIds } from "../../src/model/teacherForcing.ts";
import { Transformer } from "../../src/model/transformer.ts";
import { createRandom, type Random } from "../../src/random.ts";
import { createWorkbench, type Dropouts, type Workbench } from "../../src/tensor/computation.ts";
import { SharedMemory } from "../../src/tensor/memory.ts";
import type { Ragged } from "../../src/tensor/tensor.ts";
import { BUILDS, type Implementation } from "./kernels.ts";

/** Every implementation of the kernels: the oracle and the two builds. */
export const ENGINES: readonly Implementation[] = ["reference", ...BUILDS];

/** A workbench with a memory of its own. */
export function makeWorkbench(engine: Implementation): Workbench {
  const memory = new SharedMemory();
  return createWorkbench(makeKernels(engine, memory.wasm), memory);
}

/** Fills the scratch of a workbench with NaN, which spreads to whatever reads scratch before it is written. */
export function poisonScratch({ memory, arena }: Workbench, floats = 2 ** 13): void {
  arena.release();
  memory.floats(arena.allocate(floats), floats).fill(Number.NaN);
  arena.release();
}

function makeKernels(engine: Implementation, memory: WebAssembly.Memory): Kernels {
  if (engine === "reference") return createReferenceKernels(memory);
  return instantiateKernels(compileKernels(engine), memory);
}

/** Sentences of token ids, one behind the other. */
export function concatenate(sentences: readonly (readonly number[])[]): TokenBatch {
  const offsets = Int32Array.of(0, ...sentences.map((_, b) => sentences.slice(0, b + 1).flat().length));
  return { tokens: Int32Array.from(sentences.flat()), offsets };
}

/** Sentences of token ids in the scratch of a workbench. */
export function placeSentences(
  { memory, arena }: Pick<Workbench, "memory" | "arena">,
  sentences: readonly (readonly number[])[],
  dropout?: DropoutKey,
  side = 0,
  maxPosition?: number,
): Ragged {
  return placeRagged(memory, arena, concatenate(sentences), maxPosition, dropout, side);
}

/** Sentences of the given numbers of tokens, of random ids below `vocabulary`. */
export function randomSentences(lengths: readonly number[], vocabulary: number, random: Random): number[][] {
  return lengths.map((length) => Array.from({ length }, () => random.below(vocabulary)));
}

/** Sentence pairs as teacher forcing takes them. */
export function makePairs(
  sources: readonly (readonly number[])[],
  targets: readonly (readonly number[])[],
): PairBatch {
  const source = concatenate(sources);
  const target = concatenate(targets);
  return {
    sourceTokens: source.tokens,
    sourceOffsets: source.offsets,
    targetTokens: target.tokens,
    targetOffsets: target.offsets,
  };
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
  activation: "relu",
  positions: "sinusoidal",
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
  const model = new Transformer(config, workbench.memory);
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
