import { readFileSync } from "node:fs";
import { join } from "node:path";
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
