import { describe, expect, it } from "vitest";
import { PRESETS } from "../../../src/model/config.ts";
import {
  BUNDLED_TRAINING,
  DEFAULT_TRAINING,
  type SettledConfig,
  type TokenizerOptions,
  type TrainingConfig,
} from "../../../src/training/config.ts";
import {
  beginningsOf,
  resolveConfig,
  resumedConfig,
  storedConfig,
  validateTrainingConfig,
} from "../../../src/training/settings/resolve.ts";
import { type NamedSection, SETTINGS } from "../../../src/training/settings/table.ts";
import { oneLine } from "../../io/oneLine.ts";

const data = { train: "pairs.tsv" };

describe("what is not said", () => {
  it("is as the bundled corpus wants it, without data", () => {
    const { training, data } = resolveConfig({});
    expect(training).toEqual({ ...DEFAULT_TRAINING, ...BUNDLED_TRAINING });
    expect(data.train).toMatch(/data.zh-en.train$/);
  });

  it("is the default, with data", () => {
    const config = resolveConfig({ data });
    expect(config.training).toEqual(DEFAULT_TRAINING);
    expect(config.data).toEqual({
      ...data,
      ...{ valid: null, test: null, validSplit: null, testSplit: null },
      ...{ sourceLanguage: "", targetLanguage: "" },
    });
    expect(config.model).toMatchObject(PRESETS.small);
  });

  it("is the preset's; what is said wins over it", () => {
    const { model } = resolveConfig({ data, preset: "paper", model: { dModel: 64 } });
    expect(model).toMatchObject({ ...PRESETS.paper, dModel: 64 });
  });
});

describe("what cannot be is refused before anything is read", () => {
  it.each<[Parameters<typeof resolveConfig>[0], string]>([
    [
      { model: { dModel: 100, nHeads: 3 } },
      "dModel 100 cannot be split into 3 heads. Choose a dModel that is a multiple of nHeads.",
    ],
    [
      { tokenizer: { vocabularySize: 3 } },
      "vocabularySize is 3. It has to be a whole number of at least 4, or null.",
    ],
    [{ tokenizer: { bpeDropout: 1 } }, "bpeDropout is 1. It has to be a number of at least 0 and below 1."],
    [
      { tokenizer: { file: "vocabulary.txt" } },
      'file is "vocabulary.txt". It has to be the path of a .json, .model or .spm file, or null.',
    ],
    [{ training: { seed: -1 } }, "seed is -1. It has to be a whole number from 0 to 4294967295."],
    [
      { data: { ...data, validSplit: 0 }, training: { patience: 3 } },
      "patience is 3, but there are no validation pairs to improve on. Give valid or validSplit too.",
    ],
    [
      { data: { ...data, validSplit: 0 }, training: { schedule: "plateau" } },
      'schedule is "plateau", but there are no validation pairs to improve on. Give valid or validSplit too.',
    ],
    [
      { data: { ...data, testSplit: 2.5 } },
      "testSplit is 2.5. Give --test-split a whole number of pairs, or a share below 1.",
    ],
    [
      { data: { ...data, validSplit: -1 } },
      "validSplit is -1. It has to be a number of at least 0, or null.",
    ],
  ])("%o", (options, message) => {
    expect(oneLine(() => resolveConfig(options))).toBe(message);
  });

  it("waiting for validations is fine where there are some", () => {
    expect(resolveConfig({ training: { patience: 3, schedule: "plateau" } }).training.patience).toBe(3);
  });
});

const WHOLE = "It has to be a whole number of at least 1.";
const WHOLE_OR_NULL = "It has to be a whole number of at least 1, or null.";
const SEED = "It has to be a whole number from 0 to 4294967295.";
const RATE = "It has to be a number above 0 and at most 10, or null.";
const SHARE = "It has to be a number of at least 0 and below 1.";
const AT_LEAST_ZERO = "It has to be a number of at least 0.";

