import { DEFAULT_MODEL, type ModelConfig } from "../../src/model/config.ts";
import { floatsIn } from "../../src/model/parameters.ts";
import { Transformer } from "../../src/model/transformer.ts";
import { createRandom } from "../../src/random.ts";
import { Computation, type Workbench } from "../../src/tensor/computation.ts";
import { sizeOf } from "../../src/tensor/tensor.ts";
import type { Tokenizer } from "../../src/text/tokenizer.ts";
import { learnTokenizer } from "../../src/text/tokenizerKinds.ts";
import { type Checkpoint, restore } from "../../src/training/checkpointFormat.ts";
import { initialState } from "../../src/training/state.ts";
import { placeSentences, poisonScratch, randomFloats } from "./engine.ts";
import { SETTLED_TRAINING } from "./settings.ts";

/** The tokenizers of a checkpoint of tests. */
export interface Tokenizers {
  readonly source: Tokenizer;
  readonly target: Tokenizer;
}

/** Characters on both sides, each with a vocabulary of its own. */
export const TWO_ALPHABETS: Tokenizers = {
  source: learnTokenizer(["abcdefg h"], { kind: "char" }),
  target: learnTokenizer(["uvwxyz"], { kind: "char" }),
};

/** One vocabulary of characters for both sides. */
export const ONE_ALPHABET: Tokenizers = { source: TWO_ALPHABETS.source, target: TWO_ALPHABETS.source };

/** A small model with random weights that depend on nothing but its shape, as if it had been read from a file. */
export function randomCheckpoint(changes: Partial<ModelConfig>, { source, target }: Tokenizers): Checkpoint {
  const model: ModelConfig = {
    ...DEFAULT_MODEL,
    ...{ dModel: 8, nHeads: 2, dFF: 12, nEncoderLayers: 2, nDecoderLayers: 2 },
    ...{ norm: "post", activation: "relu", positions: "sinusoidal", tie: "decoder" },
    ...{ dropout: 0.1, attentionDropout: null, activationDropout: 0, maxLength: 9 },
    sourceVocabSize: source.vocabulary.size,
    targetVocabSize: target.vocabulary.size,
    ...changes,
  };
  const random = createRandom(7);
  const tensors = new Transformer(model).parameters.list.map(({ name, shape }) => {
    const data = randomFloats(floatsIn(shape), random, 0.7);
    return [name, { dtype: "F32", shape, data }] as const;
  });
  return {
    ...{ model, sourceLanguage: "xx", targetLanguage: "yy", outputLimit: 12, file: "model.safetensors" },
    ...{ sourceTokenizer: source, targetTokenizer: target },
    training: initialState(SETTLED_TRAINING, ""),
    tensors: new Map(tensors),
  };
}

/** The logits of pairs by teacher forcing, one after the other: of each target's tokens and END a row. */
export function logitsOf(
  workbench: Workbench,
  checkpoint: Checkpoint,
  pairs: readonly { readonly source: readonly number[]; readonly target: readonly number[] }[],
): Float32Array[] {
  const { bosId, eosId } = checkpoint.targetTokenizer.vocabulary;
  const model = new Transformer(checkpoint.model, workbench.heap);
  restore(checkpoint, model, workbench.heap);
  return pairs.map(({ source, target }) => {
    poisonScratch(workbench);
    const run = new Computation(workbench);
    const { maxPosition } = model;
    const sources = placeSentences(run, [[...source, eosId]], undefined, 0, maxPosition);
    const targets = placeSentences(run, [[bosId, ...target]], undefined, 1, maxPosition);
    const logits = model.logits(run, model.forward(run, sources, targets));
    return workbench.heap.floats(logits.pointer, sizeOf(logits)).slice();
  });
}

/** The largest difference between numbers that are to be the same. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}
