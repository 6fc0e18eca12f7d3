import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { loadModel, type Pair, pairsOf } from "../../src/index.ts";
import type { RunSummary, TrainingEvent } from "../../src/training/events.ts";
import { acquireRunLock } from "../../src/training/runLock.ts";
import { resume, type TrainOptions, train } from "../../src/training/train.ts";
import { oneLineAsync } from "../io/oneLine.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { letterPairs } from "../support/cli.ts";

const root = temporaryDirectory();
const data = { train: join(root, "train.tsv"), valid: join(root, "valid.tsv") };
const model = { dModel: 16, nHeads: 2, dFF: 32, nEncoderLayers: 1, nDecoderLayers: 1 };

beforeAll(() => {
  const pairs = letterPairs(200);
  writeFileSync(data.train, pairs.slice(0, 180).join("\n"));
  writeFileSync(data.valid, pairs.slice(180).join("\n"));
});

/** Trains for two steps. */
function twoSteps(name: string, options: TrainOptions = {}) {
  const training = { maxSteps: 2, batchTokens: 100, ...options.training };
  return train({ threads: 1, data, model, out: join(root, name), ...options, training });
}

describe("train", () => {
  it("says before the first step what the run takes of time and memory", async () => {
    const summaries: RunSummary[] = [];
    const onEvent = (event: TrainingEvent): void => {
      if (event.type === "started") summaries.push(event.summary);
    };
    await twoSteps("summary", { onEvent, training: { maxEpochs: 3, maxSteps: null } });
    const [{ totalSteps, secondsPerEpoch, estimatedSeconds, memory, parameters }] = summaries as [RunSummary];
    expect(totalSteps).toBe(3 * 8); // 180 pairs of four tokens with END, 25 of them in a batch
    expect(secondsPerEpoch).toBeGreaterThan(0);
    expect(estimatedSeconds).toBeCloseTo(3 * secondsPerEpoch, 10);
    // Weights, two moments and the gradients of four shards.
    expect(memory.shared).toBeGreaterThan(4 * 7 * parameters);
    expect(memory.resident).toBeGreaterThan(2 ** 20);
  });

  it("that is told to stop before there is a run leaves nothing behind", async () => {
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    await expect(twoSteps("aborted", { signal, cacheDirectory: join(root, "cache") })).rejects.toBe(reason);
    expect(existsSync(join(root, "aborted"))).toBe(false);
    expect(existsSync(join(root, "cache")) ? readdirSync(join(root, "cache")) : []).toEqual([]);
  });

  it("fits batches to memory, says how large they are, and keeps that", async () => {
    const summaries: RunSummary[] = [];
    const onEvent = (event: TrainingEvent): void => {
      if (event.type === "started") summaries.push(event.summary);
    };
    const options = { training: { maxSteps: 2, memory: 16 }, threads: 1, data, model, onEvent };
    const { directory } = await train({ ...options, out: join(root, "fitted") });
    const { batch_tokens, memory } = JSON.parse(
      readFileSync(join(directory, "config.json"), "utf8"),
    ).training;
    expect(memory).toBe(null);
    expect(batch_tokens).toBeGreaterThan(100);
    expect(summaries[0]!.training.batchTokens).toBe(batch_tokens);
    expect(summaries[0]!.memory.limit).toBe(16);
    await resume(directory, { threads: 1, training: { maxSteps: 3 }, onEvent });
    expect(summaries[1]!.training.batchTokens).toBe(batch_tokens);
    await expect(twoSteps("both", { training: { memory: 16 } })).rejects.toThrow(
      "memory is 16, and batchTokens",
    );
  });

  it("takes batches by sentences", async () => {
    const steps: number[] = [];
    const onEvent = (event: TrainingEvent): void => {
      if (event.type === "started") steps.push(event.summary.totalSteps);
    };
    const training = { maxEpochs: 2, maxSteps: null, batchSentences: 25 };
    await train({ threads: 1, data, model, out: join(root, "sentences"), training, onEvent });
    expect(steps).toEqual([2 * Math.ceil(180 / 25)]);
  });

  it("validates and tests with the beams that are asked for", async () => {
    const wide = { validBeam: 4, testBeam: 8 };
    const training = { maxSteps: 20, batchTokens: 200, learningRate: 0.01, validateEvery: 20 };
    const results = [];
    for (const [i, beams] of [{}, { testBeam: 1 }, wide].entries()) {
      const out = join(root, `beam${i}`);
      const asked = { ...data, test: data.valid };
      results.push(await train({ threads: 1, data: asked, model, out, training: { ...training, ...beams } }));
    }
    const model20 = await loadModel(join(root, "beam0", "best.safetensors"));
    const { translations } = results[2]!.test!;
    const sources = results[2]!.test!.source;
    const again = await model20.translateAll(sources, { beam: 8 }).toArray();
    expect(translations.map(({ text }) => text)).toEqual(again.map(({ text }) => text));
    expect(results[0]!.test!.translations).toEqual(results[1]!.test!.translations);
    const pairs: Pair[] = [];
    for await (const pair of pairsOf(data.valid)) pairs.push(pair);
    const { scores } = await model20.evaluate(pairs, { decoding: { beam: 4 } });
    expect(results[2]!.best!.valid.bleu).toBe(scores.bleu.score);
    expect(results[2]!.best!.valid.chrf).toBe(scores.chrf.score);
    await model20.close();
  });

  it("gives the same bytes on one thread and on two", async () => {
    const [one, two] = [1, 2].map((threads) => ({ threads, cacheDirectory: join(root, `${threads}`) }));
    await twoSteps("one", one);
    await twoSteps("two", two);
    const last = (name: string): Buffer => readFileSync(join(root, name, "last.safetensors"));
    expect(last("one").equals(last("two"))).toBe(true);
  });

  it("does not touch a run that another process is training, even when forced", async () => {
    await twoSteps("locked");
    const before = readFileSync(join(root, "locked", "last.safetensors"));
    const lock = acquireRunLock(join(root, "locked"));
    try {
      const refusal =
        /^.*locked: the run is in use by process \d+ on .+ since .+\. Wait until it ends, .+\.$/;
      expect(await oneLineAsync(() => twoSteps("locked", { force: true }))).toMatch(refusal);
      expect(await oneLineAsync(() => resume(join(root, "locked")))).toMatch(refusal);
    } finally {
      lock.release();
    }
    expect(readFileSync(join(root, "locked", "last.safetensors")).equals(before)).toBe(true);
    await twoSteps("locked", { force: true });
  });

  it("measures the average of checkpoints at the end, on validation and test pairs", async () => {
    const training = { maxSteps: 6, validateEvery: 2, saveEvery: 1, average: 3, averageOf: "last" } as const;
    const { average } = await twoSteps("average", { data: { ...data, test: data.valid }, training });
    expect(average).toMatchObject({ file: join(root, "average", "average.safetensors"), steps: [6, 5, 4] });
    expect(average?.valid?.loss).toBeCloseTo(average!.test!.loss, 10);
    expect(readdirSync(join(root, "average", "checkpoints")).sort()).toEqual(
      [4, 5, 6].map((step) => `step-00000${step}.safetensors`),
    );
  });
});
