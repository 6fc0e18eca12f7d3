import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readSafetensors, writeSafetensors } from "../../src/io/safetensors.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { letterPairs, SMALLEST, writeFiles, xformer } from "../support/cli.ts";

const cwd = temporaryDirectory();
const LANGUAGES = ["--source-lang", "zh", "--target-lang", "en"];

/** Runs a command that has to fail, and gives its exit code and the one line it says. */
async function failure(...args: string[]): Promise<string> {
  const { stdout, stderr, code } = await xformer(args, { cwd });
  expect(stdout).toBe("");
  expect(stderr.endsWith("\n")).toBe(true);
  return `${code} ${stderr.slice(0, -1)}`;
}

/** What training on these files says. */
async function trainingOn(files: Parameters<typeof writeFiles>[1], ...args: string[]): Promise<string> {
  writeFiles(cwd, files);
  return failure("train", ...args, "--out", "never", ...SMALLEST);
}

describe.concurrent("a corpus that cannot be used", () => {
  const prefix = (name: string): string[] => ["--train", name, ...LANGUAGES];

  it("unequal line counts: both are named", async () => {
    const files = { "unequal.zh": ["一", "二", "三"], "unequal.en": ["one", "two"] };
    expect(await trainingOn(files, ...prefix("unequal"))).toBe(
      "1 unequal.zh: 3 lines, but unequal.en has 2 lines. Give every line its translation on the same line of the other file.",
    );
  });

  it("an empty side: file and line are named", async () => {
    const files = { "side.zh": ["一", "二", "三"], "side.en": ["one", "", "three"] };
    expect(await trainingOn(files, ...prefix("side"))).toBe(
      "1 side.en:2: the line is empty. Fill it in, or remove this line here and in side.zh.",
    );
  });

  it("a missing file: what was looked for and what there is", async () => {
    const files = { "missing.zh": ["一"], "missing.fr": ["un"] };
    expect(await trainingOn(files, ...prefix("missing"))).toBe(
      "1 missing: looked for missing.zh and missing.en, but missing.en does not exist. Check the languages: the directory has missing.fr.",
    );
    expect(await failure("train", "--train", "none.tsv")).toBe(
      "1 none.tsv: no such file or directory. Check the path.",
    );
  });

  it("a directory", async () => {
    const files = { "folder/train.zh": ["一"] };
    expect(await trainingOn(files, ...prefix("folder"))).toBe(
      "1 folder: this is a directory, not a corpus. Name a .tsv file, or the prefix of two files, inside it.",
    );
  });

  it("invalid UTF-8: file and line", async () => {
    const files = { "latin.zh": ["一", "二"], "latin.en": Buffer.from("one\ncaf\xe9\n", "latin1") };
    expect(await trainingOn(files, ...prefix("latin"))).toBe(
      "1 latin.en:2: invalid UTF-8. Convert the file to UTF-8.",
    );
  });

  it("a NUL byte: file and line", async () => {
    expect(await trainingOn({ "nul.tsv": "a\tb\nc\0\td\n" }, "--train", "nul.tsv")).toBe(
      "1 nul.tsv:2: a NUL byte in a text file. Check that this is a text file in UTF-8.",
    );
  });

  it("one column: file and line", async () => {
    expect(await trainingOn({ "column.tsv": ["a\tb", "c d"] }, "--train", "column.tsv")).toBe(
      "1 column.tsv:2: expected 2 tab-separated columns, found 1. Separate source and target with one tab.",
    );
  });

  it("nothing in it", async () => {
    expect(await trainingOn({ "empty.tsv": "" }, "--train", "empty.tsv")).toBe(
      "1 empty.tsv: the corpus is empty. Put at least one pair of sentences in it.",
    );
  });

  it("only over-long pairs", async () => {
    expect(await trainingOn({ "long.tsv": ["a b c\td"] }, "--train", "long.tsv", "--max-length", "2")).toBe(
      "1 long.tsv: every pair has a side of more than 2 tokens. Raise --max-length.",
    );
  });

  it("a prefix without its languages", async () => {
    expect(await trainingOn({}, "--train", "unequal")).toBe(
      "2 unequal: a corpus is a .tsv file or a prefix of two files. For a prefix, give --source-lang and --target-lang too; the directory has unequal.en, unequal.zh.",
    );
  });
});

