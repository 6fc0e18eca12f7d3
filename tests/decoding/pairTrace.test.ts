import { afterAll, describe, expect, it } from "vitest";
import { meanCrossAttention } from "../../src/decoding/crossAttention.ts";
import {
  attentionOf,
  type PairTrace,
  readTrace,
  traceWords,
  writeTrace,
} from "../../src/decoding/pairTrace.ts";
import { scorePairs } from "../../src/decoding/scorer.ts";
import { Translator } from "../../src/decoding/translator.ts";
import { JOBS } from "../../src/jobs.ts";
import type { ModelConfig } from "../../src/model/config.ts";
import { ATTENTION_KINDS } from "../../src/model/config.ts";
import { createRandom } from "../../src/random.ts";
import { WorkerPool } from "../../src/replicas/workerPool.ts";
import { learnTokenizer } from "../../src/text/tokenizerKinds.ts";
import {
  makeModel,
  makePairs,
  makeWorkbench,
  poisonScratch,
  randomSentences,
  SMALL_MODEL,
  smallModel,
} from "../support/engine.ts";

/** What there is to see of one random pair: a source of five tokens, END among them, and a target of three and END. */
function traceOf(config: ModelConfig): { trace: PairTrace; mean: Float32Array; probabilities: number[] } {
  const workbench = makeWorkbench("strict");
  const model = makeModel(workbench, config);
  const random = createRandom(7);
  const [source] = randomSentences([5], config.sourceVocabSize, random);
  const [target] = randomSentences([3], config.targetVocabSize, random);
  const pair = () => makePairs(workbench, [source!], [target!]);
  poisonScratch(workbench);
  const [mean] = meanCrossAttention(model, workbench, pair());
  const [score] = scorePairs(model, workbench, pair());
  poisonScratch(workbench);
  let words = new Float64Array(0);
  writeTrace(model, workbench, pair(), (count) => (words = new Float64Array(count)));
  const size = { model: config, source: 5, target: 4 };
  expect(words).toHaveLength(traceWords(size));
  const probabilities = score!.tokenLogProbabilities.map(Math.exp);
  return { trace: readTrace(words, size), mean: mean!.values, probabilities };
}

describe.each<[string, Partial<ModelConfig>]>([
  ["norms behind the sublayers", {}],
  ["norms before them", { norm: "pre" }],
  [
    "three layers of three heads over learned positions",
    { nHeads: 3, nDecoderLayers: 3, positions: "learned" },
  ],
])("what is seen of a model with %s", (_, changes) => {
  const config = { ...SMALL_MODEL, ...changes };
  const { trace, mean, probabilities } = traceOf(config);

  it("has every layer and head; rows sum to 1, and no state of the decoder looks ahead", () => {
    const { nHeads, nEncoderLayers, nDecoderLayers } = config;
    const shapes = { encoder: [5, 5], decoder: [4, 4], cross: [4, 5] };
    for (const kind of ATTENTION_KINDS) {
      const layers = trace.attention[kind];
      expect(layers).toHaveLength(kind === "encoder" ? nEncoderLayers : nDecoderLayers);
      for (const { rows, columns, values } of layers.flatMap((heads) => {
        expect(heads).toHaveLength(nHeads);
        return heads;
      })) {
        expect([rows, columns]).toEqual(shapes[kind]);
        for (let row = 0; row < rows; row++) {
          const weights = values.slice(row * columns, (row + 1) * columns);
          expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5);
          if (kind === "decoder")
            expect([...weights.slice(row + 1)]).toEqual(Array(columns - row - 1).fill(0));
        }
      }
    }
  });

  it("is the cross-attention that alignments are made of", () => {
    const last = config.nDecoderLayers - 1;
    const { values } = attentionOf(trace, { kind: "cross", layer: last, head: "mean" });
    expect(values).toHaveLength(mean.length);
    for (const [i, value] of values.entries()) expect(Math.abs(value - mean[i]!)).toBeLessThan(1e-5);
  });

  it("gives targets the probabilities that scoring gives them, and names what is more probable", () => {
    for (const [t, probability] of trace.probabilities.entries()) {
      expect(probability).toBeCloseTo(probabilities[t]!, 5);
      const found = trace.candidates[t]!.map((candidate) => candidate.probability);
      expect(found).toHaveLength(5);
      expect(found).toEqual(found.toSorted((a, b) => b - a));
      expect(found[0]).toBeGreaterThanOrEqual(probability - 1e-6);
      expect(found.reduce((sum, value) => sum + value, 0)).toBeLessThan(1 + 1e-5);
    }
  });

  it("says how long states are: what a sublayer has added leads to the state of the next, where norms come first", () => {
    const first = trace.encoder[0]![0]!;
    expect(first.name).toBe("self-attention");
    expect(trace.decoder.map((layer) => layer.map(({ name }) => name))).toEqual(
      Array.from({ length: config.nDecoderLayers }, () => [
        "self-attention",
        "cross-attention",
        "feed-forward",
      ]),
    );
    for (const [before, after] of [...trace.encoder, ...trace.decoder].map((layer) => layer.slice(0, 2))) {
      for (const [t, norm] of after!.state.entries()) {
        expect(norm).toBeGreaterThan(0);
        if (config.norm !== "pre") continue;
        // The triangle inequality.
        expect(norm).toBeLessThanOrEqual(before!.state[t]! + before!.added[t]! + 1e-5);
        expect(norm).toBeGreaterThanOrEqual(Math.abs(before!.state[t]! - before!.added[t]!) - 1e-5);
      }
    }
  });

  it("has means of heads and of layers", () => {
    const [first, second] = [0, 1].map(
      (head) => attentionOf(trace, { kind: "encoder", layer: 0, head }).values,
    );
    const { nHeads } = config;
    const all = attentionOf(trace, { kind: "encoder", layer: "mean", head: "mean" }).values;
    const layers = trace.attention.encoder.map(
      (_heads, layer) => attentionOf(trace, { kind: "encoder", layer, head: "mean" }).values,
    );
    for (const [i, value] of all.entries())
      expect(value).toBeCloseTo(layers.reduce((sum, values) => sum + values[i]!, 0) / layers.length, 6);
    if (nHeads === 2) {
      const mean = attentionOf(trace, { kind: "encoder", layer: 0, head: "mean" }).values;
      expect(mean[1]).toBeCloseTo((first![1]! + second![1]!) / 2, 6);
    }
    expect(() => attentionOf(trace, { kind: "cross", layer: 9, head: 0 })).toThrow(RangeError);
  });
});

