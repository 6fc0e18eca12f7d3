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
  it("learns twelve pairs: warm-up is a tenth of the steps", async () => {
    writeFiles(cwd, { "twelve.tsv": bundledPairs(12) });
    const languages = ["--source-lang", "zh", "--target-lang", "en"];
    const train = ["train", "--train", "twelve.tsv", ...languages, "--max-epochs", "60"];
    const trained = await xformer([...train, "--out", "twelve"], { cwd });
    expect(trained.stderr).toMatch(
      /^ {2}rate {5}up to \S+ over 6 steps of warm-up, then linear \(fitted to 12 pairs\)$/m,
    );
    const evaluated = await xformer(["eval", "--model", "twelve", "--test", "twelve.tsv", "--json"], { cwd });
    // With a warm-up of 600 steps every translation is the same.
    expect(JSON.parse(evaluated.stdout).perplexity.score).toBeLessThan(1.5);
  });

  it("keeps its warm-up when it goes on, and says where it is from when it is asked", async () => {
    writeFiles(cwd, { "letters.tsv": letterPairs(40) });
    const train = ["train", "--train", "letters.tsv", ...SMALLEST, "--threads", "1"];
    const setting = async (...args: string[]): Promise<Record<string, unknown>> => {
      const { stdout } = await xformer([...args, "--print-config", "--json"], { cwd });
      const { warmup, lr } = JSON.parse(stdout).training;
      return { warmup, lr };
    };
    expect(await setting(...train, "--max-steps", "50")).toEqual({
      warmup: { value: 5, from: "a tenth of max_steps" },
      lr: { value: null, from: "fitted to the data" },
    });
    expect(await setting(...train)).toMatchObject({
      warmup: { value: null, from: "default: 600, but a tenth of the run at most" },
    });
    expect(await setting(...train, "--max-steps", "6000")).toMatchObject({
      warmup: { value: 600, from: "default" },
    });
    await xformer([...train, "--max-steps", "50", "--out", "short"], { cwd });
    await xformer(["train", "--resume", "short", "--max-steps", "100"], { cwd });
    const { training } = JSON.parse(readFileSync(join(cwd, "short", "config.json"), "utf8"));
    expect(training).toMatchObject({ max_steps: 100, warmup: 5, lr: 0.0057 });
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
    const lines = letterPairs(60).map((pair, i) => `${pair} ${i} .`);
    writeFiles(cwd, { "sentences.tsv": lines });
    const train = ["train", "--train", "sentences.tsv", "--valid", "sentences.tsv", ...ONE_STEP];
    const { stderr } = await xformer([...train, "--out", "sentences"], { cwd });
    expect(stderr).toContain("  best     the model with the best BLEU on the validation pairs\n");
  });
});

describe("lines longer than those of training", () => {
  it("come apart at the ends of sentences, with a note; a sentence that is longer alone stays whole", async () => {
    writeFiles(cwd, { "sentences.tsv": bundledPairs(12) });
    const train = ["train", "--train", "sentences.tsv", "--source-lang", "zh", "--target-lang", "en"];
    await xformer([...train, ...ONE_STEP, "--lr", "none", "--out", "single"], { cwd });
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

describe("unknown words", () => {
  it("are copied when that is asked for; rare words become such while training, but no bytes", async () => {
    // More different words than the fifty most frequent ones, each with its translation.
    const table = Array.from({ length: 600 }, (_, i) => {
      const word = `w${"abcdefghijklmnopqrst".slice(i % 20, (i % 20) + 1 + (i % 7))}`;
      return `he sees ${word} now\t${word.toUpperCase()} is what he sees`;
    });
    writeFiles(cwd, { "names.tsv": table });
    const train = ["train", "--train", "names.tsv", ...SMALLEST, "--max-steps", "20", "--threads", "1"];
    const saved = async (...flags: string[]): Promise<Buffer> => {
      const trained = await xformer([...train, "--warmup", "2", "--out", "names", "--force", ...flags], {
        cwd,
      });
      expect(trained.code).toBe(0);
      return readFileSync(join(cwd, "names", "best.safetensors"));
    };
    const never = await saved("--unk-replace", "0");
    const often = await saved("--unk-replace", "0.4");
    expect(often.equals(await saved("--unk-replace", "0.4"))).toBe(true);
    expect(often.equals(never)).toBe(false);

    // A word of the prefix that the model does not know is an unknown token of the translation.
    const translate = ["translate", "--model", "names", "-q", "--prefix", "unheard", "--max-length", "1"];
    const input = "he sees Quetzal now\n🍕 now\n";
    expect((await xformer(translate, { cwd, input })).stdout).toBe("<unk>\n<unk>\n");
    expect((await xformer([...translate, "--unknown", "copy"], { cwd, input })).stdout).toBe("Quetzal\n🍕\n");

    const spelled = ["train", "--train", "names.tsv", ...ONE_STEP, "--tokenizer", "char", "--out", "spelled"];
    await xformer(spelled, { cwd });
    const copied = await xformer(["translate", "--model", "spelled", "--unknown", "copy"], { cwd, input });
    expect(copied.stderr).toContain(
      "unknown words cannot be copied: the tokens of this model are chars. Leave out --unknown copy.\n",
    );
    const pieces = [
      "train",
      "--train",
      "names.tsv",
      ...ONE_STEP,
      "--tokenizer",
      "bpe",
      "--vocab-size",
      "300",
    ];
    expect((await xformer([...pieces, "--unk-replace", "0.1", "--out", "pieces"], { cwd })).stderr).toBe(
      "unkReplace is 0.1, but with bpe no token is unknown. Leave it out, or choose --tokenizer word.\n",
    );
  });
});

describe("what is left of a run", () => {
  it("every key of metrics.jsonl is documented; inspect begins with the history, in the words of the settings", async () => {
    writeFiles(cwd, { "left.tsv": letterPairs(40) });
    const train = ["train", "--train", "left.tsv", "--valid", "left.tsv", ...ONE_STEP, "--log-every", "1"];
    await xformer([...train, "--out", "left"], { cwd });
    const records = readFileSync(join(cwd, "left", "metrics.jsonl"), "utf8")
      .trim()
      .split("\n");
    expect(records).toHaveLength(2);
    const keys = records.flatMap((line) => {
      const { valid = {}, ...rest } = JSON.parse(line);
      return [...Object.keys(rest), ...Object.keys(valid)];
    });
    const documented = readFileSync(join(import.meta.dirname, "../../docs/training.md"), "utf8");
    for (const key of keys) expect(documented).toContain(`\`${key}\``);

    const { stdout } = await xformer(["inspect", "--model", "left"], { cwd });
    expect(stdout).toMatch(
      /^left\/best\.safetensors, 1 step\n +step +loss +perplexity +BLEU +exact match\n +1 /,
    );
    expect(stdout).toMatch(/^ {2}d_model +16$/m);
    expect(stdout).toMatch(/^ {2}adam_betas +0\.9,0\.98$/m);
    expect(stdout).not.toContain("dModel");
  });
});