describe("validateTrainingConfig", () => {
  it.each<[Partial<TrainingConfig>, string]>([
    [{ batchTokens: 0 }, `batchTokens is 0. ${WHOLE.replace(".", ", or null.")}`],
    [{ batchTokens: 2.5 }, `batchTokens is 2.5. ${WHOLE.replace(".", ", or null.")}`],
    [
      { batchSentences: 8 },
      "batchTokens is 512, and batchSentences 8. A batch has so many tokens or so many sentences: leave out --batch-tokens or --batch-sentences.",
    ],
    [
      { memory: 8 },
      "memory is 8, and batchTokens 512. Memory decides how large batches are: leave out --memory or the other.",
    ],
    [
      { memory: 8, batchTokens: null, batchSentences: 2 },
      "memory is 8, and batchSentences 2. Memory decides how large batches are: leave out --memory or the other.",
    ],
    [{ maxSteps: -1 }, `maxSteps is -1. ${WHOLE_OR_NULL}`],
    [{ maxEpochs: 0 }, `maxEpochs is 0. ${WHOLE_OR_NULL}`],
    [{ warmupSteps: 0 }, `warmupSteps is 0. ${WHOLE_OR_NULL}`],
    [{ logEvery: Number.NaN }, `logEvery is NaN. ${WHOLE}`],
    [{ validateEvery: 0.1 }, `validateEvery is 0.1. ${WHOLE_OR_NULL}`],
    [{ saveEvery: Number.POSITIVE_INFINITY }, `saveEvery is Infinity. ${WHOLE_OR_NULL}`],
    [{ seed: -1 }, `seed is -1. ${SEED}`],
    [{ seed: 0.5 }, `seed is 0.5. ${SEED}`],
    [{ seed: 2 ** 32 }, `seed is 4294967296. ${SEED}`],
    [{ learningRate: 0 }, `learningRate is 0. ${RATE}`],
    [{ learningRate: 10.5 }, `learningRate is 10.5. ${RATE}`],
    [{ learningRate: Number.NaN }, `learningRate is NaN. ${RATE}`],
    [{ labelSmoothing: 1 }, `labelSmoothing is 1. ${SHARE}`],
    [{ labelSmoothing: -0.1 }, `labelSmoothing is -0.1. ${SHARE}`],
    [{ clipNorm: -1 }, `clipNorm is -1. ${AT_LEAST_ZERO}`],
    [{ clipNorm: Number.NaN }, `clipNorm is NaN. ${AT_LEAST_ZERO}`],
    [{ beta1: 1 }, `beta1 is 1. ${SHARE}`],
    [{ beta2: -0.5 }, `beta2 is -0.5. ${SHARE}`],
    [{ epsilon: 0 }, "epsilon is 0. It has to be a number from 1e-30 to 1."],
    [{ epsilon: 1e-320 }, "epsilon is 1e-320. It has to be a number from 1e-30 to 1."],
    [{ clipNorm: 1e39 }, `clipNorm is 1e+39. ${AT_LEAST_ZERO}`],
    [{ beta2: 1 - 1e-12 }, `beta2 is 0.999999999999. ${SHARE}`],
    [{ ema: 1 }, `ema is 1. ${SHARE}`],
    [{ weightDecay: -1 }, "weightDecay is -1. It has to be a number from 0 to 10."],
    [{ weightDecay: 1e99 }, "weightDecay is 1e+99. It has to be a number from 0 to 10."],
    [
      { weightDecay: 0.1 },
      "weightDecay is 0.1, but adam does not decay weights. Choose the optimizer adamw.",
    ],
    [{ plateauFactor: 1 }, "plateauFactor is 1. It has to be a number above 0 and below 1."],
    [{ patience: 0 }, `patience is 0. ${WHOLE_OR_NULL}`],
    [{ accumulate: 0 }, `accumulate is 0. ${WHOLE}`],
    [{ keepLast: 0 }, `keepLast is 0. ${WHOLE}`],
    [{ average: 1.5 }, "average is 1.5. It has to be a whole number of at least 0."],
    [
      { metric: "ter" as "loss" },
      'metric is "ter". It has to be one of bleu, chrf, exact-match, loss, or null.',
    ],
    [{ maxSteps: null, maxEpochs: null }, "nothing says when to stop. Give maxSteps or maxEpochs."],
  ])("refuses %o", (change, message) => {
    const config = { ...DEFAULT_TRAINING, ...change };
    expect(oneLine(() => validateTrainingConfig(config))).toBe(message);
  });

  it.each(Object.keys(DEFAULT_TRAINING))("misses %s where it is left out, or is no value at all", (name) => {
    for (const value of [undefined, {}, Number.NaN]) {
      const config = { ...DEFAULT_TRAINING, [name]: value };
      expect(oneLine(() => validateTrainingConfig(config))).toMatch(
        new RegExp(`^${name} is .* It has to be `),
      );
    }
  });

  it.each<Partial<TrainingConfig>>([
    {},
    BUNDLED_TRAINING,
    { seed: 0 },
    { optimizer: "adamw", weightDecay: 0.1 },
    { seed: 2 ** 32 - 1 },
    { maxSteps: 1, maxEpochs: null },
    { learningRate: 10, labelSmoothing: 0, clipNorm: 0, warmupSteps: 1, batchTokens: 1 },
  ])("takes %o and gives it back", (change) => {
    const config = { ...DEFAULT_TRAINING, ...change };
    expect(validateTrainingConfig(config)).toBe(config);
  });
});