describe("Translator.trace", () => {
  const tokenizer = learnTokenizer(["a b c d e f g h"], { kind: "word" });
  const config = smallModel(tokenizer.vocabulary.size, { tie: "all" });
  const pool = new WorkerPool(config, JOBS, { threads: 2 });
  pool.main.model.initialise(1);
  const translator = new Translator(pool, tokenizer, tokenizer, { outputLimit: 6 });
  afterAll(() => pool.close());

  it("looks at the model's own translation, whose tokens are the most probable ones", async () => {
    const [translation] = await translator.translate(["a b owl"]);
    const trace = await translator.trace("a b owl");
    expect(trace.text).toBe(translation!.text);
    expect(trace.isOwn).toBe(true);
    expect(trace.ended).toBe(translation!.hypotheses[0]!.ended);
    const { tokenLogProbabilities } = translation!.hypotheses[0]!;
    for (const [t, logProbability] of tokenLogProbabilities.entries()) {
      const { written, candidates } = trace.steps[t]!;
      expect(candidates[0]!.id).toBe(written.id);
      expect(written.probability).toBeCloseTo(Math.exp(logProbability), 6);
    }
  });

  it("names tokens: END, BEGIN, and the word that is not known", async () => {
    const { source, target, steps, isOwn } = await translator.trace("a owl", "b c");
    expect(source.tokens.map(({ text }) => text)).toEqual(["a", "owl", "</s>"]);
    expect(source.tokens.map(({ isUnknown }) => isUnknown)).toEqual([false, true, false]);
    expect(target.tokens.map(({ text }) => text)).toEqual(["<s>", "b", "c"]);
    expect(steps.map(({ written }) => written.text)).toEqual(["b", "c", "</s>"]);
    expect(isOwn).toBe(false);
  });

  it("says how long the vectors are that a sentence begins as", async () => {
    const { source, encoder } = await translator.trace("a b c");
    // Sines and cosines of the same angles: half of dModel.
    for (const norm of source.position) expect(norm).toBeCloseTo(Math.sqrt(config.dModel / 2), 5);
    const { state } = encoder[0]![0]!;
    for (const [i, norm] of source.sum.entries()) expect(norm).toBeCloseTo(state[i]!, 4);
    expect(new Set(source.embedding.map((norm) => norm.toFixed(6))).size).toBe(4);
  });

  it("refuses what cannot be looked at", async () => {
    await expect(translator.trace(" ")).rejects.toThrow("the source has no token");
    await expect(translator.trace("a b c d e f g h")).rejects.toThrow(
      "the source has 8 tokens, the model takes 7 at most",
    );
    await expect(translator.trace("a", "a b c d e f g h")).rejects.toThrow("the target has 8 tokens");
  });

  it("takes its turn among other work", async () => {
    const alone = await translator.trace("a b c");
    const [together, , again] = await Promise.all([
      translator.trace("a b c"),
      translator.translate(["a b", "c d e"], { beam: 3 }),
      translator.trace("a b c"),
    ]);
    expect(together).toEqual(alone);
    expect(again).toEqual(alone);
  });
});
