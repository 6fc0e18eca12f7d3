import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readConfigFile, readRunConfig } from "../../../src/training/settings/configFile.ts";
import { resolveConfig } from "../../../src/training/settings/resolve.ts";
import { pathOf } from "../../../src/training/settings/setting.ts";
import { ALL_SETTINGS, toConfigFile } from "../../../src/training/settings/table.ts";
import { optionsOf } from "../../../src/training/settings/values.ts";
import { oneLine } from "../../io/oneLine.ts";
import { temporaryDirectory } from "../../io/temporaryDirectory.ts";

const directory = temporaryDirectory();
let files = 0;

function written(text: string | Uint8Array, ending = "yaml"): string {
  const file = join(directory, `${files++}.${ending}`);
  writeFileSync(file, text);
  return file;
}

/** What reading such a file says, after its name. */
function complaint(text: string | Uint8Array, ending?: string): string {
  const file = written(text, ending);
  return oneLine(() => readConfigFile(file)).replace(file, "");
}

/** The settings that a file gives, by key, with the lines they are on. */
function settingsIn(text: string, ending?: string): Record<string, unknown> {
  const given = readConfigFile(written(text, ending));
  return Object.fromEntries(
    [...given].map(([{ section, key }, { value, origin }]) => [
      [...pathOf(section).slice(1), key].join("."),
      [value, "line" in origin ? origin.line : undefined],
    ]),
  );
}

describe("what a file says", () => {
  it("is found with its line, in YAML", () => {
    const text =
      "# a recipe\nout: runs/x\ntraining:\n  lr: 3e-3\n\n  adam_betas: [0.9, .98]\nmodel: { heads: 2 }\n";
    expect(settingsIn(text)).toEqual({
      out: ["runs/x", 2],
      lr: [0.003, 4],
      adam_betas: [[0.9, 0.98], 6],
      heads: [2, 7],
    });
  });

  it("is found with its line, in JSON, indented with tabs as well", () => {
    const text = '{\n\t"$schema": "x.json",\n\t"training": {\n\t\t"lr": 0.5,\n\t\t"patience": null\n\t}\n}\n';
    expect(settingsIn(text, "json")).toEqual({ lr: [0.5, 4], patience: [null, 5] });
  });

  it("may be a share in per cent", () => {
    expect(settingsIn("data:\n  valid_split: 5%\n  test_split: '2.5%'\n")).toEqual({
      valid_split: [0.05, 2],
      test_split: [0.025, 3],
    });
    expect(complaint("data: { valid_split: 100% }")).toBe(
      ':1: valid_split: expected a number of at least 0, or a share such as 5%, or null, got "100%".',
    );
  });

  it.each(["", "# nothing yet\n", "training:\n", "{}", "\ufeff"])("may be nothing: %j", (text) => {
    expect(settingsIn(text)).toEqual({});
  });

  it("may lie behind aliases, and have any end of line", () => {
    const text = "model: &sizes\r\n  dropout: &p 0.25\r\n  attention_dropout: *p\r\n";
    expect(settingsIn(text)).toEqual({ dropout: [0.25, 2], attention_dropout: [0.25, 3] });
  });

  it("a number of steps takes the place of one of epochs, and the other way round, unless both are there", () => {
    expect(settingsIn("training:\n  max_steps: 5")).toEqual({
      max_steps: [5, 2],
      max_epochs: [null, 2],
      minutes: [null, 2],
    });
    expect(settingsIn("training:\n  max_epochs: 5")).toEqual({
      max_epochs: [5, 2],
      max_steps: [null, 2],
      minutes: [null, 2],
    });
    expect(settingsIn("training:\n  max_steps: 5\n  max_epochs: 6")).toEqual({
      max_steps: [5, 2],
      max_epochs: [6, 3],
      minutes: [null, 3],
    });
    expect(settingsIn("training:\n  max_steps: null")).toEqual({ max_steps: [null, 2] });
    expect(settingsIn("training:\n  validate_every_epochs: 2")).toEqual({
      validate_every_epochs: [2, 2],
      validate_every: [null, 2],
    });
    expect(settingsIn("tokenizer:\n  kind: bpe")).toEqual({
      ...{ kind: ["bpe", 2], file: [null, 2], "source.kind": [null, 2], "source.file": [null, 2] },
      ...{ "target.kind": [null, 2], "target.file": [null, 2] },
    });
  });

  it("a side may have a tokenizer of its own, by its name alone or with all that belongs to it", () => {
    expect(settingsIn("tokenizer:\n  source: char\n  target: t.json")).toEqual({
      "source.kind": ["char", 2],
      "source.file": [null, 2],
      "target.file": ["t.json", 3],
    });
    expect(settingsIn("tokenizer:\n  target:\n    kind: bpe\n    bpe_dropout: 0.1")).toEqual({
      "target.kind": ["bpe", 3],
      "target.file": [null, 3],
      "target.bpe_dropout": [0.1, 4],
    });
  });

  it.each(ALL_SETTINGS)("$section.$key reaches the options", (setting) => {
    const { section, key, type, fields, option } = setting;
    const value =
      type.kind === "number"
        ? (type.to ?? 1) / 2
        : {
            numbers: [0.1, 0.2],
            texts: ["x"],
            choice: "x",
            boolean: true,
            text: "x",
            path: "x.json",
            corpora: "x",
            tag: "<2de>",
          }[type.kind];
    const right =
      type.kind === "choice" ? type.choices.at(-1) : type.kind === "number" && type.whole ? 7 : value;
    const content = pathOf(section).reduceRight<object>((part, name) => ({ [name]: part }), { [key]: right });
    const options = optionsOf(readConfigFile(written(JSON.stringify(content)))) as unknown as Record<
      string,
      unknown
    >;
    if (option !== undefined) return expect(options[option]).toBe(right);
    const part = pathOf(section).reduce((whole, name) => whole[name] as typeof options, options);
    expect(fields.length > 1 ? fields.map((field) => part[field]) : part[fields[0]!]).toEqual(right);
  });
});

