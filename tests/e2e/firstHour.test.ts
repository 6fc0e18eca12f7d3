import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { letterPairs, SMALLEST, writeFiles, xformer } from "../support/cli.ts";

const cwd = temporaryDirectory();

/** One step of a model of the smallest size. */
const ONE_STEP = [...SMALLEST, "--max-steps", "1", "--warmup", "1", "--threads", "1"];

/** The first pairs of the bundled corpus, as a table. */
const bundledPairs = (pairs: number): string[] => {
  const side = (language: string): string[] =>
    readFileSync(join(import.meta.dirname, `../../data/zh-en/train.${language}`), "utf8").split("\n");
  const [source, target] = [side("zh"), side("en")];
  return Array.from({ length: pairs }, (_, i) => `${source[i]}\t${target[i]}`);
};

describe("what nothing can be learned from", () => {
  const WARNING = "warning: nearly every source line is a single word that no other line has";

  it("is told before training: words of which each is a line's own; characters are fine", async () => {
    const made = await xformer(
      ["data", "make", "numbers", "--train", "300", "--valid", "20", "--test", "20"],
      {
        cwd,
      },
    );
    expect(made.stdout).toContain(" --tokenizer char --preset tiny ");
    const data = made.stdout.trim().split(" ").slice(2, made.stdout.split(" ").indexOf("--tokenizer"));
    const words = await xformer([...data, ...ONE_STEP, "--out", "words"], { cwd });
    expect(words.stderr).toContain(WARNING);
    expect(words.stderr.indexOf(WARNING)).toBeLessThan(words.stderr.indexOf("  model "));
    expect(words.stderr).toMatch(
      /^ {2}unknown {2}100\.00 % of source, \d+\.\d\d % of target in validation; 100\.00 % of source, \d+\.\d\d % of target held out$/m,
    );
    const characters = await xformer([...data, ...ONE_STEP, "--tokenizer", "char", "--out", "characters"], {
      cwd,
    });
    expect(characters.stderr).not.toContain("warning");
    expect(characters.stderr).toContain(
      "  unknown  0.00 % of source, 0.00 % of target in validation; 0.00 % of source",
    );
  });
});

describe("a run that is short", () => {
  it("learns twelve pairs in the usual twenty passes: warm-up is a tenth of them", async () => {
    writeFiles(cwd, { "twelve.tsv": bundledPairs(12) });
    const languages = ["--source-lang", "zh", "--target-lang", "en"];
    const trained = await xformer(["train", "--train", "twelve.tsv", ...languages, "--out", "twelve"], {
      cwd,
    });
    expect(trained.stderr).toMatch(/^ {2}rate {5}up to 3\.6e-3 over 2 steps of warm-up, then inverse-sqrt$/m);
    const evaluated = await xformer(["eval", "--model", "twelve", "--test", "twelve.tsv", "--json"], { cwd });
    // With a warm-up of 600 steps the perplexity is 40, and every translation the same.
    expect(JSON.parse(evaluated.stdout).perplexity.score).toBeLessThan(4);
  });

  it("keeps its warm-up when it goes on, and says where it is from when it is asked", async () => {
    writeFiles(cwd, { "letters.tsv": letterPairs(40) });
    const train = ["train", "--train", "letters.tsv", ...SMALLEST, "--threads", "1"];
    const setting = async (...args: string[]): Promise<Record<string, unknown>> => {
      const { stdout } = await xformer([...args, "--print-config", "--json"], { cwd });
      const { warmup, lr } = JSON.parse(stdout).training;
      return { warmup, lr };
    };
    const peak = (16 * 600) ** -0.5;
    expect(await setting(...train, "--max-steps", "50")).toEqual({
      warmup: { value: 5, from: "a tenth of max_steps" },
      lr: { value: peak, from: "the paper's for a warm-up of 600" },
    });
    expect(await setting(...train)).toMatchObject({
      warmup: { value: null, from: "default: 600, but a tenth of the run at most" },
    });
    expect(await setting(...train, "--max-steps", "6000")).toMatchObject({
      warmup: { value: 600, from: "default" },
      lr: { value: null, from: "default" },
    });
    await xformer([...train, "--max-steps", "50", "--out", "short"], { cwd });
    await xformer(["train", "--resume", "short", "--max-steps", "100"], { cwd });
    const { training } = JSON.parse(readFileSync(join(cwd, "short", "config.json"), "utf8"));
    expect(training).toMatchObject({ max_steps: 100, warmup: 5, lr: peak });
  });
});

