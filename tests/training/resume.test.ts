import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { TrainingEvent } from "../../src/training/events.ts";
import { type ResumeOptions, resume, type TrainOptions, train } from "../../src/training/train.ts";
import { oneLineAsync } from "../io/oneLine.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { letterPairs } from "../support/cli.ts";

const root = temporaryDirectory();
const DATA = {
  train: join(root, "train.tsv"),
  valid: join(root, "valid.tsv"),
  test: join(root, "valid.tsv"),
};
const MODEL = { dModel: 16, nHeads: 2, dFF: 32, nEncoderLayers: 1, nDecoderLayers: 1 };

/** Runs of everything that has a state: 30 steps, 5 an epoch, of two batches each but for the last. */
const RECIPES = {
  "averages, kept checkpoints, accumulation": {
    ...{ optimizer: "adamw", weightDecay: 0.01, schedule: "cosine", minLearningRate: 1e-4 },
    ...{ ema: 0.9, accumulate: 2, batching: "buckets", validateEveryEpochs: 2, metric: "loss" },
    ...{ keepBest: 2, keepLast: 2, average: 3, averageOf: "last", saveEvery: 4 },
  },
  "a plateau, validations between epochs": {
    ...{ schedule: "plateau", plateauPatience: 1, accumulate: 2, validateEvery: 3, validatePairs: 5 },
    ...{ keepBest: 3, average: 2 },
  },
} as const satisfies Record<string, TrainOptions["training"]>;
const COMMON = { batchTokens: 160, maxSteps: 30, warmupSteps: 5, learningRate: 0.02, logEvery: 7 } as const;

/** A run that an event kills as `kill -9` would: nothing that comes after it happens. */
class Killed extends Error {}

interface Stop {
  /** Aborts the signal when an event fits. */
  readonly stop?: (event: TrainingEvent) => boolean;
  /** Kills the run when an event fits. */
  readonly kill?: (event: TrainingEvent) => boolean;
}

function withStop({ stop, kill }: Stop): Pick<ResumeOptions, "signal" | "onEvent" | "threads"> {
  const controller = new AbortController();
  const onEvent = (event: TrainingEvent): void => {
    if (kill?.(event)) throw new Killed();
    if (stop?.(event)) controller.abort();
  };
  return { threads: 1, signal: controller.signal, onEvent };
}

/** Begins a run, stops it at every one of `stops`, and carries it on to its end. */
async function carriedOn(name: string, training: TrainOptions["training"], stops: readonly Stop[]) {
  const out = join(root, name);
  const begin = (stop: Stop) =>
    train({ out, data: DATA, model: MODEL, training: { ...COMMON, ...training }, ...withStop(stop) });
  for (const [i, stop] of [...stops, {}].entries()) {
    const session = i === 0 ? begin(stop) : resume(out, withStop(stop));
    await session.catch((error: unknown) => {
      if (!(error instanceof Killed)) throw error;
    });
  }
  return contentOf(out);
}

/** Every file of a run; the metrics without what depends on the clock. */
function contentOf(run: string): Record<string, string> {
  const names = readdirSync(run, { recursive: true, encoding: "utf8" }).filter((name) => name.includes("."));
  const read = (name: string): string => {
    const bytes = readFileSync(join(run, name));
    if (!name.endsWith(".jsonl")) return bytes.toString("base64");
    const records = bytes
      .toString()
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    return JSON.stringify(records.map((record) => ({ ...record, tokensPerSecond: 0, elapsedSeconds: 0 })));
  };
  return Object.fromEntries(names.sort().map((name) => [name, read(name)]));
}

const atStep =
  (step: number) =>
  (event: TrainingEvent): boolean =>
    event.type === "step" && event.step === step;
const atSave =
  (file: string, step: number) =>
  (event: TrainingEvent): boolean =>
    event.type === "saved" && event.step === step && event.file.includes(file);

beforeAll(() => {
  const pairs = letterPairs(360);
  writeFileSync(DATA.train, pairs.slice(0, 340).join("\n"));
  writeFileSync(DATA.valid, pairs.slice(340).join("\n"));
});

