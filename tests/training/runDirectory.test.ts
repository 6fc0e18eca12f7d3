import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { type LogRecord, RunDirectory } from "../../src/training/runDirectory.ts";
import type { ValidationRecord } from "../../src/training/state.ts";
import { oneLine } from "../io/oneLine.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";

const root = temporaryDirectory();
const home = process.cwd();
let tests = 0;

beforeEach(() => {
  const directory = join(root, String(tests++));
  mkdirSync(directory);
  process.chdir(directory);
});
afterAll(() => process.chdir(home));

function log(step: number): LogRecord {
  const counts = { skipped: 0, sourceTokens: 3, targetTokens: 4, tokensPerSecond: 5 };
  return { step, epoch: 0, loss: 1 / 3, lr: 0.1, gradNorm: 2, ...counts, elapsedSeconds: step / 2 };
}

function validation(step: number): ValidationRecord {
  return { step, valid: { loss: 1, perplexity: Math.E, bleu: 2, chrf: 50, exactMatch: 3 } };
}

describe("a run without a name", () => {
  const create = (corpus: string): string => RunDirectory.create(undefined, corpus, false).path;

  it("gets the next free number, from 1 on, for each corpus", () => {
    expect(existsSync("runs")).toBe(false);
    expect(create("zh-en")).toBe(join("runs", "zh-en-1"));
    expect(create("zh-en")).toBe(join("runs", "zh-en-2"));
    expect(create("scan")).toBe(join("runs", "scan-1"));
    mkdirSync(join("runs", "zh-en-4"));
    writeFileSync(join("runs", "zh-en-3"), "a file in the way");
    expect(create("zh-en")).toBe(join("runs", "zh-en-5"));
    expect(readdirSync("runs").sort()).toEqual([
      "scan-1",
      "zh-en-1",
      "zh-en-2",
      "zh-en-3",
      "zh-en-4",
      "zh-en-5",
    ]);
  });

  it("never shares a directory with runs that start at the same time", async () => {
    const script = `
      const { workerData, parentPort } = require("node:worker_threads");
      import(workerData.module).then(({ RunDirectory }) => {
        const start = new Int32Array(workerData.start);
        Atomics.add(start, 0, 1);
        while (Atomics.load(start, 0) < 3);
        const made = [];
        for (let i = 0; i < 20; i++) made.push(RunDirectory.create(undefined, "corpus", false).path);
        parentPort.postMessage(made);
      });`;
    const module = new URL("../../dist/training/runDirectory.js", import.meta.url).href;
    const workerData = { module, start: new SharedArrayBuffer(4) };
    const made = await Promise.all(
      [1, 2, 3].map(
        () =>
          new Promise<string[]>((resolve, reject) => {
            new Worker(script, { eval: true, workerData }).once("message", resolve).once("error", reject);
          }),
      ),
    );
    const numbers = made.flat().map((path) => Number(path.split("-").at(-1)));
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
  });

  it("says so when runs cannot be made here", () => {
    writeFileSync("runs", "");
    expect(oneLine(() => create("corpus"))).toBe("runs: it exists already. Choose another name.");
  });
});

describe("a run with a name", () => {
  const REFUSAL =
    "run: a run is in this directory already. Choose another --out, go on with --resume, or overwrite it with --force.";

  it("gets its directory, with those above it", () => {
    const directory = RunDirectory.create(join("a", "b"), "corpus", false);
    expect(directory.path).toBe(join("a", "b"));
    expect(directory.best).toBe(join("a", "b", "best.safetensors"));
    expect(directory.last).toBe(join("a", "b", "last.safetensors"));
    expect(readdirSync(directory.path)).toEqual([]);
  });

  it.each(["config.json", "metrics.jsonl", "best.safetensors", "last.safetensors"])(
    "is refused where there is a %s, which stays, unless forced",
    (name) => {
      mkdirSync("run");
      writeFileSync(join("run", name), "old");
      writeFileSync(join("run", "notes.txt"), "the user's own");
      expect(oneLine(() => RunDirectory.create("run", "corpus", false))).toBe(REFUSAL);
      expect(readFileSync(join("run", name), "utf8")).toBe("old");
      const directory = RunDirectory.create("run", "corpus", true);
      expect(readFileSync(join("run", name), "utf8")).toBe("old");
      directory.clear(true);
      expect(readdirSync("run")).toEqual(["notes.txt"]);
    },
  );

  it("overwrites the average and the numbered checkpoints of the run before too", () => {
    const before = RunDirectory.create("run", "corpus", false);
    writeFileSync(before.average, "old");
    expect(oneLine(() => RunDirectory.refuseTaken("run", false))).toBe(REFUSAL);
    before.makeCheckpoints();
    writeFileSync(before.checkpoint(7), "old");
    expect(oneLine(() => before.clear(false))).toBe(REFUSAL);
    before.clear(true);
    expect(readdirSync("run")).toEqual([]);
  });

  it("may lie in a directory that holds other things", () => {
    mkdirSync("run");
    writeFileSync(join("run", "notes.txt"), "");
    expect(oneLine(() => RunDirectory.create("run", "corpus", false))).toBe("no error");
  });

  it("cannot be a file, or below one", () => {
    writeFileSync("file", "");
    expect(oneLine(() => RunDirectory.create("file", "corpus", false))).toBe(
      "file: it exists already. Choose another name.",
    );
    expect(oneLine(() => RunDirectory.create(join("file", "run"), "corpus", true))).toMatch(
      /^file.run: a part of this path is a file, not a directory\. Check the path\.$/,
    );
  });
});

