import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadModel, train } from "../../src/index.ts";
import type { KernelSetName } from "../../src/kernels/kernels.ts";
import { whyMissing } from "../../src/kernels/load.ts";
import type { TrainOptions } from "../../src/training/train.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { letterPairs, writeFiles } from "../support/cli.ts";

const directory = temporaryDirectory();
writeFiles(directory, { "train.tsv": letterPairs(400), "valid.tsv": letterPairs(12) });

/** Every choice of the paper's model is in one of them, and sizes that no vector divides. */
const CONFIGURATIONS: Readonly<Record<string, Required<Pick<TrainOptions, "model" | "training">>>> = {
  "post-norm, ReLU, sinusoids": {
    model: { dModel: 64, nHeads: 4, dFF: 128, nEncoderLayers: 2, nDecoderLayers: 2, dropout: 0.1 },
    training: { labelSmoothing: 0.1, clipNorm: 1 },
  },
  "pre-norm, GELU, learned positions, tied, odd sizes": {
    model: {
      ...{ dModel: 36, nHeads: 3, dFF: 50, nEncoderLayers: 1, nDecoderLayers: 2, dropout: 0.2 },
      ...{ norm: "pre", activation: "gelu", positions: "learned", tie: "all", maxLength: 20 },
    },
    training: { ema: 0.99, weightDecay: 0.01, optimizer: "adamw" },
  },
  "no dropout, accumulated batches": {
    model: { dModel: 32, nHeads: 2, dFF: 64, nEncoderLayers: 1, nDecoderLayers: 1, dropout: 0, tie: "none" },
    training: { accumulate: 2, batching: "buckets" },
  },
};
/** Every other kind is in one of them. */
const VARIANTS: typeof CONFIGURATIONS = {
  "RMSNorm, SwiGLU, shared layers, grouped queries, cosines, rotary positions": {
    model: {
      ...{ dModel: 32, nHeads: 4, dFF: 50, nEncoderLayers: 2, nDecoderLayers: 2, dropout: 0.1 },
      ...{ norm: "pre", normalisation: "rms", activation: "swiglu", shareLayers: true },
      ...{ kvHeads: 2, scores: "cosine", positions: "rotary" },
    },
    training: { maxSteps: 12, validateEvery: 12 },
  },
  "scores by a network, T5's positions, K = V, no W_O": {
    model: {
      ...{ dModel: 30, nHeads: 3, dFF: 50, nEncoderLayers: 1, nDecoderLayers: 1, dropout: 0.1 },
      ...{ scores: "network", positions: "t5", shareProjections: "kv", outputProjection: false },
    },
    training: { maxSteps: 12, validateEvery: 12 },
  },
  "dot products, relative positions, Q = K": {
    model: {
      ...{ dModel: 30, nHeads: 3, dFF: 50, nEncoderLayers: 1, nDecoderLayers: 1, dropout: 0.1 },
      ...{ norm: "pre", scores: "dot", positions: "relative", shareProjections: "qk" },
    },
    training: { maxSteps: 12, validateEvery: 12 },
  },
  "additive scores, ALiBi, many queries to a key": {
    model: {
      ...{ dModel: 30, nHeads: 3, dFF: 50, nEncoderLayers: 1, nDecoderLayers: 1, dropout: 0.1 },
      ...{ scores: "additive", positions: "alibi", kvHeads: 1, normalisation: "rms" },
    },
    training: { maxSteps: 12, validateEvery: 12 },
  },
};
const LINES = letterPairs(60).map((pair) => pair.split("\t")[0]!);

async function run(name: string, kernels: KernelSetName, threads: number) {
  const out = join(directory, `${name} ${kernels} ${threads}`.replaceAll(/\W+/g, "-"));
  const { model, training } = { ...CONFIGURATIONS, ...VARIANTS }[name]!;
  await train({
    data: { train: join(directory, "train.tsv"), valid: join(directory, "valid.tsv") },
    training: { maxSteps: 60, validateEvery: 30, batchTokens: 200, learningRate: 0.003, ...training },
    ...{ model, kernels, threads, out, cacheDirectory: join(directory, "cache") },
  });
  const loaded = await loadModel(join(out, "last.safetensors"), { kernels, threads });
  const found = await loaded.translateAll(LINES, { beam: 4, nBest: 3 }).toArray();
  await loaded.close();
  const bytes = readFileSync(join(out, "last.safetensors"));
  return {
    checkpoint: createHash("sha256").update(bytes).digest("hex"),
    beams: found.map((line) => line.hypotheses),
  };
}

describe.skipIf(whyMissing("native") !== undefined || whyMissing("relaxed") !== undefined)(
  "native and relaxed kernels, up to sixty steps and a beam search",
  () => {
    it.each(Object.keys(CONFIGURATIONS))("%s: the same bytes, on one thread and on two", async (name) => {
      const expected = await run(name, "relaxed", 1);
      expect(await run(name, "relaxed", 2)).toEqual(expected);
      expect(await run(name, "native", 1)).toEqual(expected);
      expect(await run(name, "native", 2)).toEqual(expected);
      expect(await run(name, "strict", 1)).not.toEqual(expected); // so that the comparison can fail
    });

    it.each(Object.keys(VARIANTS))(
      "%s: the same bytes, on one thread and, natively, on two",
      async (name) => {
        expect(await run(name, "native", 2)).toEqual(await run(name, "relaxed", 1));
      },
    );
  },
);
