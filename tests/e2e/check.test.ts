import { beforeAll, describe, expect, it } from "vitest";
import { learnTokenizer } from "../../src/text/tokenizerKinds.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { letterPairs, writeFiles, xformer } from "../support/cli.ts";

const cwd = temporaryDirectory();
const run = (...args: string[]) => xformer(["check", ...args], { cwd });

beforeAll(() => {
  const pairs = letterPairs(64);
  const tokenizer = learnTokenizer(["a b c d e f g"], { kind: "word" });
  writeFiles(cwd, {
    "train.tsv": pairs,
    "test.tsv": ["h h h\th h h", pairs[9]!, "a\u202eb\ta b"],
    "other.tsv": ["y\ty", "z\tz"],
    "bad.tsv": [pairs[0]!, "no tab", "a\t"],
    "tokenizer.json": JSON.stringify(tokenizer.toJSON()),
    "no.json": "{",
    "p.en": ["a b c"],
    "p.de": ["a b c", "d e f"],
  });
});

describe("xformer check", () => {
  it("says so when nothing is wrong, without colours in a pipe", async () => {
    const { code, stdout, stderr } = await run("train.tsv");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toBe(`train.tsv  64 pairs to train on
  source  Latin, 3 to 3 words, median 3, mean 3.0, 192 in all
  target  Latin, 3 to 3 words, median 3, mean 3.0, 192 in all
  ratio   target to source usually 1.00; unlike beyond 3.0 times that

  source, words               target, words
  1                           1
  2                           2
  3  ################## 64    3  ################## 64

  train  would choose by these lengths, of 64 pairs to train on:
         preset small, norm pre, dropout 0.3
         200 epochs, batches of 512 tokens, rate up to 0.002, then linear

Nothing is wrong.
`);
  });

  it("says what a training on several corpora would choose", async () => {
    const { stdout } = await run("train.tsv", "other.tsv", "--json");
    const { corpora, vocabulary, fitted } = JSON.parse(stdout);
    const letters = corpora.map((corpus: { source: { vocabulary: number } }) => corpus.source.vocabulary);
    expect(letters).toEqual([8, 2]);
    expect(vocabulary).toEqual({ source: 10, target: 10 });
    expect(fitted.shape).toEqual({
      ...{ pairs: 66, sourceTokens: 64 * 4 + 2 * 2, targetTokens: 64 * 4 + 2 * 2 },
      ...{ vocabulary: 10, validPairs: 0 },
    });
  });

  it("exits with 0 at warnings", async () => {
    const { code, stdout } = await run("train.tsv", "--test", "test.tsv");
    expect(code).toBe(0);
    expect(stdout).toContain(`
warning  a pair that is in a corpus before this one: 1
  test.tsv:2  as train.tsv:10  b b a
`);
    expect(stdout).toContain("  test.tsv:3  source: bidi control U+202E  a⟨U+202E⟩b\n");
    expect(stdout.endsWith("\nNo errors, 2 warnings.\n")).toBe(true);
  });

  it("exits with 1 at errors, each with its line", async () => {
    const { code, stdout } = await run("bad.tsv", "--limit", "1");
    expect(code).toBe(1);
    expect(stdout).toContain("\nerror  not two columns: 1\n  bad.tsv:2  1 column instead of 2\n");
    expect(stdout).toContain("\nerror  an empty side: 1\n  bad.tsv:3  the target is empty  a\n");
    expect(stdout.endsWith("\nTraining would stop: 2 errors, 0 warnings.\n")).toBe(true);
  });

  it("reads prefixes and prints JSON", async () => {
    const { code, stdout } = await run("p", "--source-lang", "en", "--target-lang", "de", "--json");
    expect(code).toBe(1);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({
      errors: 1,
      warnings: 0,
      corpora: [{ path: "p", part: "train", rows: 2, pairs: 1 }],
    });
    expect(report.corpora[0].findings).toEqual([
      {
        kind: "uneven",
        severity: "error",
        count: 1,
        examples: [
          { file: "p.en", line: 2, detail: "no such line, but the other file has it", text: "d e f" },
        ],
      },
    ]);
  });

  it("counts what a tokenizer does not know", async () => {
    const { code, stdout } = await run("train.tsv", "--tokenizer", "tokenizer.json");
    expect(code).toBe(0);
    expect(stdout).toMatch(/\n {2}unknown {2}\d+ of 192 source tokens \(\d+\.\d\d %\): h \(\d+\)\n/);
    expect(stdout).toContain("3 to 3 tokens");
  });

  it.each([
    [
      ["train.tsv", "--model", "m", "--tokenizer", "t"],
      2,
      "--tokenizer: a model brings its own tokenizers. Leave out one of them.\n",
    ],
    [
      ["train.tsv", "--tokenizer", "no.json"],
      1,
      "no.json: this is neither JSON nor a SentencePiece model. Name a tokenizer.json, as `xformer tokenizer learn` writes it, or a SentencePiece model.\n",
    ],
    [
      ["p"],
      2,
      "p: a corpus is a .tsv file or a prefix of two files. For a prefix, give --source-lang and --target-lang too; the directory has p.de, p.en.\n",
    ],
    [["nowhere.tsv"], 1, "nowhere.tsv: no such file or directory. Check the path.\n"],
    [[], 2, 'missing required argument "corpus". Run it with --help to see how it is used.\n'],
  ])("%j fails in one line", async (args, code, stderr) => {
    expect(await run(...args)).toEqual({ code, stdout: "", stderr });
  });
});
