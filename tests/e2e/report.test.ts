import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readSafetensors, writeSafetensors } from "../../src/io/safetensors.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { type CliResult, letterPairs, SMALLEST, writeFiles, xformer } from "../support/cli.ts";

const cwd = temporaryDirectory();
const TRAIN = [
  ...["train", "--train", "train.tsv", "--valid", "valid.tsv", "--test", "test.tsv", ...SMALLEST],
  ...["--max-steps", "20", "--validate-every", "10", "--log-every", "5", "--quiet"],
];
const run = (...args: string[]): Promise<CliResult> => xformer(args, { cwd });
const report = (...args: string[]): Promise<CliResult> => run("report", ...args, "--no-open");
const read = (name: string): string => readFileSync(join(cwd, name), "utf8");

/** What a page carries, by the id of its element. */
function carried(page: string, id: string): string {
  return new RegExp(`id="${id}">([^<]*)<`).exec(read(page))![1]!;
}

const settingsOf = (page: string) => JSON.parse(carried(page, "settings"));

let trained: CliResult;
beforeAll(async () => {
  const pairs = letterPairs(460);
  writeFiles(cwd, {
    "train.tsv": pairs.slice(0, 400),
    "valid.tsv": pairs.slice(400, 430),
    "test.tsv": pairs.slice(430),
    "other.tsv": pairs.slice(10, 40),
  });
  trained = await run(...TRAIN, "--out", "run");
  expect(trained.code).toBe(0);
  const second = await run(...TRAIN, "--seed", "2", "--out", "second", "--no-report");
  expect(second.code).toBe(0);
  expect([second.stdout.includes("report.html"), existsSync(join(cwd, "second/report.html"))]).toEqual([
    false,
    false,
  ]);
}, 60_000);

describe("the page at the end of a training", () => {
  it("is in the run directory with the model inside, which is said in a line", () => {
    expect(trained.stdout).toMatch(
      /\n\nHow it went is in run\/report\.html \(\d MB\), a page for any browser, with the model inside\.\n$/,
    );
    const { report, explorer } = settingsOf("run/report.html");
    expect(report.run.heldOut).toMatchObject({ from: "test", pairs: 30 });
    expect(explorer.half).toBe(false);
    expect(carried("run/report.html", "model").length).toBeGreaterThan(1000);
  });

  it("says of the run what `xformer report` finds out later", async () => {
    const { stdout, stderr, code } = await report("run", "--json");
    expect([stderr, code]).toEqual(["", 0]);
    expect(JSON.parse(stdout)).toEqual(settingsOf("run/report.html").report);
  });

  it("that cannot be written is a warning: the training is done", async () => {
    mkdirSync(join(cwd, "taken/report.html"), { recursive: true });
    const flags = TRAIN.filter((flag) => flag !== "--quiet");
    const { stdout, stderr, code } = await run(...flags, "--out", "taken");
    expect(code).toBe(0);
    expect(stderr.match(/^warning: .*$/gm)).toEqual([
      expect.stringMatching(/^warning: there is no report of the run: .*report\.html/),
    ]);
    expect(stdout).toMatch(/npx xformer translate --model taken\n$/);
  });

  it("is an event of --json, before the result; --force removes that of the run before", async () => {
    const { stdout } = await run(...TRAIN, "--json", "--out", "events");
    const [page, result] = stdout
      .trimEnd()
      .split("\n")
      .slice(-2)
      .map((line) => JSON.parse(line));
    expect(page).toEqual({
      type: "report",
      file: join("events", "report.html"),
      bytes: readFileSync(join(cwd, "events/report.html")).length,
      bytesOfModel: null,
    });
    expect(result.type).toBe("finished");
    expect((await run(...TRAIN, "--out", "events", "--force", "--no-report")).code).toBe(0);
    expect(existsSync(join(cwd, "events/report.html"))).toBe(false);
  });
});

