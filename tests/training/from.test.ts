import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { loadCheckpoint } from "../../src/training/checkpoint.ts";
import { averageCheckpoints } from "../../src/training/checkpointAverage.ts";
import type { Checkpoint } from "../../src/training/checkpointFormat.ts";
import type { RunSummary, TrainingEvent } from "../../src/training/events.ts";
import { resume, type TrainOptions, train } from "../../src/training/train.ts";
import { oneLineAsync } from "../io/oneLine.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { letterPairs } from "../support/cli.ts";

const root = temporaryDirectory();
const at = (...parts: string[]): string => join(root, ...parts);
const data = { train: at("train.tsv"), valid: at("valid.tsv") };
/** Letters that the first model has not seen, beside some that it has. */
const other = { train: at("other.tsv"), valid: at("other-valid.tsv") };
const model = { dModel: 16, nHeads: 2, dFF: 32, nEncoderLayers: 1, nDecoderLayers: 1, dropout: 0 } as const;
const BASE = {
  maxSteps: 6,
  batchTokens: 2000,
  learningRate: 0.01,
  warmupSteps: 1,
  schedule: "constant",
} as const;

beforeAll(async () => {
  const pairs = letterPairs(200);
  writeFileSync(data.train, pairs.slice(0, 180).join("\n"));
  writeFileSync(data.valid, pairs.slice(180).join("\n"));
  const others = pairs.map((pair) => pair.replaceAll("a", "x").replaceAll("b", "y"));
  writeFileSync(other.train, others.slice(0, 180).join("\n"));
  writeFileSync(other.valid, others.slice(180).join("\n"));
  await run("base", { model });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Trains a little; from the model `base` unless it is that. */
function run(name: string, { training, ...options }: TrainOptions = {}) {
  const from = name === "base" ? {} : { from: at("base") };
  return train({ threads: 1, data, out: at(name), ...from, ...options, training: { ...BASE, ...training } });
}

function checkpoint(name: string, file = "last"): Checkpoint {
  return loadCheckpoint(at(name, `${file}.safetensors`));
}

function parameter(name: string, tensor: string, file?: string): Float32Array {
  return checkpoint(name, file).tensors.get(tensor)!.data;
}

/** The summary that a run begins with. */
function summaries(): { onEvent: (event: TrainingEvent) => void; all: RunSummary[] } {
  const all: RunSummary[] = [];
  return { all, onEvent: (event) => void (event.type === "started" && all.push(event.summary)) };
}

describe("a run that starts from a model", () => {
  it("begins with its weights, sizes and tokenizers, and is validated before it learns", async () => {
    const { all, onEvent } = summaries();
    // Whatever dropout is, the sizes are the model's.
    await run("same", {
      model: { dropout: 0.3 },
      training: { freeze: ["en*", "de*", "*embedding*"] },
      onEvent,
    });
    const [base, same] = [checkpoint("base", "best"), checkpoint("same")];
    expect(same.model).toEqual({ ...base.model, dropout: 0.3 });
    expect(same.sourceTokenizer.toJSON()).toEqual(base.sourceTokenizer.toJSON());
    const [first] = same.training.validations;
    expect(first).toEqual({ ...base.training.validations.at(-1)!, step: 0 });
    const sha256 = createHash("sha256").update(readFileSync(base.file)).digest("hex");
    expect(same.training.origin).toEqual({ sha256, step: base.training.step, updates: 0 });
    expect(all[0]).toMatchObject({ start: { from: at("base"), step: base.training.step }, grown: null });
    const metrics = readFileSync(at("same", "metrics.jsonl"), "utf8").trimEnd().split("\n");
    expect(JSON.parse(metrics[0]!)).toMatchObject(first!);
  });

  it("keeps the bytes of what is frozen, whatever the optimiser, and says how much is trained", async () => {
    const { all, onEvent } = summaries();
    const training = {
      freeze: ["en*", "de*", "*embedding*"],
      optimizer: "adamw",
      weightDecay: 0.1,
      ema: 0.5,
    } as const;
    await run("frozen", { training, onEvent });
    const trained = [...checkpoint("frozen").tensors.keys()].filter((name) => {
      if (/^(adam|ema)\./.test(name)) return false;
      return !Buffer.from(parameter("frozen", name).buffer).equals(
        Buffer.from(parameter("base", name, "best").buffer),
      );
    });
    expect(trained).toEqual(["output_projection.bias"]);
    const moments = checkpoint("frozen").tensors.get("adam.exp_avg.encoder.layers.0.linear1.weight")!.data;
    expect(moments.every((moment) => moment === 0)).toBe(true);
    expect(parameter("frozen", "ema.target_embedding.weight")).toEqual(
      parameter("base", "target_embedding.weight", "best"),
    );
    expect(all[0]!.trained).toBe(parameter("base", "output_projection.bias").length);
    expect(all[0]!.parameters).toBeGreaterThan(all[0]!.trained);
  });

  it("learns with the rest as it would alone: frozen weights are in no norm", async () => {
    await run("some", { training: { freeze: ["encoder", "embeddings"], maxSteps: 1, logEvery: 1 } });
    await run("every", { training: { maxSteps: 1, logEvery: 1 } });
    const norm = (name: string): number =>
      readFileSync(at(name, "metrics.jsonl"), "utf8")
        .split("\n")
        .filter((line) => line.includes("gradNorm"))
        .map((line) => JSON.parse(line).gradNorm)[0];
    expect(norm("some")).toBeLessThan(norm("every"));
  });

  it("goes on with Adam's moments when told to", async () => {
    // The same six steps at once, and in two runs: all pairs are in one batch.
    await run("three", { from: undefined, model, training: { maxSteps: 3 } });
    const from = at("three", "last.safetensors");
    await run("kept", { from: at("three"), keepOptimizer: true, model, training: { maxSteps: 3 } });
    await run("anew", { from, model, training: { maxSteps: 3 } });
    expect(checkpoint("kept").training.origin).toMatchObject({ step: 3, updates: 3 });
    const distance = (name: string): number => {
      const [one, two] = [
        parameter(name, "encoder.layers.0.linear1.weight"),
        parameter("base", "encoder.layers.0.linear1.weight"),
      ];
      return Math.max(...one.map((x, i) => Math.abs(x - two[i]!)));
    };
    expect(distance("kept")).toBeLessThan(1e-3);
    expect(distance("anew")).toBeGreaterThan(1e-2);
    // And so on, however many runs come one after the other.
    await run("again", { from: at("kept"), keepOptimizer: true, training: { maxSteps: 1 } });
    expect(checkpoint("again").training.origin).toMatchObject({ step: 3, updates: 6 });
  });

  it("takes new words in, whose rows start at the mean of their neighbours", async () => {
    const { all, onEvent } = summaries();
    const training = { freeze: ["embeddings"], maxSteps: 1 };
    await run("grown", { data: other, extendVocabulary: true, training, onEvent });
    const { sourceTokenizer } = checkpoint("grown");
    const { size } = checkpoint("base").sourceTokenizer.vocabulary;
    expect(sourceTokenizer.vocabulary.tokens.slice(size).sort()).toEqual(["x", "y"]);
    expect(all[0]!.grown).toEqual({ source: 2, target: 2 });
    for (const name of ["source_embedding.weight", "target_embedding.weight"]) {
      const [before, after] = [parameter("base", name, "best"), parameter("grown", name)];
      expect([...after.subarray(0, before.length)]).toEqual([...before]);
      // Of the old letters, those that stand beside x.
      const beside = new Map<number, number>();
      for (const line of readFileSync(other.train, "utf8").split("\n")) {
        const letters = line.split("\t")[0]!.split(" ");
        for (const [i, letter] of letters.entries())
          for (const neighbour of letter === "x" ? [letters[i - 1], letters[i + 1]] : []) {
            const id = sourceTokenizer.vocabulary.id(neighbour ?? "</s>");
            if (id !== 0 && id < size) beside.set(id, (beside.get(id) ?? 0) + 1);
          }
      }
      const total = [...beside.values()].reduce((sum, count) => sum + count, 0);
      const x = sourceTokenizer.vocabulary.id("x");
      for (let column = 0; column < 16; column++) {
        const sum = [...beside].reduce((all, [id, count]) => all + count * before[16 * id + column]!, 0);
        expect(after[16 * x + column]).toBeCloseTo(sum / total, 6);
      }
    }
  });

  it.each(["none", "decoder", "all"] as const)("grows with embeddings tied: %s", async (tie) => {
    const joint = { joint: true };
    await run(`tie-${tie}`, { from: undefined, model: { ...model, tie }, tokenizer: joint });
    const from = at(`tie-${tie}`);
    const training = { maxSteps: 2 };
    const keep = { keepOptimizer: true, extendVocabulary: true };
    await run(`tie-${tie}-grown`, { from, data: other, ...keep, training });
    const [before, after] = [checkpoint(`tie-${tie}`), checkpoint(`tie-${tie}-grown`)];
    expect(after.model.sourceVocabSize).toBe(before.model.sourceVocabSize + 2);
    expect(after.model.targetVocabSize).toBe(after.model.sourceVocabSize);
    expect(after.tensors.get("output_projection.bias")!.shape).toEqual([after.model.targetVocabSize]);
    expect(after.tensors.has("output_projection.weight")).toBe(tie === "none");
  });

  it("goes on without it, to the bytes of a run that never stopped", async () => {
    const dies = at("mortal");
    mkdirSync(dies);
    copyFileSync(at("base", "best.safetensors"), join(dies, "best.safetensors"));
    const options = { from: dies, data: other, extendVocabulary: true, model: { dropout: 0.1 } };
    await run("whole", options);
    const stop = new AbortController();
    const onEvent = (event: TrainingEvent): void => {
      if (event.type === "step" && event.step === 2) stop.abort();
    };
    await run("stopped", { ...options, signal: stop.signal, onEvent });
    rmSync(dies, { recursive: true });
    expect((await resume(at("stopped"), { threads: 1 })).interrupted).toBe(false);
    for (const file of ["last", "best"])
      expect(
        readFileSync(at("stopped", `${file}.safetensors`)).equals(
          readFileSync(at("whole", `${file}.safetensors`)),
        ),
      ).toBe(true);
    expect(await oneLineAsync(() => resume(at("stopped"), { training: { freeze: ["encoder"] } }))).toContain(
      "this run was begun with training setting freeze = null, not encoder",
    );
  });

  it("makes up for the validation before its first step when it was stopped there", async () => {
    const stop = new AbortController();
    const onEvent = (event: TrainingEvent): void => {
      if (event.type === "measuring") stop.abort();
    };
    const { step, interrupted } = await run("early", { signal: stop.signal, onEvent });
    expect([step, interrupted]).toEqual([0, true]);
    expect(checkpoint("early").training.validations).toEqual([]);
    await resume(at("early"), { threads: 1 });
    expect(checkpoint("early").training.validations.map(({ step: when }) => when)).toEqual([
      0, 1, 2, 3, 4, 5, 6,
    ]);
  });

  it("starts from an average, and averages with what it started from", async () => {
    await run("averaged", { training: { validateEvery: 2, saveEvery: 2, average: 2, averageOf: "last" } });
    await run("onwards", { from: at("averaged", "average.safetensors"), model: { dropout: 0.2 } });
    averageCheckpoints([at("onwards"), at("base")], at("mean.safetensors"));
    expect(loadCheckpoint(at("mean.safetensors")).model.dropout).toBe(0.2);
    expect(checkpoint("onwards").training.validations.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});

describe("what contradicts the model to start from is refused in a line", () => {
  const base = at("base", "best.safetensors");
  it.each<[TrainOptions, string]>([
    [
      { model: { nHeads: 4 } },
      `${base}: this model has model setting nHeads = 2, not 4. Leave the setting out to start from it, or begin without --from.`,
    ],
    [
      { preset: "tiny" },
      `${base}: this model has model setting dModel = 16, not 64. Leave the setting out to start from it, or begin without --from.`,
    ],
    [
      { tokenizer: { kind: "char" } },
      `${base}: this model has tokenizer setting kind = word, not char. Leave the setting out to start from it, or begin without --from.`,
    ],
    [
      { tokenizer: { vocabularySize: 100 } },
      `${base}: vocabularySize is 100, but the model to start from has its vocabulary. Leave it out, or give --extend-vocabulary.`,
    ],
    [
      { from: base, keepOptimizer: true },
      `${base}: it has no moments of Adam, which --keep-optimizer needs. Name the last.safetensors of its run, or leave out --keep-optimizer.`,
    ],
    [
      { from: undefined, keepOptimizer: true },
      "keepOptimizer is true, but there is no model to start from. Give --from too.",
    ],
    [
      { out: at("base"), force: true },
      `${at("base")}: the model to start from is in this directory. Choose another --out.`,
    ],
    [
      { training: { freeze: ["encodr"] } },
      "freeze: the model has no parameter encodr. Did you mean encoder?",
    ],
    [{ minutes: 3 }, "minutes is 3, but maxSteps is 6. Give one of the two."],
  ])("%j", async (options, line) => {
    expect(await oneLineAsync(() => run("never", options))).toBe(line);
  });
});

describe("a run that is to take so many minutes", () => {
  it("has the bytes of one that is given the steps that fit", async () => {
    const { all, onEvent } = summaries();
    // Both are stopped after three steps: how many there are shows in the rate of each.
    const untilThree = (tell: (event: TrainingEvent) => void) => {
      const stop = new AbortController();
      const onStep = (event: TrainingEvent): void => {
        tell(event);
        if (event.type === "step" && event.step === 3) stop.abort();
      };
      return { signal: stop.signal, onEvent: onStep };
    };
    const { maxSteps: _, schedule: __, warmupSteps: ___, ...training } = BASE;
    const common = { threads: 1, data, model: { ...model, dropout: 0.1 } };
    const ema = { ema: 0.9 };
    await train({
      ...common,
      out: at("timed"),
      minutes: 2,
      training: { ...training, ...ema },
      ...untilThree(onEvent),
    });
    const [{ fitted, training: chosen }] = all as [RunSummary];
    expect(fitted!.steps).toBeGreaterThan(100);
    expect(chosen).toMatchObject({ maxSteps: fitted!.steps, maxEpochs: null, schedule: "linear" });
    const told = {
      ...training,
      ...ema,
      maxSteps: fitted!.steps,
      maxEpochs: null,
      schedule: "linear",
    } as const;
    await train({ ...common, out: at("told"), training: told, ...untilThree(() => {}) });
    expect(
      readFileSync(at("timed", "last.safetensors")).equals(readFileSync(at("told", "last.safetensors"))),
    ).toBe(true);
    expect(readFileSync(at("timed", "config.json"))).toEqual(readFileSync(at("told", "config.json")));
  });

  it("starts from the model all the same", async () => {
    const stop = new AbortController();
    const onEvent = (event: TrainingEvent): void => {
      if (event.type === "validation") stop.abort();
    };
    const { maxSteps: _, ...training } = BASE;
    const timed = { from: at("base"), minutes: 2, training, signal: stop.signal, onEvent };
    await train({ threads: 1, data, out: at("timed-from"), ...timed });
    const [first] = checkpoint("timed-from").training.validations;
    expect(first).toEqual({ ...checkpoint("base").training.validations.at(-1)!, step: 0 });
  });

  it("goes on for so long when it is resumed", async () => {
    const stop = new AbortController();
    const { all, onEvent } = summaries();
    const stopping = (event: TrainingEvent): void => {
      onEvent(event);
      if (event.type === "step") stop.abort();
    };
    await resume(at("base"), { threads: 1, minutes: 2, signal: stop.signal, onEvent: stopping });
    const [{ fitted, totalSteps, resumedAt }] = all as [RunSummary];
    expect([totalSteps, resumedAt]).toEqual([6 + fitted!.steps, 6]);
    expect(checkpoint("base").training.config.maxSteps).toBe(totalSteps);
  });

  it("is refused where not even a step fits", async () => {
    const { maxSteps: _, ...training } = BASE;
    const line = await oneLineAsync(() =>
      train({ threads: 1, data, model, out: at("never"), minutes: 1e-6, training }),
    );
    expect(line).toMatch(
      /^minutes is 0\.000001, in which not even one step fits\. To prepare, to take a step and to measure takes \d+ seconds\.$/,
    );
  });
});

describe("maxMinutes stops a run", () => {
  it("as a signal does, saved and ready to go on", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const onEvent = (event: TrainingEvent): void => {
      if (event.type === "step" && event.step === 2) vi.advanceTimersByTime(60_000);
    };
    const { step, interrupted } = await run("limited", { maxMinutes: 1, onEvent });
    expect([step, interrupted]).toEqual([2, true]);
    vi.useRealTimers();
    await run("unlimited");
    await resume(at("limited"), { threads: 1 });
    expect(checkpoint("limited").training).toEqual(checkpoint("unlimited").training);
  });

  it("or says that it was over too soon", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const stopped = run("never", { maxMinutes: 1 });
    vi.advanceTimersByTime(60_000);
    expect(await oneLineAsync(() => stopped)).toBe(
      "maxMinutes is 1, which is over before training begins. Give it more.",
    );
  });
});
