import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ModelConfig } from "../../src/model/config.ts";
import { teacherForcedLoss } from "../../src/model/teacherForcing.ts";
import { Transformer } from "../../src/model/transformer.ts";
import { createRandom } from "../../src/random.ts";
import { Computation } from "../../src/tensor/computation.ts";
import { shardMemory } from "../../src/training/batchMemory.ts";
import { DEFAULT_TRAINING } from "../../src/training/config.ts";
import { fitToMemory } from "../../src/training/memory.ts";
import {
  everywhere,
  makePairs,
  makeWorkbench,
  randomSentences,
  SPECIAL,
  smallModel,
} from "../support/engine.ts";
import { BUILDS } from "../support/kernels.ts";

const models: fc.Arbitrary<ModelConfig> = fc
  .record({
    heads: fc.constantFrom(2, 4),
    dHead: fc.constantFrom(8, 16, 32),
    dFF: fc.constantFrom(32, 64, 200),
    nEncoderLayers: fc.integer({ min: 1, max: 3 }),
    nDecoderLayers: fc.integer({ min: 1, max: 3 }),
    norm: fc.constantFrom("pre", "post", "none"),
    normalisation: fc.constantFrom("layer", "rms"),
    activation: fc.constantFrom("relu", "gelu", "swiglu"),
    positions: fc.constantFrom("sinusoidal", "rotary", "relative", "t5", "alibi"),
    scores: fc.constantFrom("scaled-dot", "dot", "cosine", "bilinear", "additive", "network"),
    kvHeads: fc.constantFrom(null, 1, 2),
    outputProjection: fc.boolean(),
    vocabulary: fc.constantFrom(12, 100, 900),
  })
  .map(({ heads, dHead, vocabulary, ...rest }) =>
    smallModel(vocabulary, { ...rest, nHeads: heads, dModel: heads * dHead, maxLength: 64 }),
  )
  .filter(({ positions, scores }) => {
    const isProduct = scores === "scaled-dot" || scores === "dot";
    return isProduct || (positions !== "relative" && positions !== "rotary");
  });

/** Bytes that forward and backward over sentences of such lengths take of the scratch. */
function bytesTaken(
  engine: (typeof BUILDS)[number],
  config: ModelConfig,
  sources: readonly number[],
  targets: readonly number[],
): number {
  const workbench = makeWorkbench(engine);
  const { arena, heap } = workbench;
  const model = new Transformer(config, heap);
  const gradients = heap.reserve(4 * model.parameters.size);
  model.initialise(1);
  let most = 0;
  const allocate = arena.allocate.bind(arena);
  arena.allocate = (count) => {
    const pointer = allocate(count);
    const { chunk, used } = arena.mark();
    most = Math.max(most, chunk * 2 ** 25 + used);
    return pointer;
  };
  const vocabulary = config.sourceVocabSize;
  const random = createRandom(1);
  const pairs = makePairs(
    workbench,
    randomSentences(sources, vocabulary, random),
    randomSentences(targets, vocabulary, random),
    SPECIAL,
  );
  const run = new Computation(workbench, {
    ...{ gradients, freshGradients: true, keepPacks: false },
    dropout: everywhere(0.1),
  });
  const dropout = { seed: 1, step: 1, firstSentence: 0 };
  teacherForcedLoss(model, run, pairs, { smoothing: 0.1, scale: 1, dropout });
  run.tape!.backward();
  return most;
}

describe.each(BUILDS)("shardMemory, %s kernels", (engine) => {
  it("is never less than what a shard takes, and little more for each token", () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(models, lengths, lengths, (config, left, right) => {
        const count = Math.min(left.length, right.length);
        const [sources, targets] = [left.slice(0, count), right.slice(0, count)];
        const { source, target, once } = shardMemory(config);
        const sum = (of: readonly number[], ends: number): number =>
          of.reduce((total, length) => total + length + ends, 0);
        const growing = source * sum(sources, 0) + target * sum(targets, 1);
        const taken = bytesTaken(engine, config, sources, targets);
        expect(taken).toBeLessThanOrEqual(growing + once);
      }),
      { numRuns: 25 },
    );
    const config = smallModel(100, { dModel: 64, nHeads: 4, dFF: 128, maxLength: 64 });
    const [few, many] = [100, 300].map((count) => {
      const lengths = new Array<number>(count).fill(20);
      return bytesTaken(engine, config, lengths, lengths);
    }) as [number, number];
    const { source, target } = shardMemory(config);
    expect(200 * (20 * source + 21 * target)).toBeGreaterThanOrEqual(many - few);
    expect(200 * (20 * source + 21 * target)).toBeLessThan(1.5 * (many - few));
  });
});

describe("fitToMemory", () => {
  const model = smallModel(500, { dModel: 64, nHeads: 4, dFF: 128, maxLength: 64 });
  const longest = { longestSource: 30, longestTarget: 40 };
  const training = { ...DEFAULT_TRAINING, batchTokens: null };

  it("leaves batches alone where memory is not said", () => {
    expect(fitToMemory(model, DEFAULT_TRAINING, longest)).toEqual(DEFAULT_TRAINING);
  });

  it("gives batches the tokens that memory has room for: more with more, and none too few for the longest pair", () => {
    const tokens = [64, 256, 1024].map((memory) => {
      const fitted = fitToMemory(model, { ...training, memory }, longest);
      expect(fitted).toEqual({ ...training, memory: null, batchTokens: fitted.batchTokens });
      return fitted.batchTokens!;
    });
    expect(tokens).toEqual(tokens.toSorted((a, b) => a - b));
    const { source, target } = shardMemory(model);
    expect((tokens[2]! - tokens[1]!) * (source + target)).toBeCloseTo(768 * 2 ** 20, -6);
    expect(() => fitToMemory(model, { ...training, memory: 4 }, longest)).toThrow(
      /^memory is 4 MiB, but the model and its longest pair take \d+$/,
    );
  });
});
