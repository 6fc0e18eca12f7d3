import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { loadModel, type Progress, type TrainedModel, train, XformerError } from "../../src/index.ts";
import { Heap } from "../../src/tensor/heap.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { letterPairs, writeFiles } from "../support/cli.ts";

const directory = temporaryDirectory();
const out = join(directory, "run");
const SOURCES = letterPairs(512).map((line) => line.split("\t")[0]!);

describe("a model that computes in threads of its own", () => {
  let here: TrainedModel;
  let away: TrainedModel;
  beforeAll(async () => {
    writeFiles(directory, { "pairs.tsv": letterPairs(400) });
    const model = { dModel: 16, nHeads: 2, dFF: 32, nEncoderLayers: 1, nDecoderLayers: 1 };
    const training = { maxSteps: 40, learningRate: 0.01, warmupSteps: 10 };
    ({ model: here } = await train({ data: { train: join(directory, "pairs.tsv") }, out, model, training }));
    const shared = vi.spyOn(Heap, "shared");
    away = await loadModel(out, { worker: true, threads: 2 });
    expect(shared).not.toHaveBeenCalled(); // its memory is not this thread's business
    vi.restoreAllMocks();
  });
  afterAll(() => Promise.all([here.close(), away.close()]));

  it("leaves the event loop to a timer of every 10 ms", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 10);
    let most = 0;
    // As many lines as it takes until the timer has been there several times during one translation.
    for (let lines = 512; most < 5; lines *= 2) {
      const before = ticks;
      const text = Array.from({ length: lines }, (_, i) => SOURCES[i % SOURCES.length]!);
      expect(await away.translateAll(text, { beam: 8 }).toArray()).toHaveLength(lines);
      most = ticks - before;
    }
    clearInterval(timer);
    expect(most).toBeGreaterThanOrEqual(5);
  });

  it("gives the same as in the calling thread", async () => {
    expect(away.description).toEqual(here.description);
    expect(away.sourceTokenizer.toJSON()).toEqual(here.sourceTokenizer.toJSON());
    const options = { beam: 4, nBest: 2, alignments: "tokens", attention: true } as const;
    expect(await away.translate("a b c", options)).toEqual(await here.translate("a b c", options));
    expect(await away.trace("a b c")).toEqual(await here.trace("a b c"));
    const lines = SOURCES.slice(0, 200);
    expect(await away.translateAll(lines).toArray()).toEqual(await here.translateAll(lines).toArray());
    const pairs = lines.map((source) => ({ source, target: source }));
    expect(await away.scoreAll(pairs).toArray()).toEqual(await here.scoreAll(pairs).toArray());
    const told: Progress[] = [];
    const evaluation = await away.evaluate(pairs, { onProgress: (progress) => told.push(progress) });
    expect(evaluation).toEqual(await here.evaluate(pairs));
    expect(told.at(-1)).toEqual({ unit: "pairs", done: 200, total: 200 });
  });

  it("streams tokens as they come", async () => {
    const tokens: string[] = [];
    const stream = away.stream("a b c");
    let last = await stream.next();
    for (; !last.done; last = await stream.next()) tokens.push(last.value.token);
    expect(last.value).toEqual(await here.translate("a b c"));
    expect(tokens).toEqual(last.value.hypotheses[0]!.tokens);
    for await (const _ of away.stream("a b c")) break;
    expect(await away.translate("h")).toEqual(await here.translate("h"));
  });

  it("does what several ask at the same time", async () => {
    const found = await Promise.all(SOURCES.slice(0, 20).map((line) => away.translate(line)));
    expect(found).toEqual(await here.translateAll(SOURCES.slice(0, 20)).toArray());
  });

  it("stops with the reason of its signal, and goes on with what is asked next", async () => {
    const controller = new AbortController();
    const stopped = away.translateAll(SOURCES, { beam: 64, signal: controller.signal }).toArray();
    const reason = new Error("enough");
    await setTimeout(20);
    controller.abort(reason);
    await expect(stopped).rejects.toBe(reason);
    await expect(away.translate("a", { signal: controller.signal })).rejects.toBe(reason);
    await expect(away.stream("a", { signal: controller.signal }).next()).rejects.toBe(reason);
    expect(await away.translate("h")).toEqual(await here.translate("h"));
  });

  it("fails with what is wrong, as in the calling thread", async () => {
    const error = await away.translate("a", { beam: 2, nBest: 3 }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(XformerError);
    expect(error).toMatchObject({ code: "USAGE", message: "the 3 best are wanted of a beam of 2" });
    const copied = away.stream("a", { sample: true, nBest: 2 }).next();
    await expect(copied).rejects.toMatchObject({
      code: "USAGE",
      hint: "Leave beam, nBest and constraints out.",
    });
    const nowhere = join(directory, "nowhere");
    const missing = loadModel(nowhere, { worker: true });
    await expect(missing).rejects.toMatchObject({ code: "IO", file: nowhere });
    await expect(missing).rejects.toBeInstanceOf(XformerError);
    const signal = AbortSignal.abort(new Error("no time"));
    await expect(loadModel(out, { worker: true, signal })).rejects.toThrow("no time");
    const controller = new AbortController();
    const aborted = loadModel(out, { worker: true, signal: controller.signal });
    controller.abort(new Error("no time any more"));
    await expect(aborted).rejects.toThrow("no time any more");
  });

  it("is gone when it is closed", async () => {
    const model = await loadModel(out, { worker: true });
    const last = model.translate("a b c");
    await model.close();
    expect(await last).toEqual(await here.translate("a b c"));
    await expect(model.translate("a")).rejects.toMatchObject({ message: "the model is closed" });
  });
});