describe("numbered checkpoints", () => {
  it("are kept by their steps; nothing else in their directory is touched", () => {
    const directory = RunDirectory.create("run", "corpus", false);
    expect(directory.checkpointSteps()).toEqual([]);
    directory.keepCheckpoints([1]);
    directory.makeCheckpoints();
    expect(directory.checkpoint(123)).toBe(join("run", "checkpoints", "step-000123.safetensors"));
    for (const step of [1_234_567, 20, 3]) writeFileSync(directory.checkpoint(step), "");
    writeFileSync(join("run", "checkpoints", "notes.txt"), "");
    expect(directory.checkpointSteps()).toEqual([3, 20, 1_234_567]);
    directory.keepCheckpoints([20, 21]);
    expect(directory.checkpointSteps()).toEqual([20]);
    expect(existsSync(join("run", "checkpoints", "notes.txt"))).toBe(true);
  });

  it("and others that a killed process was writing are removed", () => {
    const directory = RunDirectory.create("run", "corpus", false);
    directory.makeCheckpoints();
    for (const file of [directory.last, directory.checkpoint(7)]) writeFileSync(`${file}.4711.tmp`, "half");
    for (const lock of ["run.lock", "run.lock.takeover"])
      writeFileSync(join("run", `${lock}.${randomUUID()}.tmp`), "half");
    writeFileSync(join("run", "notes.tmp"), "the user's own");
    directory.removeHalfWritten();
    expect(readdirSync("run", { recursive: true }).sort()).toEqual(["checkpoints", "notes.tmp"]);
  });
});

describe("the configuration", () => {
  it("is JSON on lines of its own", () => {
    const directory = RunDirectory.create("run", "corpus", false);
    directory.writeConfig({ seed: 1, languages: ["zh", "en"], maxSteps: null });
    const text = readFileSync(directory.config, "utf8");
    expect(JSON.parse(text)).toEqual({ seed: 1, languages: ["zh", "en"], maxSteps: null });
    expect(text).toContain('\n  "seed": 1,\n');
  });
});

describe("the metrics", () => {
  const directory = new RunDirectory("run");
  const file = join("run", "metrics.jsonl");
  const lines = (): unknown[] =>
    readFileSync(file, "utf8")
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line));

  beforeEach(() => {
    RunDirectory.create("run", "corpus", false);
  });

  it("are a line of JSON each, in order", () => {
    for (const record of [log(1), validation(1), log(2)]) directory.append(record);
    expect(lines()).toEqual([log(1), validation(1), log(2)]);
  });

  it("are read as far as they are whole; where there are none, there are none", () => {
    expect(directory.records()).toEqual([]);
    writeFileSync(
      file,
      `${JSON.stringify(log(1))}\nno JSON\n[2]\n${JSON.stringify(validation(2))}\n{"step":3,"lo`,
    );
    expect(directory.records()).toEqual([log(1), validation(2)]);
  });

  it("are kept up to the step that a run goes on from, which had taken so many seconds", () => {
    for (const record of [log(2), validation(2), log(4), validation(4), log(6)]) directory.append(record);
    expect(directory.rewindMetrics(5)).toBe(2);
    expect(lines()).toEqual([log(2), validation(2), log(4), validation(4)]);
    expect(directory.rewindMetrics(4)).toBe(2);
    expect(directory.rewindMetrics(3)).toBe(1);
    expect(lines()).toEqual([log(2), validation(2)]);
    expect(directory.rewindMetrics(0)).toBe(0);
    expect(readFileSync(file, "utf8")).toBe("");
  });

  it("lose a last line that was only half written, wherever it was cut", () => {
    const whole = `${JSON.stringify(log(1))}\n`;
    const next = JSON.stringify(log(2));
    for (let cut = 0; cut < next.length; cut += 7) {
      writeFileSync(file, whole + next.slice(0, cut));
      expect(directory.rewindMetrics(10)).toBe(0.5);
      directory.append(log(3));
      expect(lines()).toEqual([log(1), log(3)]);
    }
  });

  it("keep a last line that only lacks its end of line", () => {
    writeFileSync(file, `${JSON.stringify(log(1))}\n${JSON.stringify(log(2))}`);
    expect(directory.rewindMetrics(10)).toBe(1);
    directory.append(log(3));
    expect(lines()).toEqual([log(1), log(2), log(3)]);
  });

  it("are none at the beginning: no seconds, and no file is made", () => {
    expect(directory.rewindMetrics(7)).toBe(0);
    expect(existsSync(file)).toBe(false);
  });
});