describe("targets too short for BLEU", () => {
  it("are judged by exact match unless another metric is asked for, and it is said why", async () => {
    const words = letterPairs(60).map((pair) => pair.split("\t")[0]!.replaceAll(" ", ""));
    writeFiles(cwd, { "words.tsv": words.map((word) => `${[...word].join(" ")}\t${word}`) });
    const train = ["train", "--train", "words.tsv", "--valid", "words.tsv", ...ONE_STEP];
    const own = await xformer([...train, "--out", "own"], { cwd });
    expect(own.stderr).toContain(
      "  best     the model with the best exact match on the validation pairs; most targets have fewer than the four words that BLEU looks at\n",
    );
    const chosen = await xformer([...train, "--metric", "chrf", "--out", "chosen"], { cwd });
    expect(chosen.stderr).toContain("  best     the model with the best chrF on the validation pairs");
    const metrics = ["own", "chosen"].map(
      (run) => JSON.parse(readFileSync(join(cwd, run, "config.json"), "utf8")).training.metric,
    );
    expect(metrics).toEqual(["exact-match", "chrf"]);
  });

  it("are told from targets of four words and more", async () => {
    writeFiles(cwd, { "sentences.tsv": letterPairs(60).map((pair) => `${pair} .`) });
    const train = ["train", "--train", "sentences.tsv", "--valid", "sentences.tsv", ...ONE_STEP];
    const { stderr } = await xformer([...train, "--out", "sentences"], { cwd });
    expect(stderr).toContain("  best     the model with the best BLEU on the validation pairs\n");
  });
});

describe("lines longer than those of training", () => {
  it("come apart at the ends of sentences, with a note; a sentence that is longer alone stays whole", async () => {
    writeFiles(cwd, { "sentences.tsv": bundledPairs(12) });
    const train = ["train", "--train", "sentences.tsv", "--source-lang", "zh", "--target-lang", "en"];
    await xformer([...train, ...ONE_STEP, "--out", "single"], { cwd });
    const translate = async (input: string, ...flags: string[]) => {
      const command = ["translate", "--model", "single", "--max-length", "3", ...flags];
      return xformer(command, { cwd, input: `${input}\n` });
    };
    const translated = async (input: string): Promise<string> => (await translate(input, "-q")).stdout.trim();
    const two = await translate("我有三个本子。她想去银行。");
    expect(two.stderr).toContain(
      "line 1: more sentences than any line the model was trained on; translated in 2 pieces.",
    );
    expect(two.stdout.trim()).toBe(
      `${await translated("我有三个本子。")} ${await translated("她想去银行。")}`,
    );
    expect((await translate("我有三个本子。她想去银行。", "--long-lines", "keep")).stderr).not.toContain(
      "pieces",
    );
    const long = await translate(`${"我很好".repeat(10)}。`);
    expect(long.stderr).toMatch(
      /line 1: \d+ tokens, more than the \d+ of any line the model was trained on; its translation may be poor\.$/m,
    );
    expect((await translate("我很好。")).stderr).not.toContain("line 1");
  });
});