describe("what is wrong is told with its line", () => {
  it.each([
    ["trainign:\n  lr: 1", ':1: unknown key "trainign" at the top. Did you mean training?'],
    [
      "model:\n  heads: 2\ntraining:\n  labelsmoothing: 0.1",
      ':4: unknown key "labelsmoothing" in training. Did you mean label_smoothing?',
    ],
    [
      "training:\n  batch-tokens: 1",
      ':2: unknown key "batch-tokens" in training. Did you mean batch_tokens?',
    ],
    ["training:\n  learning_rate: 1", ':2: unknown key "learning_rate" in training. Did you mean lr?'],
    ["training:\n  learningRate: 1", ':2: unknown key "learningRate" in training. Did you mean lr?'],
    ["training:\n  update_freq: 1", ':2: unknown key "update_freq" in training. Did you mean accumulate?'],
    ["model:\n  lr: 1", ':2: unknown key "lr" in model. Did you mean lr in training?'],
    ["lr: 1", ':1: unknown key "lr" at the top. Did you mean lr in training?'],
    ["training:\n  threads: 1", ':2: unknown key "threads" in training. Did you mean threads at the top?'],
    ["data:\n  colour: red", ':2: unknown key "colour" in data.'],
    ["__proto__: 1", ':1: unknown key "__proto__" at the top.'],
    ["model:\n  constructor: 1", ':2: unknown key "constructor" in model.'],
    [
      "model:\n  heads: 2\n  dropout: high",
      ':3: dropout: expected a number of at least 0 and below 1, got "high".',
    ],
    ["training:\n  lr: -1", ":2: lr: expected a number above 0 and at most 10, or null, got -1."],
    ["training:\n  seed: 1.5", ":2: seed: expected a whole number from 0 to 4294967295, got 1.5."],
    ["training:\n  clip: .inf", ":2: clip: expected a number of at least 0, got Infinity."],
    ["training:\n  clip: .nan", ":2: clip: expected a number of at least 0, got NaN."],
    ["training:\n  clip:", ":2: clip: expected a number of at least 0, got nothing."],
    ["training:\n  clip: [1, 2]", ":2: clip: expected a number of at least 0, got [1,2]."],
    ["training:\n  clip: { norm: 1 }", ":2: clip: expected a number of at least 0, got keys of its own."],
    [
      "training:\n  adam_betas: [0.9,\n    1]",
      ":3: adam_betas: expected a list of 2, each a number of at least 0 and below 1, got [0.9,1].",
    ],
    [
      "training:\n  adam_betas: 0.9",
      ":2: adam_betas: expected a list of 2, each a number of at least 0 and below 1, got 0.9.",
    ],
    ["model:\n  norm: pots", ':2: norm: expected one of post, pre, none, got "pots". Did you mean post?'],
    ["model:\n  norm: middle", ':2: norm: expected one of post, pre, none, got "middle".'],
    ["tokenizer:\n  lowercase: yes", ':2: lowercase: expected true or false, got "yes".'],
    ['data:\n  train: ""', ':2: train: expected a path, or a list of corpora, got "".'],
    ["tokenizer:\n  source: letters", ':2: kind: expected one of word, char, bpe, or null, got "letters".'],
    [
      "data:\n  train:\n    - a.tsv\n    - {path: b.tsv, wieght: 2}",
      ':4: train[1]: unknown key "wieght". Did you mean weight?',
    ],
    [
      "data:\n  train:\n    - path: b.tsv\n      tag: de",
      ':4: train[0].tag: expected a tag such as <2de>, got "de".',
    ],
    ["data:\n  train: []", ":2: train: expected at least one corpus, got []."],
    ["data:\n  train: [{weight: 2}]", ":2: train[0].path: expected a path, got nothing."],
    ["data:\n  train: a\n  valid: [{path: b, weight: 2}]", ':3: valid[0]: unknown key "weight".'],
    ["tokenizer:\n  target:\n    kid: char", ':3: unknown key "kid" in tokenizer.target. Did you mean kind?'],
    [
      "tokenizer:\n  source: [char]",
      ':2: tokenizer.source: expected settings, each with its key, got ["char"].',
    ],
    [
      "tokenizer:\n  file: x",
      ':2: file: expected the path of a .json, .model or .spm file, or null, got "x".',
    ],
    ["threads: 0", ":1: threads: expected a whole number from 1 to 256, or null, got 0."],
    ["\nmodel: 3", ":2: model: expected settings, each with its key, got 3."],
    ["- 1\n- 2", ":1: expected the sections data, filter, tokenizer, model, training, got [1,2]."],
    ["training: text", ':1: training: expected settings, each with its key, got "text".'],
    ["model:\n  heads: 2\n  heads: 4", ':3: the key "heads" is there a second time. Remove one of the two.'],
    [
      "model:\n  heads: *h",
      ":2: there is no anchor &h before its alias. Set the anchor first, or put the text in quotes.",
    ],
    ["model: &m\n  heads: *m", ":2: heads: expected a whole number from 1 to 65536, got keys of its own."],
    [
      "\n\nmodel: {heads: 2",
      /^:3: this is not YAML or JSON: flow map .* Mend the line, or one shortly before it\.$/,
    ],
    ["model:\n\theads: 2", /^:2: this is not YAML or JSON: tabs are not allowed as indentation\. Mend /],
    ["out: a\n---\nout: b", /^:2: this is not YAML or JSON: /],
  ])("%j", (text, message) => {
    const said = complaint(text);
    if (typeof message === "string") expect(said).toBe(message);
    else expect(said).toMatch(message);
  });

  it("in JSON too", () => {
    expect(complaint('{\n  "model": {\n    "heads": 2,\n    "heads": 3\n  }\n}', "json")).toBe(
      ':4: the key "heads" is there a second time. Remove one of the two.',
    );
    expect(complaint('{\n  "model": {\n    "d_modle": 2\n  }\n}', "json")).toBe(
      ':3: unknown key "d_modle" in model. Did you mean d_model?',
    );
  });

  it("the first of several, by line", () => {
    expect(complaint("training:\n  lr: x\n  sede: 1\nmodel:\n  heads: x")).toMatch(/^:2: lr: /);
    expect(complaint("training:\n  sede: 1\n  lr: x")).toMatch(/^:2: unknown key "sede"/);
  });

  it("files that are none", () => {
    expect(oneLine(() => readConfigFile("nowhere.yaml"))).toBe(
      "nowhere.yaml: no such file or directory. Check the path.",
    );
    mkdirSync(join(directory, "folder"));
    expect(oneLine(() => readConfigFile(join(directory, "folder")))).toMatch(/this is a directory/);
    expect(complaint(Buffer.from("out: a\nout: \xff\n", "latin1"))).toBe(
      ":2: invalid UTF-8. Convert the file to UTF-8.",
    );
  });
});

