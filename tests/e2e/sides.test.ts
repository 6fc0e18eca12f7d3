import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { findTask } from "../../src/tasks/tasks.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { SMALLEST, writeFiles, xformer } from "../support/cli.ts";

const cwd = temporaryDirectory();
const pairs = findTask("sounds").generate({ seed: 7, count: 260 });
const [WORD, PHONEMES] = ["scoccia", "S K O1 CCH A"];
const SIDES = ["--source-tokenizer", "char", "--target-tokenizer", "word"];
const STEPS = [
  "--keep-best",
  "2",
  "--max-steps",
  "12",
  "--validate-every",
  "4",
  "--lr",
  "0.01",
  "--warmup",
  "4",
  "--schedule",
  "inverse-sqrt",
];

beforeAll(async () => {
  const rows = pairs.map(({ source, target }) => `${source}\t${target}`);
  writeFiles(cwd, { "train.tsv": rows.slice(0, 240), "valid.tsv": rows.slice(240) });
  const train = ["train", "train.tsv", "--valid", "valid.tsv", ...SIDES, ...SMALLEST, ...STEPS];
  const { code, stderr } = await xformer([...train, "--out", "run"], { cwd });
  expect([code, stderr.includes("single word")]).toEqual([0, false]);
  expect((await xformer([...train, "--max-steps", "8", "--out", "stopped"], { cwd })).code).toBe(0);
});

describe("letters on one side and words on the other", () => {
  it("are kept in the checkpoint", async () => {
    const { stdout } = await xformer(["inspect", "--model", "run"], { cwd });
    expect(stdout).toMatch(/source +-, chars, vocabulary \d+\n/);
    expect(stdout).toMatch(/target +-, words, vocabulary \d+, /);
    const config = JSON.parse(readFileSync(join(cwd, "run", "config.json"), "utf8"));
    expect(config.tokenizer).toMatchObject({ source: { kind: "char" }, target: { kind: "word" } });
  });

  it("cut each side in its own way", async () => {
    const tokens = async (side: string, line: string): Promise<string> =>
      (await xformer(["tokenize", "--model", "run", "--side", side], { cwd, input: `${line}\n` })).stdout;
    expect(await tokens("source", WORD)).toBe("s c o c c i a\n");
    expect(await tokens("target", PHONEMES)).toBe(`${PHONEMES}\n`);
    const { stdout } = await xformer(["tokenizer", "encode", "--model", "run", "--tokens"], {
      cwd,
      input: `${WORD}\n`,
    });
    expect(stdout).toBe("s c o c c i a\n");
  });

  it("translate, at the prompt's commands and in n-best lists too", async () => {
    const { stdout, code } = await xformer(
      ["translate", "--model", "run", "--n-best", "2", "--beam", "3", "--alignments", "words"],
      { cwd, input: `${WORD}\n` },
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^0 \|\|\| [A-Z1 ]+ \|\|\| /m);
  });

  it("are measured by what the texts say", async () => {
    const { stdout, stderr, code } = await xformer(
      ["eval", "--model", "run", "--test", "valid.tsv", "--metrics", "per,wer,exact-match,loss", "--json"],
      { cwd },
    );
    expect([stderr, code]).toEqual(["", 0]);
    const { per, wer, loss } = JSON.parse(stdout);
    expect(per.score).toBe(wer.score); // phonemes are the words of the target
    expect(loss.score).toBeGreaterThan(0);
  });

  it("are checked with the tokenizers of the model, or one of a file", async () => {
    const withModel = await xformer(["check", "valid.tsv", "--model", "run"], { cwd });
    expect(withModel.stdout).toMatch(/unknown +\d+ of \d+ source tokens/);
    const exported = ["tokenizer", "export", "--model", "run", "--side", "source", "--output", "source.json"];
    expect((await xformer(exported, { cwd })).code).toBe(0);
    const { stdout } = await xformer(["check", "valid.tsv", "--source-tokenizer", "source.json"], { cwd });
    expect(stdout).toMatch(/source +Latin, .* tokens, /);
    expect(stdout).toMatch(/target +Latin, .* words, /);
    writeFiles(cwd, { "long.tsv": [`${"a".repeat(300)}\tA`, `ab\tA B`] });
    const long = await xformer(["check", "long.tsv", "--model", "run", "--json"], { cwd });
    const { findings } = JSON.parse(long.stdout).corpora[0];
    const tooLong = findings.find(({ kind }: { kind: string }) => kind === "too-long");
    expect(tooLong).toMatchObject({ count: 1, examples: [{ detail: "300 to 1 tokens, more than 256" }] });
    const both = await xformer(["check", "valid.tsv", "--model", "run", "--target-tokenizer", "x.json"], {
      cwd,
    });
    expect(both.stderr).toBe(
      "--target-tokenizer: a model brings its own tokenizers. Leave out one of them.\n",
    );
  });

  it("are averaged", async () => {
    const { code } = await xformer(["average", "--run", "run", "--best", "2", "-o", "mean.safetensors"], {
      cwd,
    });
    expect(code).toBe(0);
    const { stdout } = await xformer(["tokenize", "--model", "mean.safetensors", "--side", "source"], {
      cwd,
      input: `${WORD}\n`,
    });
    expect(stdout).toBe("s c o c c i a\n");
  });

  it("go on as they began, and are not changed on the way", async () => {
    const other = await xformer(["train", "--resume", "stopped", "--source-tokenizer", "word"], { cwd });
    expect([other.stderr, other.code]).toEqual([
      "stopped: this run was begun with tokenizer.source setting kind = char, not word. Leave the setting out to go on, or begin a new run.\n",
      1,
    ]);
    const both = await xformer(["train", "--resume", "stopped", "--tokenizer", "char"], { cwd });
    expect(both.stderr).toContain("tokenizer.target setting kind = word, not char");
    const same = await xformer(["train", "--resume", "stopped", "--max-steps", "12", ...SIDES], { cwd });
    expect(same.code).toBe(0);
    const bytes = (run: string): Buffer => readFileSync(join(cwd, run, "last.safetensors"));
    expect(bytes("stopped").equals(bytes("run"))).toBe(true);
  });
});