describe("report", () => {
  it("is a page with the curves, the sentences, the corpus and the model", async () => {
    const { stdout, stderr, code } = await report("run");
    expect([stderr, code]).toEqual(["", 0]);
    expect(stdout).toMatch(/^The page is in report\.html \(\d MB\): it works offline, in any browser\.\n$/);
    const { report: found } = settingsOf("report.html");
    const { curves, name } = found.runs[0];
    expect(name).toBe("run");
    expect(curves.loss.map(([step]: number[]) => step)).toEqual([5, 10, 15, 20]);
    expect(curves.bleu.map(([step]: number[]) => step)).toEqual([10, 20]);
    expect(Object.keys(curves)).toHaveLength(8);
    expect(found.run.samples).toHaveLength(3);
    expect(found.run.corpus).toMatchObject({
      pairs: 400,
      counted: 400,
      source: { tokens: 1200, unknown: 0 },
    });
    expect(found.run.heldOut.worst.length).toBeGreaterThan(0);
    expect(found.run.settings.map(({ section }: { section: string }) => section)).toEqual([
      "model",
      "training",
    ]);
  });

  it("--no-model leaves the model out, and what computes with it", async () => {
    expect((await report("run", "--no-model", "-o", "small.html")).code).toBe(0);
    expect(["model", "engine", "relaxed"].map((id) => carried("small.html", id))).toEqual(["", "", ""]);
    expect(read("small.html").length).toBeLessThan(250_000);
  });

  it("--test: other pairs; the scores are those of eval", async () => {
    const { stdout } = await report("run", "--test", "other.tsv", "--json");
    const { from, pairs, scores } = JSON.parse(stdout).run.heldOut;
    expect([from, pairs]).toEqual(["other.tsv", 30]);
    const evaluated = JSON.parse(
      (await run("eval", "--model", "run", "--test", "other.tsv", "--json")).stdout,
    );
    for (const { metric, score } of scores) expect(score).toBe(evaluated[metric].score);
  });

  it("compares runs on the same pairs, as eval --baseline does", async () => {
    const { stdout, stderr, code } = await report("run", "second", "--json");
    expect([stderr, code]).toEqual(["", 0]);
    const { comparison, table, runs } = JSON.parse(stdout);
    expect(runs.map(({ name }: { name: string }) => name)).toEqual(["run", "second"]);
    expect(table.rows).toHaveLength(2);
    expect(comparison).toMatchObject({ from: "test", pairs: 30, baseline: "run" });
    const flags = ["--baseline", "run", "--test", "test.tsv", "--metrics", "bleu,chrf,exact-match,loss"];
    const evaluated = JSON.parse((await run("eval", "--model", "second", ...flags, "--json")).stdout);
    expect(comparison.differences).toHaveLength(4);
    for (const { metric, score, difference, bootstrap, randomisation } of comparison.differences) {
      const wanted = evaluated[metric];
      expect([score, difference]).toEqual([wanted.score, wanted.difference]);
      if (difference !== 0)
        expect([bootstrap, randomisation]).toEqual([wanted.bootstrap.pValue, wanted.randomisation.pValue]);
    }
  });

  it("warns of a run that holds other pairs out", async () => {
    cpSync(join(cwd, "second"), join(cwd, "elsewhere"), { recursive: true });
    writeFileSync(
      join(cwd, "elsewhere/config.json"),
      read("second/config.json").replaceAll("test.tsv", "other.tsv"),
    );
    const { stderr, code } = await report("run", "elsewhere", "-o", "both.html");
    expect(code).toBe(0);
    expect(stderr).toBe(
      "warning: elsewhere has other held-out pairs than run, and may have been trained on some of these; --test names pairs for both.\n",
    );
    expect(settingsOf("both.html").report.notes).toHaveLength(1);
  });

  it("of an old run has what it logged; of one whose data are gone what is left", async () => {
    cpSync(join(cwd, "run"), join(cwd, "old"), { recursive: true });
    const lines = read("run/metrics.jsonl").trimEnd().split("\n");
    const older = lines.map((line) => {
      const { gradNorm: _, elapsedSeconds: __, samples: ___, ...record } = JSON.parse(line);
      return JSON.stringify(record);
    });
    writeFiles(cwd, { "old/metrics.jsonl": older });
    const config = read("run/config.json")
      .replaceAll("train.tsv", "gone.tsv")
      .replaceAll("test.tsv", "gone.tsv");
    writeFileSync(join(cwd, "old/config.json"), config);
    const { stderr, code } = await report("old", "-o", "old.html");
    expect(code).toBe(0);
    expect(stderr.match(/^warning: .*gone\.tsv.*$/gm)).toHaveLength(2);
    const { report: found } = settingsOf("old.html");
    expect(Object.keys(found.runs[0].curves)).not.toContain("gradNorm");
    expect(found.run).toMatchObject({ seconds: null, samples: [], corpus: null, heldOut: null, steps: 20 });
    // Nothing that stands in its files is more than text, and one that is not there is no fault.
    const text = "</script><script>alert(1)</script>";
    const samples = [{ source: text, reference: text, translation: text }];
    writeFiles(cwd, { "old/metrics.jsonl": [JSON.stringify({ step: 1, samples })] });
    rmSync(join(cwd, "old/config.json"));
    expect((await report("old", "-o", "old.html")).code).toBe(0);
    expect(settingsOf("old.html").report).toMatchObject({
      runs: [{ curves: {} }],
      run: { samples: [{ source: text }] },
    });
    expect(read("old.html")).not.toContain(text);
  });

  it.each<[string, readonly string[], string]>([
    [
      "a checkpoint",
      ["run/best.safetensors"],
      "run/best.safetensors: this is a file, but a report is about a run. Name the run directory that `xformer train` printed.",
    ],
    ["a run twice", ["run", "run"], "run: this run is named a second time. Leave it out."],
    [
      "a page with --json",
      ["run", "--json", "-o", "a.html"],
      "--output: with --json there is no page. Leave it out.",
    ],
    [
      "half weights of two models",
      ["run", "second", "--half"],
      "--half: a page that compares runs has no model in it. Leave it out.",
    ],
    [
      "a sentence for no model",
      ["run", "--no-model", "--source", "a"],
      "--source: with --no-model there is none. Leave it out.",
    ],
  ])("refuses %s", async (_, flags, message) => {
    expect(await report(...flags)).toEqual({ stdout: "", stderr: `${message}\n`, code: 2 });
  });

  it("without a run is about the newest, or says that there is none", async () => {
    const { stderr, code } = await report();
    expect(stderr).toBe(
      "there is no model: no run is named, and no run is in runs. Train one with `npx xformer train`, or name one.\n",
    );
    expect(code).toBe(2);
    cpSync(join(cwd, "run"), join(cwd, "runs/a"), { recursive: true });
    const newest = await report("--no-model", "-o", "newest.html");
    expect([newest.stderr, newest.code]).toEqual([`The newest run: ${join("runs", "a")}\n`, 0]);
    expect(settingsOf("newest.html").report.title).toBe(join("runs", "a"));
  });
});