describe("one file", () => {
  const TRAIN = ["train", ...ONE_STEP, "--train"];
  const lines = (file: string): string[] => readFileSync(join(cwd, file), "utf8").trim().split("\n");

  it("is divided unasked: 5 % to validate on and 5 % held out, said, measured, kept and the same ever after", async () => {
    const all = Array.from({ length: 400 }, (_, i) => `a ${i} b\tc ${i} d e`);
    writeFiles(cwd, { "one.tsv": [...all, ...all.slice(0, 50)] });
    const { stdout, stderr } = await xformer([...TRAIN, "one.tsv", "--out", "one"], { cwd });
    const [valid, test] = ["valid", "test"].map((part) => lines(`one/held-out/${part}.tsv`)) as [
      string[],
      string[],
    ];
    expect(valid.length).toBeGreaterThan(5);
    expect(test.length).toBeGreaterThan(5);
    expect(new Set([...valid, ...test]).size).toBe(valid.length + test.length); // no pair twice, nor in both
    const copies = [...all, ...all.slice(0, 50)].filter((line) => ![...valid, ...test].includes(line)).length;
    expect(stderr).toContain(
      `  data     one: ${copies} pairs to train on, ${valid.length} to validate on, ${test.length} held out\n           chosen by a hash of each pair, so that they stay the same; --valid-split and --test-split say how many; now in one/held-out\n`,
    );
    expect(stdout).toContain(`On ${test.length} held-out pairs\n`);
    const evaluated = await xformer(["eval", "--model", "one", "--test", "one/held-out/test.tsv"], { cwd });
    expect(evaluated.code).toBe(0);

    const config = JSON.parse(readFileSync(join(cwd, "one", "config.json"), "utf8"));
    expect(config.data).toMatchObject({ valid_split: 0.05, test_split: 0.05 });
    const resumed = await xformer(["train", "--resume", "one", "--max-steps", "2"], { cwd });
    expect(resumed.stdout).toContain(`On ${test.length} held-out pairs\n`);
    const other = await xformer(["train", "--resume", "one", "--valid-split", "10"], { cwd });
    expect(other.stderr).toBe(
      "one: this run was begun with data setting validSplit = 0.05, not 10. Leave the setting out to go on, or begin a new run.\n",
    );
  });

  it("is divided as asked, packed or in two files; a file of its own wins, and few pairs stay together", async () => {
    const all = Array.from({ length: 100 }, (_, i) => [`a ${i}`, `b ${i} c`]);
    writeFiles(cwd, {
      "two.src": all.map(([source]) => source!),
      "two.tgt.gz": gzipSync(all.map(([, target]) => `${target}\n`).join("")),
      "two.valid.tsv": all.slice(0, 7).map((pair) => pair.join("\t")),
    });
    const languages = ["--source-lang", "src", "--target-lang", "tgt"];
    const few = await xformer([...TRAIN, "two", ...languages, "--out", "few"], { cwd });
    expect(few.stderr).toContain(
      "  data     two: 100 pairs to train on\n           too few to hold some out unasked; --valid-split and --test-split do\n",
    );
    const asked = ["--valid-split", "20", "--test-split", "10"];
    const split = await xformer([...TRAIN, "two", ...languages, ...asked, "--out", "asked"], { cwd });
    expect(split.stderr).toContain("two: 70 pairs to train on, 20 to validate on, 10 held out\n");
    expect([lines("asked/held-out/valid.src"), lines("asked/held-out/test.tgt")]).toMatchObject({
      0: { length: 20 },
      1: { length: 10 },
    });
    const own = ["--valid", "two.valid.tsv", ...asked];
    const given = await xformer([...TRAIN, "two", ...languages, ...own, "--out", "own-valid"], { cwd });
    expect(given.stderr).toContain("two: 90 pairs to train on, 7 to validate on, 10 held out\n");
    const nothing = await xformer(
      [...TRAIN, "two", ...languages, "--valid-split", "100", "--out", "nothing"],
      { cwd },
    );
    expect([nothing.stderr, nothing.code]).toEqual([
      "two: every pair is held out. Lower --valid-split and --test-split.\n",
      1,
    ]);
  });
});
