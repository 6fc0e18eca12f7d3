import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { letterPairs, SMALLEST, writeFiles, xformer } from "../support/cli.ts";

const cwd = temporaryDirectory();
const COPY = letterPairs(300);
const REVERSE = COPY.map((pair) => {
  const [source] = pair.split("\t");
  return `${source}\t${[...source!].toReversed().join("")}`;
});
const CORPORA = ["--train", "copy.tsv tag=<copy>", "--train", "reverse.tsv tag=<reverse> weight=2"];
const STEPS = ["--max-steps", "40", "--validate-every", "20", "--lr", "0.01", "--warmup", "10"];
const BASE = [...SMALLEST, ...STEPS, "--schedule", "inverse-sqrt", "--batch-tokens", "256"];

function bytes(run: string, file = "last.safetensors"): Buffer {
  return readFileSync(join(cwd, run, file));
}

beforeAll(async () => {
  writeFiles(cwd, { "copy.tsv": COPY, "reverse.tsv": REVERSE });
  const { code } = await xformer(["train", ...CORPORA, ...BASE, "--out", "run", "--threads", "1"], { cwd });
  expect(code).toBe(0);
});

describe("two directions in one model", () => {
  it("are the same bytes on any number of threads, and from a file", async () => {
    const train = ["train", ...CORPORA, ...BASE, "--threads", "3", "--out", "threads"];
    const { code, stdout, stderr } = await xformer(train, { cwd });
    expect(code).toBe(0);
    expect(stderr).toMatch(/<copy> copy\.tsv: \d+ pairs, [\d,]+ source and [\d,]+ target tokens/);
    expect(stderr).toMatch(/<reverse> reverse\.tsv: \d+ pairs, taken 2 times an epoch, /);
    expect(stdout).toMatch(
      /Each corpus by itself\n {2}<copy> copy +\d+ pairs +BLEU .*\n {2}<reverse> reverse /,
    );
    expect(bytes("threads").equals(bytes("run"))).toBe(true);
    writeFiles(cwd, {
      "recipe.yaml": [
        ...["data:", "  train:", "    - {path: copy.tsv, tag: <copy>}"],
        ...["    - path: reverse.tsv", "      tag: <reverse>", "      weight: 2"],
      ],
    });
    const recipe = await xformer(["train", "-c", "recipe.yaml", ...BASE, "--out", "recipe"], { cwd });
    expect(recipe.code).toBe(0);
    expect(bytes("recipe").equals(bytes("run"))).toBe(true);
  });

  it("are held out each for itself, with their tags in the text, and measured so", async () => {
    const held = bytes("run", "held-out/test.tsv").toString().trimEnd().split("\n");
    expect(new Set(held.map((line) => line.split(" ")[0]))).toEqual(new Set(["<copy>", "<reverse>"]));
    const metrics = bytes("run", "metrics.jsonl").toString().trimEnd().split("\n");
    const { valid } = metrics.map((line) => JSON.parse(line)).findLast((record) => "valid" in record);
    expect(valid.corpora.map(({ name }: { name: string }) => name)).toEqual([
      "<copy> copy",
      "<reverse> reverse",
    ]);
    const config = JSON.parse(bytes("run", "config.json").toString());
    expect(config.data.train).toMatchObject([
      { tag: "<copy>", weight: 1, valid: 0.05, test: 0.05 },
      { tag: "<reverse>", weight: 2, valid: 0.05, test: 0.05 },
    ]);
    const { code } = await xformer(["eval", "--model", "run", "--test", "run/held-out/test.tsv"], { cwd });
    expect(code).toBe(0);
  });

  it("are chosen by a tag in the text, or by --tag for lines without one", async () => {
    const translate = async (input: string, ...flags: string[]): Promise<string> => {
      const { stdout, code } = await xformer(["translate", "--model", "run", ...flags], { cwd, input });
      expect(code).toBe(0);
      return stdout;
    };
    const own = await translate("<copy> a b c\n<reverse> a b c\n");
    expect(await translate("a b c\n<reverse> a b c\n", "--tag", "<copy>")).toBe(own);
    const scores = async (...args: string[]): Promise<string> =>
      (await xformer(["score", "--model", "run", ...args], { cwd })).stdout;
    writeFiles(cwd, { "plain.tsv": ["a b\tb a"], "tagged.tsv": ["<reverse> a b\tb a"] });
    expect(await scores("--test", "plain.tsv", "--tag", "<reverse>")).toBe(
      await scores("--test", "tagged.tsv"),
    );
    const evaluated = async (...args: string[]): Promise<string> =>
      (await xformer(["eval", "--model", "run", "--json", ...args], { cwd })).stdout;
    expect(await evaluated("--test", "plain.tsv", "--tag", "<reverse>")).toBe(
      await evaluated("--test", "tagged.tsv"),
    );
  });

  it("a tag that the model does not know is refused", async () => {
    const { stderr, code } = await xformer(["translate", "--model", "run", "--tag", "<2de>"], {
      cwd,
      input: "a\n",
    });
    expect([stderr, code]).toEqual(['this model has no tag "<2de>". It knows <copy>, <reverse>.\n', 2]);
  });

  it("go on as they began, and not with other weights", async () => {
    const stop = ["--max-steps", "20", "--out", "stopped"];
    expect((await xformer(["train", ...CORPORA, ...BASE, ...stop], { cwd })).code).toBe(0);
    const moved = ["--train", "copy.tsv tag=<copy>", "--train", "reverse.tsv tag=<reverse>"];
    const other = await xformer(["train", "--resume", "stopped", ...moved], { cwd });
    expect(other.stderr).toBe(
      "stopped: this run was begun with data.train[1] setting weight = 2, not 1. Leave the setting out to go on, or begin a new run.\n",
    );
    const one = await xformer(["train", "--resume", "stopped", "--train", "copy.tsv"], { cwd });
    expect(one.stderr).toContain("begun with 2 training corpora, not 1.");
    const again = await xformer(["train", "--resume", "stopped", "--max-steps", "40", ...CORPORA], { cwd });
    expect(again.code).toBe(0);
    expect(bytes("stopped").equals(bytes("run"))).toBe(true);
  });

  it("may be validated on files of their own, which have tags too", async () => {
    const valid = [
      "--valid",
      "copy.tsv tag=<copy>",
      "--valid",
      "reverse.tsv tag=<reverse>",
      "--max-steps",
      "2",
    ];
    const { code, stdout } = await xformer(["train", ...CORPORA, ...BASE, ...valid, "--out", "valid"], {
      cwd,
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/<reverse> reverse +300 pairs +BLEU/);
  });
});

it("both directions of one table: what is held out is so in both", async () => {
  const corpora = ["--train", "copy.tsv tag=<to>", "--train", "copy.tsv tag=<fro> reverse=true"];
  const steps = ["--max-steps", "2", ...SMALLEST];
  expect((await xformer(["train", ...corpora, ...steps, "--out", "ways"], { cwd })).code).toBe(0);
  const held = bytes("ways", "held-out/test.tsv").toString().trimEnd().split("\n");
  const rows = held.map((line) => /^(<\w+>) (.*)\t(.*)$/.exec(line)!.slice(1));
  const of = (tag: string) =>
    rows.filter(([own]) => own === tag).map(([, source, target]) => [source, target]);
  expect(of("<to>").length).toBeGreaterThan(5);
  expect(of("<fro>").map(([source, target]) => [target, source])).toEqual(of("<to>"));
  writeFiles(cwd, {
    "turned.tsv": COPY.map((pair) => pair.split("\t").toReversed().join("\t")),
    "ways.yaml": ["data:", "  train:", "    - {path: copy.tsv, reverse: true}"],
  });
  const whole = ["--valid-split", "0", "--test-split", "0", ...steps];
  expect((await xformer(["train", "-c", "ways.yaml", ...whole, "--out", "a"], { cwd })).code).toBe(0);
  expect((await xformer(["train", "turned.tsv", ...whole, "--out", "b"], { cwd })).code).toBe(0);
  expect(bytes("a").equals(bytes("b"))).toBe(true);
  const valid = ["--valid", "copy.tsv tag=<fro> reverse=true", ...steps];
  const { stderr, code } = await xformer(["train", ...corpora, ...valid, "--out", "valid-ways"], { cwd });
  expect([code, stderr]).toEqual([0, expect.stringContaining("300 to validate on")]);
});

it("one corpus is the same run, and the same cache, whether it is named alone or in a list", async () => {
  const train = (...corpus: string[]) =>
    xformer(["train", ...corpus, ...SMALLEST, "--max-steps", "2", "--cache", "cache"], { cwd });
  expect((await train("copy.tsv", "--out", "alone")).code).toBe(0);
  writeFiles(cwd, { "list.yaml": ["data:", "  train: [{path: copy.tsv, weight: 1}]"] });
  expect((await train("-c", "list.yaml", "--out", "list")).code).toBe(0);
  expect(bytes("list").equals(bytes("alone"))).toBe(true);
  expect(bytes("list", "config.json").toString()).toBe(bytes("alone", "config.json").toString());
});

it("a tokenizer that was learned with the tags can be given", async () => {
  const learned = ["tokenizer", "learn", "--input", "copy.tsv", "--kind", "word", "--output", "tags.json"];
  expect((await xformer([...learned, "--tag", "<copy>", "<reverse>"], { cwd })).code).toBe(0);
  const train = (file: string) =>
    xformer(["train", ...CORPORA, ...SMALLEST, "--tokenizer", file, "--max-steps", "2", "--out", "given"], {
      cwd,
    });
  expect((await train("tags.json")).code).toBe(0);
  const { stdout } = await xformer(["tokenize", "--model", "given", "--side", "source"], {
    cwd,
    input: "<reverse> a b\n",
  });
  expect(stdout).toBe("<reverse> a b\n");
  expect((await xformer(learned, { cwd })).code).toBe(0);
  const { stderr, code } = await xformer(
    ["train", ...CORPORA, "--tokenizer", "tags.json", "--out", "untagged"],
    { cwd },
  );
  expect([stderr.split(". ")[0], code]).toEqual([
    "copy.tsv: the source's tokenizer does not know the tag <copy>",
    1,
  ]);
});

describe("filters", () => {
  const again = [...REVERSE, ...REVERSE.slice(0, 7)];

  it("of check --fix and of training are one: the same model", async () => {
    writeFiles(cwd, { "twice.tsv": again });
    const { stdout, code } = await xformer(
      ["check", "twice.tsv", "--fix", "--filters", "duplicates,script"],
      { cwd },
    );
    expect(code).toBe(0);
    expect(stdout).toContain("300 pairs written to twice.clean.tsv; 7 there before left out.");
    const train = (...flags: string[]) =>
      xformer(["train", ...flags, ...SMALLEST, "--max-steps", "2"], { cwd });
    const all = ["--filter-duplicates", "--filter-script"];
    const { stderr } = await train("twice.tsv", ...all, "--out", "filtered");
    expect(stderr).toMatch(/filtered: .*7 there before/);
    expect((await train("twice.clean.tsv", "--out", "cleaned")).code).toBe(0);
    expect(bytes("filtered").equals(bytes("cleaned"))).toBe(true);
    const other = await xformer(["train", "--resume", "filtered", "--no-filter-duplicates"], { cwd });
    expect(other.stderr).toContain("begun with filter setting duplicates = true, not false.");
  });

  it("of a file, each corpus by itself", async () => {
    writeFiles(cwd, {
      "filter.yaml": [
        ...["data:", "  train: [copy.tsv, {path: twice.tsv, tag: <reverse>}]"],
        ...["filter: {duplicates: true, min_length: 3}"],
      ],
    });
    const { stdout, stderr, code } = await xformer(
      ["train", "-c", "filter.yaml", ...SMALLEST, "--max-steps", "2", "--out", "each", "--json"],
      { cwd },
    );
    expect([stderr, code]).toEqual(["", 0]);
    const events = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const { corpora } = events.find(({ type }) => type === "started").summary;
    expect(corpora).toMatchObject([
      { path: "copy.tsv", tag: null, weight: 1, skipped: 0, leftOut: {} },
      { path: "twice.tsv", tag: "<reverse>", weight: 1, leftOut: { duplicates: 7 } },
    ]);
  });

  it.each([
    [["--output", "x.tsv"], "--output: nothing is written. Give --fix too."],
    [
      ["--fix", "--filters", "length"],
      '--filters: expected some of duplicates, identical, ratio, script, ambiguous, got "length". Put commas between names.',
    ],
    [
      ["--fix", "copy.tsv", "--output", "x.tsv"],
      "--output: there are several corpora. Give one, or leave --output out.",
    ],
  ])("that cannot be are refused: %j", async (flags, message) => {
    const { stderr, code } = await xformer(["check", "reverse.tsv", ...flags], { cwd });
    expect([stderr, code]).toEqual([`${message}\n`, 2]);
  });

  it("leave errors out, so that a training can begin", async () => {
    writeFiles(cwd, { "broken.tsv": [...COPY.slice(0, 20), "no tab", "a\t"] });
    expect((await xformer(["check", "broken.tsv"], { cwd })).code).toBe(1);
    const { stdout, code } = await xformer(
      ["check", "broken.tsv", "--fix", "--filters", "none", "-o", "mended.tsv"],
      { cwd },
    );
    expect(stdout).toContain("20 pairs written to mended.tsv; 2 with an error left out.");
    expect(code).toBe(0);
    expect((await xformer(["check", "mended.tsv"], { cwd })).code).toBe(0);
  });
});
