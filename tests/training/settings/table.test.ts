import { describe, expect, it } from "vitest";
import { resolveConfig } from "../../../src/training/settings/resolve.ts";
import { flagOf, offFlagOf, pathOf } from "../../../src/training/settings/setting.ts";
import {
  ALL_SETTINGS,
  defaultOf,
  isFitted,
  type NamedSection,
  SECTIONS,
  SETTINGS,
} from "../../../src/training/settings/table.ts";
import { accepts } from "../../../src/valueType.ts";

const sections = Object.keys(SECTIONS) as NamedSection[];

it.each(sections)("every field of %s is a setting, once", (section) => {
  const fields = SETTINGS[section].flatMap((setting) => setting.fields);
  const inner = sections.flatMap((name) => (name.startsWith(`${section}.`) ? pathOf(name).slice(1) : []));
  const part = pathOf(section).reduce<object>(
    (config, name) => (config as Record<string, object>)[name]!,
    resolveConfig({}),
  );
  expect([...fields, ...inner].sort()).toEqual(Object.keys(part).sort());
});

it("everything else that is asked of a new run is one too", () => {
  expect(ALL_SETTINGS.flatMap(({ option }) => option ?? [])).toEqual([
    "from",
    "keepOptimizer",
    "extendVocabulary",
    "out",
    "threads",
    "kernels",
    "maxMinutes",
    "cacheDirectory",
    "samples",
    "tensorboard",
    "preset",
    "minutes",
  ]);
});

describe.each(ALL_SETTINGS.map((setting) => [setting.key, setting] as const))("%s", (key, setting) => {
  it("is snake_case, in its section", () => {
    expect(key).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(SETTINGS[setting.section]).toContain(setting);
  });

  it("has a flag that is its key with hyphens, but for --tokenizer, and what it is of before it", () => {
    const [section, ...inside] = pathOf(setting.section);
    const isTokenizer = section === "tokenizer" && ["kind", "file"].includes(key);
    const own = isTokenizer ? "tokenizer" : key.replaceAll("_", "-");
    const before = section === "filter" ? ["filter"] : inside;
    expect(flagOf(setting)).toBe([...before, own].join("-"));
  });

  it("has a default that it would take", () => {
    const usual = defaultOf(setting);
    if (usual === undefined) expect(isFitted(setting) || setting.usual === "the bundled corpus").toBe(true);
    else if (usual === null) expect(setting.nullMeans).toBeDefined();
    else expect(accepts(setting.type, usual)).toBe(true);
  });

  it("is called what JoeyNMT and fairseq call it where these agree", () => {
    if (setting.joeynmt === setting.fairseq && setting.joeynmt !== undefined)
      expect(key).toBe(setting.joeynmt);
  });
});

it("no two settings share a key in a section, or a flag but --tokenizer", () => {
  for (const settings of Object.values(SETTINGS)) {
    expect(new Set(settings.map(({ key }) => key)).size).toBe(settings.length);
  }
  const flags = ALL_SETTINGS.flatMap((setting) => [flagOf(setting), offFlagOf(setting) ?? []].flat());
  const repeated = flags.filter((flag, i) => flags.indexOf(flag) !== i);
  expect(repeated).toEqual(["tokenizer", "source-tokenizer", "target-tokenizer"]);
});

it("the names that JoeyNMT and fairseq agree on are these", () => {
  const agreed = ALL_SETTINGS.filter(({ joeynmt, fairseq }) => joeynmt !== undefined && joeynmt === fairseq);
  expect(agreed.map(({ key }) => key)).toEqual([
    "dropout",
    "optimizer",
    "adam_betas",
    "weight_decay",
    "label_smoothing",
  ]);
});

it("what a setting replaces is in its section and may be null", () => {
  const replaced = ALL_SETTINGS.filter(({ replaces }) => replaces !== undefined);
  expect(replaced.map(({ key }) => key)).toEqual([
    "kind",
    "kind",
    "kind",
    "batch_tokens",
    "batch_sentences",
    "memory",
    "max_steps",
    "max_epochs",
    "minutes",
    "validate_every_epochs",
  ]);
  for (const { section, replaces } of replaced) {
    for (const replaced of [replaces!].flat())
      expect(SETTINGS[section].find(({ key }) => key === replaced)?.nullMeans).toBeDefined();
  }
});
