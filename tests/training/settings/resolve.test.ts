import { describe, expect, it } from "vitest";
import { PRESETS } from "../../../src/model/config.ts";
import { BUNDLED_TRAINING, DEFAULT_TRAINING } from "../../../src/training/config.ts";
import { resolveConfig } from "../../../src/training/settings/resolve.ts";
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
    expect(config.data).toEqual({ ...data, valid: null, test: null, sourceLanguage: "", targetLanguage: "" });
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
      'file is "vocabulary.txt". It has to be the path of a .json file, or null.',
    ],
    [{ training: { seed: -1 } }, "seed is -1. It has to be a whole number from 0 to 4294967295."],
    [
      { data, training: { patience: 3 } },
      "patience is 3, but there are no validation pairs to improve on. Give valid too.",
    ],
    [
      { data, training: { schedule: "plateau" } },
      'schedule is "plateau", but there are no validation pairs to improve on. Give valid too.',
    ],
  ])("%o", (options, message) => {
    expect(oneLine(() => resolveConfig(options))).toBe(message);
  });

  it("waiting for validations is fine where there are some", () => {
    expect(resolveConfig({ training: { patience: 3, schedule: "plateau" } }).training.patience).toBe(3);
  });
});