describe.each(Object.entries(RECIPES))(
  "%s: a run that is carried on is the one that never stopped",
  (name, training) => {
    let straight: Record<string, string>;
    beforeAll(async () => {
      straight = await carriedOn(`${name}, straight`, training, []);
    });

    /** The same files with the same bytes; names first, as they are easier to read. */
    function expectSame(run: Record<string, string>): void {
      expect(Object.keys(run)).toEqual(Object.keys(straight));
      for (const [file, content] of Object.entries(run)) {
        if (file !== "config.json") expect(content === straight[file], file).toBe(true);
      }
    }

    it("keeps what it was told to", () => {
      const files = Object.keys(straight);
      expect(files).toContain("average.safetensors");
      expect(files.filter((file) => file.startsWith("checkpoints")).length).toBeGreaterThanOrEqual(3);
    });

    it("stopped after steps that validate, save, end an epoch, and some in between", async () => {
      const steps = [1, 3, 4, 5, 6, 9, 10, 17, 20, 29];
      expectSame(
        await carriedOn(
          `${name}, stopped`,
          training,
          steps.map((step) => ({ stop: atStep(step) })),
        ),
      );
    });

    it("killed before its first step, while it measures its speed", async () => {
      const kill = (event: TrainingEvent): boolean => event.type === "started";
      expectSame(await carriedOn(`${name}, early`, training, [{ kill }, { kill }]));
    });

    it("killed between two files of the same save, and between a step and its save", async () => {
      const { step } = lastSave(straight);
      const stops = [
        { kill: atSave("last", step) },
        { kill: atSave("checkpoints", step) },
        { kill: atStep(step + 1) },
        { kill: (event: TrainingEvent) => event.type === "validation" && event.record.step > step },
      ];
      expectSame(await carriedOn(`${name}, killed`, training, stops));
    });
  },
);

/** A step in the middle of a run whose checkpoint is kept to its end. */
function lastSave(run: Record<string, string>): { readonly step: number } {
  const steps = Object.keys(run).flatMap((file) => /step-0*(\d+)/.exec(file)?.[1] ?? []);
  return { step: Math.min(...steps.map(Number)) };
}

it("says what it needs when there is no run", async () => {
  expect(await oneLineAsync(() => resume(root))).toBe(
    `${root}: there is no last.safetensors to go on from. Name the run directory that \`xformer train\` printed.`,
  );
});

it("ends when nothing better has come for as long as its patience lasts, and stays at its end", async () => {
  const events: TrainingEvent[] = [];
  const options = { threads: 1, onEvent: (event: TrainingEvent) => void events.push(event) };
  const out = join(root, "patience");
  const training = {
    ...COMMON,
    learningRate: 1e-15,
    validateEvery: 2,
    patience: 3,
    metric: "exact-match",
  } as const;
  const result = await train({ out, data: DATA, model: MODEL, training, ...options });
  const validations = events.filter(({ type }) => type === "validation").length;
  expect(result.step).toBe(2 * validations);
  expect(result.step).toBeLessThan(COMMON.maxSteps);
  expect(result.interrupted).toBe(false);
  expect(events).toContainEqual({ type: "patience", step: result.step, best: result.best, validations: 3 });
  expect((await resume(out, { threads: 1 })).step).toBe(result.step);
});

it("a run that is stopped while its end is measured is measured when it is resumed", async () => {
  const out = join(root, "measured");
  const training = { ...COMMON, maxSteps: 10 };
  const stop = withStop({ stop: (event) => event.type === "saved" && event.step === 10 });
  const stopped = await train({ out, data: DATA, model: MODEL, training, ...stop });
  expect(stopped).toMatchObject({ step: 10, interrupted: true, test: null });
  const result = await resume(out, { threads: 1 });
  expect(result).toMatchObject({ step: 10, interrupted: false, best: stopped.best });
  expect(result.test?.translations).toHaveLength(20);
});
