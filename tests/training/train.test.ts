import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
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
