import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { explainedYaml } from "../../../src/cli/ui/explainedYaml.ts";
import { displayWidth } from "../../../src/cli/ui/layout.ts";
import { configOf, readConfigFile } from "../../../src/training/settings/configFile.ts";
import { explainConfig } from "../../../src/training/settings/explain.ts";
import { ALL_SETTINGS, settingOf } from "../../../src/training/settings/table.ts";
import { type GivenSettings, together } from "../../../src/training/settings/values.ts";
import { temporaryDirectory } from "../../io/temporaryDirectory.ts";

const directory = temporaryDirectory();
const recipe = join(directory, "recipe.yaml");
writeFileSync(
  recipe,
  'out: "runs/a: b # c"\ndata:\n  train: 语料/门\n  source_lang: "null"\nmodel:\n  preset: tiny\n  heads: 2\ntraining:\n  lr: 0.5\ntokenizer:\n  target: bpe\n',
);
const flags: GivenSettings = new Map([
  [settingOf("training", "lr")!, { value: 0.25, origin: { flag: "lr" } }],
]);
const given = together(readConfigFile(recipe), flags);
const explained = explainConfig(configOf(given), given);
const yaml = explainedYaml(explained);

it("is a file that says the same", () => {
  const file = join(directory, "printed.yaml");
  writeFileSync(file, yaml);
  const again = readConfigFile(file);
  expect(configOf(again)).toEqual(configOf(given));
  expect(explainConfig(configOf(again), again).map(({ value }) => value)).toEqual(
    explained.map(({ value }) => value),
  );
});

it("has the origins in one column", () => {
  const columns = yaml.split("\n").flatMap((line) => {
    const at = line.lastIndexOf("  # ");
    return at < 0 ? [] : [displayWidth(line.slice(0, at))];
  });
  expect(columns).toHaveLength(ALL_SETTINGS.length);
  expect(new Set(columns).size).toBe(1);
  expect(yaml).toMatch(/^ {2}lr: 0\.25 +# --lr$/m);
  expect(yaml).toContain('  source_lang: "null" ');
  expect(yaml).toMatch(/^ {2}target:\n {4}kind: bpe +# .*:11\n {4}file: null +# /m);
});

it("keeps a line break in the name of a file out of the values", () => {
  const origin = { file: "a\nb: c", line: 3 };
  const odd = together(given, new Map([[settingOf("training", "seed")!, { value: 7, origin }]]));
  expect(explainedYaml(explainConfig(configOf(odd), odd))).toMatch(/^ {2}seed: 7 +# a\\nb: c:3$/m);
});