describe("what a checkpoint says", () => {
  const config = resolveConfig({ data });
  const settled: SettledConfig = {
    ...config,
    data: { ...config.data, validSplit: 0.1, testSplit: 7 },
    tokenizer: { ...config.tokenizer, file: "/a/tokenizer.json", unkReplace: 0 },
    training: { ...config.training, memory: null, warmupSteps: 600, metric: "bleu" },
  };
  const { tokenizer, splits } = beginningsOf(settled, null);
  const begun = { ...settled, ...settled.data, tokenizer, splits };

  /** Places of files and the end of the run are what its file may say otherwise. */
  const FREE = ["train", "valid", "test", "maxSteps", "maxEpochs"];
  const fields = Object.values(SETTINGS).flatMap((settings) =>
    settings.flatMap(({ section, fields }) =>
      fields.map((field) => [section as NamedSection, field] as const),
    ),
  );

  /** Sections of which a checkpoint keeps all; what is filtered shows in the hash of the text. */
  const kept = fields.filter(([section]) => section !== "filter" && !section.includes("."));

  it("a side's tokenizer is not to be changed in the run's file either", () => {
    const { tokenizer } = settled;
    const edited = {
      ...settled,
      tokenizer: { ...tokenizer, source: { ...tokenizer.source, kind: "char" as const } },
    };
    expect(oneLine(() => storedConfig(edited, "run/config.json", begun))).toContain(
      "begun with tokenizer.source setting kind = null, not char.",
    );
    const own = { ...begun, tokenizer: beginningsOf(edited, null).tokenizer };
    expect(storedConfig(edited, "run/config.json", own)).toEqual(edited);
  });

  it.each(kept)("is not to be changed in the run's file: %s %s", (section, field) => {
    const before = (settled[section as "data"] as unknown as Record<string, unknown>)[field];
    const edited = { ...settled, [section]: { ...settled[section as "data"], [field]: "other" } };
    const resumed = () => storedConfig(edited, "run/config.json", begun);
    if (FREE.includes(field)) return void expect(resumed()).toEqual(edited);
    const was = before === "" ? '""' : field === "file" ? "tokenizer.json" : before;
    expect(oneLine(resumed)).toBe(
      `run/config.json: this run was begun with ${section} setting ${field} = ${was}, not other. Put it back in the file, or begin a new run.`,
    );
  });

  it("leaves the place of a tokenizer free, and of older runs all that it does not say", () => {
    const moved = { ...settled, tokenizer: { ...settled.tokenizer, file: "/b/tokenizer.json" } };
    expect(storedConfig(moved, "run/config.json", begun)).toEqual(moved);
    const older = { ...begun, tokenizer: undefined, splits: undefined };
    const edited = { ...settled, data: { ...settled.data, testSplit: 8 } };
    expect(storedConfig(edited, "run/config.json", older)).toEqual(edited);
  });
});

describe("a run that goes on", () => {
  const stored = resolveConfig({
    data: { ...data, validSplit: 0.1, testSplit: 7 },
    tokenizer: { unkReplace: 0.2 },
  });

  it("holds out and replaces what it did, wherever its validation pairs are now", () => {
    const { data, tokenizer } = resumedConfig(stored, "run", { data: { valid: "other.tsv" } });
    expect(data).toMatchObject({ valid: "other.tsv", validSplit: 0.1, testSplit: 7 });
    expect(tokenizer.unkReplace).toBe(0.2);
  });

  it("keeps the tokenizer of each side, however that is said", () => {
    const sides = resolveConfig({ data, tokenizer: { source: { kind: "char" }, target: { kind: "word" } } });
    const asked = (tokenizer: TokenizerOptions) => () => resumedConfig(sides, "run", { tokenizer });
    const none = { kind: null, file: null };
    expect(asked({ source: { kind: "char" } })().tokenizer).toMatchObject({ source: { kind: "char" } });
    expect(asked({ kind: "char", target: { kind: "word" } })).not.toThrow();
    expect(oneLine(asked({ kind: "char", source: none, target: none }))).toBe(
      "run: this run was begun with tokenizer.target setting kind = word, not char. Leave the setting out to go on, or begin a new run.",
    );
    expect(oneLine(asked({ target: { minFrequency: 3 } }))).toContain(
      "tokenizer.target setting minFrequency = null, not 3",
    );
    const plain = resolveConfig({ data });
    expect(oneLine(() => resumedConfig(plain, "run", { tokenizer: { kind: "char" } }))).toContain(
      "tokenizer setting kind = word, not char",
    );
  });

  it("of a time when there was no such thing, holds out and replaces nothing", () => {
    const old = resolveConfig({ data });
    const { data: now, tokenizer } = resumedConfig(old, "run", {});
    expect([now.validSplit, now.testSplit, tokenizer.unkReplace]).toEqual([0, 0, 0]);
  });
});
