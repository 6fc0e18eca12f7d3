import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { addTrainFlags, givenFlags } from "../../src/cli/trainFlags.ts";
import { flagOf, offFlagOf, pathOf, type Setting } from "../../src/training/settings/setting.ts";
import { ALL_SETTINGS } from "../../src/training/settings/table.ts";
import { oneLine } from "../io/oneLine.ts";

function parsed(...args: string[]): Record<string, unknown> {
  const command = addTrainFlags(new Command("train"))
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  command.parse(args, { from: "user" });
  const given = givenFlags(command.opts());
  return Object.fromEntries(
    [...given].map(([setting, { value, origin }]) => [nameOf(setting), [value, origin]]),
  );
}

/** The key of a setting, with the side it is for: `source.kind`. */
function nameOf({ section, key }: Setting): string {
  return [...pathOf(section).slice(1), key].join(".");
}

function complaint(...args: string[]): string {
  return oneLine(() => parsed(...args));
}

describe.each(ALL_SETTINGS)("$section.$key", (setting) => {
  const { type } = setting;
  const key = nameOf(setting);
  const flag = flagOf(setting);

  it("is a flag", () => {
    const text = {
      number: "whole" in type && type.whole ? "5" : "0.5",
      numbers: "0.1,0.2",
      choice: "choices" in type ? type.choices.at(-1)! : "",
      boolean: "",
      text: "x",
      texts: "x,y*",
      path: "x.json",
      corpora: "x.json",
      tag: "<2de>",
    }[type.kind];
    const lists = { numbers: [0.1, 0.2], texts: ["x", "y*"] };
    const value = { number: Number(text), ...lists, boolean: true }[type.kind as string] ?? text;
    const args = type.kind === "boolean" ? [`--${flag}`] : [`--${flag}`, text];
    expect(parsed(...args)[key]).toEqual([value, { flag }]);
  });

  it("is not given when its flag is not", () => {
    expect(parsed()).toEqual({});
  });

  it("can be turned off, or be null, by a flag", () => {
    const off = offFlagOf(setting);
    if (off !== undefined) expect(parsed(`--${off}`)[key]).toEqual([false, { flag: off }]);
    else if (setting.nullMeans !== undefined && !["path", "corpora"].includes(type.kind))
      expect(parsed(`--${flag}`, "none")[key]).toEqual([null, { flag }]);
  });
});

it("--freeze may come several times, or have a list", () => {
  const origin = { flag: "freeze" };
  expect(parsed("--freeze", "encoder", "--freeze", "*.bias, embeddings")).toEqual({
    freeze: [["encoder", "*.bias", "embeddings"], origin],
  });
});

it("--tokenizer is a kind or a file, of both sides; a kind takes the place of a file", () => {
  const origin = { flag: "tokenizer" };
  const none = [null, origin];
  const files = { "source.file": none, "target.file": none };
  expect(parsed("--tokenizer", "bpe")).toEqual({
    ...{ kind: ["bpe", origin], file: none, "source.kind": none, "target.kind": none },
    ...files,
  });
  expect(parsed("--tokenizer", "a/b.json")).toEqual({ file: ["a/b.json", origin], ...files });
});

it("--source-tokenizer is that of the source, whatever both are", () => {
  const [both, own] = [{ flag: "tokenizer" }, { flag: "source-tokenizer" }];
  expect(parsed("--source-tokenizer", "char", "--tokenizer", "bpe")).toMatchObject({
    ...{ kind: ["bpe", both], "source.kind": ["char", own], "source.file": [null, own] },
    "target.kind": [null, both],
  });
  expect(parsed("--target-vocab-size", "99")).toEqual({
    "target.vocab_size": [99, { flag: "target-vocab-size" }],
  });
});

it("--train names a corpus each time, with what else there is to say of it", () => {
  const origin = { flag: "train" };
  expect(parsed("--train", "a b.tsv").train).toEqual(["a b.tsv", origin]);
  const entry = { path: "b c.tsv", weight: 0.5, tag: "<2de>", source: "en" };
  expect(parsed("--train", "b c.tsv weight=0.5 tag=<2de> source=en").train).toEqual([[entry], origin]);
  expect(parsed("--train", "a=b.tsv", "--train", "b.tsv weight=2").train).toEqual([
    ["a=b.tsv", { path: "b.tsv", weight: 2 }],
    origin,
  ]);
  expect(complaint("--train", "a.tsv tag=de")).toBe(
    '--train[0].tag: expected a tag such as <2de>, got "de".',
  );
  expect(complaint("--train", "a.tsv weight=0")).toContain(
    "expected a number above 0 and at most 1000, got 0",
  );
  expect(complaint("--valid", "a.tsv", "--valid", "none")).toBe(
    "--valid: none is no corpus beside others. Leave it out.",
  );
});

it("--max-steps takes the place of epochs and minutes, and so do the others, unless both are given", () => {
  const [steps, epochs] = [{ flag: "max-steps" }, { flag: "max-epochs" }];
  const [minutes, none] = [{ flag: "minutes" }, null];
  expect(parsed("--max-steps", "5")).toEqual({
    max_steps: [5, steps],
    max_epochs: [none, steps],
    minutes: [none, steps],
  });
  expect(parsed("--max-epochs", "5")).toEqual({
    max_epochs: [5, epochs],
    max_steps: [none, epochs],
    minutes: [none, epochs],
  });
  expect(parsed("--minutes", "0.5")).toEqual({
    minutes: [0.5, minutes],
    max_steps: [none, minutes],
    max_epochs: [none, minutes],
  });
  expect(parsed("--max-epochs", "5", "--max-steps", "6")).toEqual({
    max_epochs: [5, epochs],
    max_steps: [6, steps],
    minutes: [none, epochs],
  });
});

it.each([
  [
    ["--tokenizer", "wrod"],
    '--tokenizer: expected one of word, char, bpe, or the path of a .json, .model or .spm file, or none, got "wrod". Did you mean word?',
  ],
  [
    ["--adam-betas", "0.9"],
    '--adam-betas: expected a list of 2, each a number of at least 0 and below 1, got "0.9".',
  ],
  [
    ["--schedule", "cosin"],
    '--schedule: expected one of inverse-sqrt, cosine, linear, constant, plateau, got "cosin". Did you mean cosine?',
  ],
  [["--patience", "0"], '--patience: expected a whole number of at least 1, or none, got "0".'],
  [["--valid", ""], "--valid: the path is empty. Give a path."],
])("%j", (args, message) => {
  expect(complaint(...args)).toBe(message);
});

it("both flags of a vocabulary are a contradiction", () => {
  expect(() => parsed("--joint-vocabulary", "--separate-vocabularies")).toThrow(/cannot be used with/);
});

it("a flag named none is a path where any path may be", () => {
  expect(parsed("--valid", "./none").valid).toEqual(["./none", { flag: "valid" }]);
  expect(parsed("--valid", "none").valid).toEqual([null, { flag: "valid" }]);
});