describe.concurrent("flags that are not right", () => {
  it.each([
    [["trian"], 'unknown command "trian". Did you mean train?'],
    [["train", "--presett", "tiny"], 'unknown option "--presett". Did you mean --preset?'],
    [
      ["train", "--preset", "smal"],
      '--preset: expected one of tiny, small, base, paper, got "smal". Did you mean small?',
    ],
    [["train", "--norm", "xyz"], '--norm: expected one of post, pre, none, got "xyz".'],
    [["train", "--lr", "abc"], '--lr: expected a number above 0 and at most 10, or none, got "abc".'],
    [["train", "--lr", "0"], '--lr: expected a number above 0 and at most 10, or none, got "0".'],
    [["train", "--dropout", "1"], '--dropout: expected a number of at least 0 and below 1, got "1".'],
    [["train", "--d-model", "12.5"], '--d-model: expected a whole number from 1 to 65536, got "12.5".'],
    [
      ["train", "--max-steps", "-3"],
      '--max-steps: expected a whole number of at least 1, or none, got "-3".',
    ],
    [
      ["train", "--seed", "4294967296"],
      '--seed: expected a whole number from 0 to 4294967295, got "4294967296".',
    ],
    [["train", "--out", ""], "--out: the path is empty. Give a path."],
    [["train", "--valid", "v.tsv"], "--valid: without --train the bundled corpus is used. Give --train too."],
    [["train", "--resume", "r", "--out", "o"], "--out: a resumed run stays where it is. Leave it out."],
    [
      ["translate"],
      "there is no model: --model is not given, and no run is in runs. Train one with `npx xformer train`, or name one.",
    ],
    [
      ["translate", "--model"],
      'option "-m, --model <path>" argument missing. Run it with --help to see how it is used.',
    ],
    [
      ["eval", "--model", "m", "--test", "t", "--bleu-tokenizer", "13b"],
      '--bleu-tokenizer: expected one of 13a, intl, char, zh, none, got "13b". Did you mean 13a?',
    ],
    [
      ["tokenize", "--model", "m", "--side", "traget"],
      '--side: expected one of source, target, got "traget". Did you mean target?',
    ],
    [
      ["data", "make", "revers"],
      'expected one of reverse, copy, sort, dates, numbers, sounds, zh-en, zh-en-news, got "revers". Did you mean reverse?',
    ],
  ])("xformer %j", async (args, line) => {
    expect(await failure(...args)).toBe(`2 ${line}`);
  });

  it("sizes that do not fit together", async () => {
    writeFiles(cwd, { "fine.tsv": letterPairs(8) });
    expect(await failure("train", "--train", "fine.tsv", "--d-model", "100", "--heads", "3")).toBe(
      "1 dModel 100 cannot be split into 3 heads. Choose a dModel that is a multiple of nHeads.",
    );
  });
});

describe("checkpoints that cannot be used", () => {
  let whole: Buffer;
  beforeAll(async () => {
    writeFiles(cwd, { "pairs.tsv": letterPairs(64), "others.tsv": letterPairs(65) });
    const trained = await xformer(
      ["train", "--train", "pairs.tsv", "--out", "run", "--max-steps", "2", ...SMALLEST],
      { cwd },
    );
    expect(trained.code).toBe(0);
    whole = readFileSync(join(cwd, "run/best.safetensors"));
  });

  /** What translating with such a file says. */
  async function translatingWith(name: string, bytes: string | Uint8Array): Promise<string> {
    writeFileSync(join(cwd, name), bytes);
    return failure("translate", "--model", name);
  }

  it("truncated", async () => {
    expect(await translatingWith("cut.safetensors", whole.subarray(0, -100))).toBe(
      "1 cut.safetensors: the file is cut off: 100 bytes missing at its end. The file is damaged or incomplete: use another copy of it.",
    );
    expect(await translatingWith("cut.safetensors", whole.subarray(0, 1000))).toMatch(
      /^1 cut\.safetensors: the header should have \d+ bytes, but the file has only 992 more\. [^\n]+\.$/,
    );
  });

  it("a bit of its header flipped: one line, no stack", async () => {
    for (const bit of [3, 8 * 7 + 6, 8 * 8, 8 * 20 + 1, 8 * 200 + 2]) {
      const flipped = Buffer.from(whole);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(await translatingWith("flipped.safetensors", flipped)).toMatch(
        /^1 flipped\.safetensors: [^\n]+\.$/,
      );
    }
  });

  it("not a checkpoint at all", async () => {
    expect(await translatingWith("notes.txt", "These are my notes about Transformers.\n")).toBe(
      "1 notes.txt: this is not a safetensors file. Name a checkpoint written by xformer.",
    );
    expect(await translatingWith("nothing", "")).toBe(
      "1 nothing: the file is empty. The file is damaged or incomplete: use another copy of it.",
    );
    writeSafetensors(join(cwd, "foreign.safetensors"), [], { format: "pt" });
    expect(await failure("translate", "--model", "foreign.safetensors")).toBe(
      "1 foreign.safetensors: this safetensors file is not an xformer checkpoint: it lacks xformer's metadata. Name a file that `xformer train` wrote.",
    );
  });

  it("from a newer format version", async () => {
    const { tensors, metadata } = readSafetensors(join(cwd, "run/best.safetensors"));
    const list = [...tensors].map(([name, tensor]) => ({ name, ...tensor }));
    writeSafetensors(join(cwd, "newer.safetensors"), list, { ...metadata, format_version: "2" });
    expect(await failure("translate", "--model", "newer.safetensors")).toBe(
      "1 newer.safetensors: it has format version 2, this xformer reads up to 1. Update xformer.",
    );
  });

  it("a missing one, and a directory without one", async () => {
    expect(await failure("translate", "--model", "nowhere")).toBe(
      "1 nowhere: no such file or directory. Check the path.",
    );
    writeFiles(cwd, { "bare/notes.txt": "" });
    expect(await failure("translate", "--model", "bare")).toBe(
      "1 bare: no best.safetensors or last.safetensors in this directory. Name a run directory that `xformer train` made, or a checkpoint file.",
    );
  });

  it("resumed with other data", async () => {
    expect(await failure("train", "--resume", "run", "--train", "others.tsv")).toBe(
      "1 others.tsv: this is not the data that the run in run was begun with. Restore the training files, or begin a new run.",
    );
  });

  it("resumed with another size", async () => {
    expect(await failure("train", "--resume", "run", "--d-model", "64")).toBe(
      "1 run: this run was begun with model setting dModel = 16, not 64. Leave the setting out to go on, or begin a new run.",
    );
  });

  it("a run directory that is taken is not overwritten", async () => {
    expect(await failure("train", "--train", "pairs.tsv", "--out", "run")).toBe(
      "1 run: a run is in this directory already. Choose another --out, go on with --resume, or overwrite it with --force.",
    );
    expect(readFileSync(join(cwd, "run/best.safetensors")).equals(whole)).toBe(true);
  });
});