describe("the configuration that a run keeps", () => {
  it("is read back as it was, every setting of it", () => {
    const bundled = resolveConfig({});
    expect(readRunConfig(written(JSON.stringify(toConfigFile(bundled), null, 2)))).toEqual(bundled);
    const other = resolveConfig({
      data: {
        train: ['a b/"c"', { path: "d", weight: 0.5, tag: "<2de>", target: "de" }],
        ...{ valid: "v", test: [{ path: "t", tag: "<2de>" }], sourceLanguage: "no" },
      },
      preset: "tiny",
      tokenizer: {
        ...{ kind: "bpe", joint: false, bpeDropout: 0.1, vocabularySize: 99, file: "t.json" },
        source: { kind: "char", lowercase: true },
        target: { file: "u.json", minFrequency: 3 },
      },
      model: { attentionDropout: 0, norm: "pre" },
      training: {
        maxSteps: 3,
        maxEpochs: null,
        patience: 4,
        beta1: 0.5,
        learningRate: null,
        validateEvery: 7,
      },
    });
    expect(readRunConfig(written(JSON.stringify(toConfigFile(other))))).toEqual(other);
  });

  it("keeps every bit of its numbers", () => {
    const share = fc.double({ min: 1e-40, max: 0.9999999, noNaN: true }); // what 32 bits can tell from 0 and 1
    fc.assert(
      fc.property(share, share, share, (beta1, beta2, dropout) => {
        const config = resolveConfig({ model: { dropout }, training: { beta1, beta2 } });
        expect(readRunConfig(written(JSON.stringify(toConfigFile(config))))).toEqual(
          JSON.parse(JSON.stringify(config)), // which makes 0 of -0
        );
      }),
      { numRuns: 30 },
    );
  });

  it("has its names in snake_case, by section", () => {
    expect(toConfigFile(resolveConfig({}))).toMatchObject({
      data: { source_lang: "zh" },
      tokenizer: { min_frequency: null },
      model: { d_model: 128, attention_dropout: null },
      training: { adam_betas: [0.9, 0.98], max_epochs: 8 },
    });
  });
});