describe("a model to start from", () => {
  const start = ["train", "new.tsv", "--valid", "valid.tsv", "--from", "run", "--max-steps", "1"];

  beforeAll(() => writeFiles(cwd, { "new.tsv": ["ñoccia\tQQ O1 CCH A", ...Array(9).fill("ñi\tQQ I")] }));

  it("has its tokenizers, each of which grows by itself", async () => {
    const grown = await xformer([...start, "--extend-vocabulary", "--out", "more"], { cwd });
    expect(grown.stderr).toMatch(/^ +its vocabularies have taken in 1 source token and 1 target token$/m);
    const tokens = async (side: string, input: string): Promise<string> =>
      (await xformer(["tokenize", "--model", "more", "--side", side], { cwd, input: `${input}\n` })).stdout;
    expect(await tokens("source", `ñ${WORD}`)).toBe(`ñ s c o c c i a\n`);
    expect(await tokens("target", `QQ ${PHONEMES}`)).toBe(`QQ ${PHONEMES}\n`);
    const config = JSON.parse(readFileSync(join(cwd, "more", "config.json"), "utf8"));
    expect(config.tokenizer).toMatchObject({
      kind: "char",
      source: { kind: null },
      target: { kind: "word" },
    });
    const stopped = await xformer(["train", "--resume", "more", "--max-steps", "2"], { cwd });
    expect(stopped.code).toBe(0);
  });

  it("has limits of each side for what it takes in", async () => {
    const few = await xformer(
      [...start, "--extend-vocabulary", "--target-min-frequency", "11", "--out", "few"],
      { cwd },
    );
    expect(few.stderr).toMatch(/^ +its vocabularies have taken in 1 source token and 0 target tokens$/m);
  });

  it("is printed so that the file means the same", async () => {
    const { stdout } = await xformer([...start, "--print-config"], { cwd });
    expect(stdout).toMatch(/ {2}target:\n {4}kind: word +# the model to start from\n/);
    writeFiles(cwd, { "again.yaml": stdout.split("\n") });
    const again = await xformer(["train", "--config", "again.yaml", "--print-config", "--json"], { cwd });
    expect(again.stderr).toBe("");
    expect(JSON.parse(again.stdout).tokenizer).toMatchObject({
      kind: { value: "char" },
      target: { kind: { value: "word" } },
    });
  });

  it.each([
    [["--target-tokenizer", "char"], "this model has tokenizer.target setting kind = word, not char"],
    [["--tokenizer", "char"], "this model has tokenizer setting kind = word, not char"],
    [["--source-lowercase"], "this model has tokenizer.source setting lowercase = false, not true"],
    [
      ["--source-vocab-size", "50"],
      "source.vocabularySize is 50, but the model to start from has its vocabulary",
    ],
  ])("is not another one: %s", async (flags, problem) => {
    const { stderr, code } = await xformer([...start, ...flags, "--out", "other"], { cwd });
    expect([stderr.split(". ")[0], code]).toEqual([`${join("run", "best.safetensors")}: ${problem}`, 1]);
  });
});

it("words that nobody has seen are told of, with the flag that helps", async () => {
  const { stderr } = await xformer(
    ["train", "train.tsv", "--valid", "valid.tsv", "--max-steps", "1", ...SMALLEST, "--out", "words"],
    { cwd },
  );
  expect(stderr).toContain("Give --source-tokenizer char.");
});