describe("--half", () => {
  const explain = (...flags: string[]) => run("explain", "--model", "run", "--no-open", ...flags);

  it("makes the weights half as large, and says what that does to the scores", async () => {
    await explain("-o", "whole.html");
    const { stdout, stderr, code } = await explain("-o", "half.html", "--half");
    expect([stderr, code]).toEqual(["", 0]);
    expect(stdout).toMatch(
      /\nWeights as half floats, on 30 pairs \(test\)\n +32 bits +16 bits\n {2}BLEU .*\n {2}exact match .*\n {2}log-probability of a token .*\n\d+ of 30 translations differs?\.\n$/,
    );
    const [whole, half] = ["whole.html", "half.html"].map((page) =>
      Buffer.from(carried(page, "model"), "base64"),
    );
    const header = 8 + Number(whole!.readBigUInt64LE());
    expect(half!.length - header).toBe((whole!.length - header) / 2);
    expect((await report("run", "--half", "-o", "half-report.html")).stdout).toContain(
      "Weights as half floats",
    );
    expect(settingsOf("half-report.html").explorer.half).toBe(true);
  });

  it("of a model without its run goes by one sentence and the model's own translation", async () => {
    cpSync(join(cwd, "run/best.safetensors"), join(cwd, "alone/model.safetensors"));
    const flags = ["--model", "alone/model.safetensors", "--half", "--source", "a b", "-o", "alone.html"];
    const { stdout } = await run("explain", ...flags, "--no-open");
    expect(stdout).toContain("on one sentence (no held-out pairs were found): a b\n");
    expect(stdout).toMatch(/exact match +100\.0 % +/);
  });

  it("refuses weights that are too large for it", async () => {
    const { tensors, metadata } = readSafetensors(join(cwd, "run/best.safetensors"));
    const [name] = tensors.keys();
    mkdirSync(join(cwd, "large"));
    writeSafetensors(
      join(cwd, "large/model.safetensors"),
      [...tensors].map(([each, { shape, data }]) => ({
        name: each,
        shape,
        data: each === name ? data.map(() => 70_000) : data,
      })),
      metadata,
    );
    const flags = ["--model", "large/model.safetensors", "--half", "--no-open"];
    expect(await run("explain", ...flags)).toEqual({
      stdout: "",
      stderr: `large/model.safetensors: tensor ${name} has numbers that are too large for half floats. Leave out --half.\n`,
      code: 1,
    });
  });

  it("means nothing for a text", async () => {
    const { stderr, code } = await explain("--text", "--source", "a", "--half");
    expect([stderr, code]).toEqual(["--half: with --text there is no page. Leave it out.\n", 2]);
  });
});
