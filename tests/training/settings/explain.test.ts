import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { configOf, readConfigFile } from "../../../src/training/settings/configFile.ts";
import { explainConfig, explainedJson } from "../../../src/training/settings/explain.ts";
import { pathOf } from "../../../src/training/settings/setting.ts";
import { ALL_SETTINGS, settingOf } from "../../../src/training/settings/table.ts";
import { type GivenSettings, together } from "../../../src/training/settings/values.ts";
import { temporaryDirectory } from "../../io/temporaryDirectory.ts";

const directory = temporaryDirectory();
const recipe = join(directory, "recipe.yaml");
writeFileSync(
  recipe,
  'out: "runs/a: b # c"\ndata:\n  train: x\n  source_lang: "null"\nmodel:\n  preset: tiny\n  heads: 2\ntraining:\n  lr: 0.5\ntokenizer:\n  source: char\n',
);
const flags: GivenSettings = new Map([
  [settingOf("training", "lr")!, { value: 0.25, origin: { flag: "lr" } }],
  [settingOf("tokenizer", "lowercase")!, { value: false, origin: { flag: "no-lowercase" } }],
]);
const given = together(readConfigFile(recipe), flags);
const explained = explainConfig(configOf(given), given);

describe("every setting and where it came from", () => {
  const from = Object.fromEntries(
    explained.map(({ setting, from }) => [
      [...pathOf(setting.section).slice(1), setting.key].join("."),
      from,
    ]),
  );

  it("is there", () => {
    expect(explained.map(({ setting }) => setting)).toEqual(ALL_SETTINGS);
  });

  it.each([
    ["lr", "--lr"],
    ["lowercase", "--no-lowercase"],
    ["source.kind", `${recipe}:11`],
    ["target.kind", "default"],
    ["out", `${recipe}:1`],
    ["train", `${recipe}:3`],
    ["preset", `${recipe}:6`],
    ["heads", `${recipe}:7`],
    ["d_model", "preset tiny"],
    ["dropout", "preset tiny"],
    ["norm", "fitted to the data"],
    ["max_epochs", "fitted to the data"],
    ["warmup", "default: 600, but a tenth of the run at most"],
    ["activation", "default"],
    ["valid", "default"],
    ["threads", "default"],
  ])("%s: %s", (key, origin) => {
    expect(from[key]).toBe(origin);
  });

  it("the bundled corpus brings some of its own", () => {
    const bundled = explainConfig(configOf(new Map()), new Map());
    const keys = bundled.filter((entry) => entry.from === "bundled corpus").map(({ setting }) => setting.key);
    const own = ["max_epochs", "schedule", "lr"];
    expect(keys).toEqual([
      "train",
      "valid",
      "test",
      "valid_split",
      "test_split",
      "source_lang",
      "target_lang",
      ...own,
    ]);
  });
});

it("as JSON: value and origin by section and key", () => {
  expect(explainedJson(explained)).toMatchObject({
    out: { value: "runs/a: b # c", from: `${recipe}:1` },
    tokenizer: { kind: { value: "word" }, source: { kind: { value: "char", from: `${recipe}:11` } } },
    training: { lr: { value: 0.25, from: "--lr" }, adam_betas: { value: [0.9, 0.98], from: "default" } },
  });
});
