import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { letterPairs, writeFiles, xformer } from "../support/cli.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const cwd = temporaryDirectory();

const RECIPE = `out: first
data:
  train: train.tsv
  valid: valid.tsv
tokenizer:
  lowercase: true
model:
  preset: tiny
  d_model: 16
  heads: 2
  ffn: 32
training:
  max_steps: 12
  batch_tokens: 256
  lr: 0.005
  warmup: 5
`;

beforeAll(() => {
  const pairs = letterPairs(200);
  writeFiles(cwd, { "train.tsv": pairs.slice(0, 180), "valid.tsv": pairs.slice(180), "recipe.yaml": RECIPE });
});

/** What --print-config says of some settings: value and origin. */
async function printed(...args: string[]): Promise<Record<string, Record<string, unknown>>> {
  const { stdout, stderr, code } = await xformer(["train", ...args, "--print-config", "--json"], { cwd });
  expect([stderr, code]).toEqual(["", 0]);
  return JSON.parse(stdout);
}

function files(run: string): Record<string, Buffer> {
  const names = ["best.safetensors", "last.safetensors", "config.json"];
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(cwd, run, name))]));
}

it("batches have one size: of tokens, of sentences or by memory, whichever is given last", async () => {
  const sizes = async (...flags: string[]): Promise<unknown[]> => {
    const { training } = await printed("--config", "recipe.yaml", "--out", "other", ...flags);
    return [training!.batch_tokens, training!.batch_sentences, training!.memory].map(
      (setting) => (setting as { value: unknown }).value,
    );
  };
  expect(await sizes()).toEqual([256, null, null]);
  expect(await sizes("--batch-tokens", "64")).toEqual([64, null, null]);
  expect(await sizes("--batch-sentences", "64")).toEqual([null, 64, null]);
  expect(await sizes("--memory", "64")).toEqual([null, null, 64]);
  for (const [flags, problem] of [
    [["--batch-tokens", "64", "--batch-sentences", "8"], "batchTokens is 64, and batchSentences 8."],
    [["--batch-tokens", "64", "--memory", "8"], "memory is 8, and batchTokens 64."],
    [["--batch-sentences", "64", "--memory", "8"], "memory is 8, and batchSentences 64."],
  ] as const) {
    const { stderr, code } = await xformer(["train", "--config", "recipe.yaml", ...flags], { cwd });
    expect(stderr.startsWith(problem), stderr).toBe(true);
    expect(code).toBe(1);
  }
});

it("flags win over the file, the file over the preset, the preset over the defaults; nothing is trained", async () => {
  const settings = await printed("--config", "recipe.yaml", "--heads", "4", "--out", "other");
  expect(settings).toMatchObject({
    out: { value: "other", from: "--out" },
    model: {
      heads: { value: 4, from: "--heads" },
      d_model: { value: 16, from: "recipe.yaml:9" },
      encoder_layers: { value: 2, from: "preset tiny" },
      norm: { value: null, from: "fitted to the data" },
      activation: { value: "relu", from: "default" },
    },
    training: { max_epochs: { value: null, from: "recipe.yaml:13" }, seed: { value: 1, from: "default" } },
  });
  expect(readdirSync(cwd).sort()).toEqual(["recipe.yaml", "train.tsv", "valid.tsv"]);
});

it("what is printed can be used as a configuration file", async () => {
  const { stdout } = await xformer(["train", "-c", "recipe.yaml", "--print-config"], { cwd });
  expect(stdout).toMatch(/^ {2}lr: 0\.005 +# recipe\.yaml:15$/m);
  writeFileSync(join(cwd, "printed.yaml"), stdout);
  const { stdout: again } = await xformer(["train", "-c", "printed.yaml", "--print-config"], { cwd });
  expect(again.replace(/ +#.*/g, "")).toBe(stdout.replace(/ +#.*/g, ""));
});

describe("a run", () => {
  beforeAll(async () => {
    const { stderr, code } = await xformer(["train", "--config", "recipe.yaml", "--quiet"], { cwd });
    expect([stderr, code]).toEqual(["", 0]);
  });

  it("keeps a configuration that trains it anew, to the same bytes", async () => {
    const again = ["train", "--config", "first/config.json", "--out", "second", "--quiet", "--threads", "1"];
    expect((await xformer(again, { cwd })).code).toBe(0);
    expect(files("second")).toEqual(files("first"));
  });

  it("is the same with flags instead of the file", async () => {
    const flags = [
      ...[
        "--train",
        "train.tsv",
        "--valid",
        "valid.tsv",
        "--lowercase",
        "--preset",
        "tiny",
        "--d-model",
        "16",
      ],
      ...["--heads", "2", "--ffn", "32", "--max-steps", "12", "--batch-tokens", "256", "--lr", "0.005"],
    ];
    const { code } = await xformer(["train", ...flags, "--warmup", "5", "--out", "third", "--quiet"], {
      cwd,
    });
    expect(code).toBe(0);
    expect(files("third")).toEqual(files("first"));
  });

  it("that is resumed takes the recipe it was begun with, and a new end; another setting is refused", async () => {
    const resume = ["train", "--resume", "first", "--config", "recipe.yaml"];
    expect(await printed(...resume.slice(1), "--max-steps", "14")).toMatchObject({
      training: {
        max_steps: { value: 14, from: "--max-steps" },
        warmup: { value: 5, from: "recipe.yaml:16" },
      },
      model: { norm: { value: "pre", from: expect.stringMatching(/^first.config\.json:\d+$/) } },
    });
    const other = await xformer([...resume, "--warmup", "6"], { cwd });
    expect([other.stderr, other.code]).toEqual([
      "first: this run was begun with training setting warmupSteps = 5, not 6. Leave the setting out to go on, or begin a new run.\n",
      1,
    ]);
    const longer = await xformer([...resume, "--max-steps", "14", "--json"], { cwd });
    expect(JSON.parse(longer.stdout.trimEnd().split("\n").at(-1)!)).toMatchObject({
      type: "finished",
      step: 14,
    });
  });

  it("whose configuration was damaged says where", async () => {
    writeFiles(cwd, { "broken/last.safetensors": files("second")["last.safetensors"]! });
    const text = files("second")["config.json"]!.toString();
    writeFileSync(join(cwd, "broken/config.json"), text.replace('"d_model"', '"dmodel"'));
    const { stderr } = await xformer(["train", "--resume", "broken"], { cwd });
    expect(stderr).toMatch(
      /^broken.config\.json:\d+: unknown key "dmodel" in model\. Did you mean d_model\?\n$/,
    );
  });
});

describe("mistakes in a file are told in one line, before anything is read or made", () => {
  it.each([
    [
      RECIPE.replace("lr:", "labelsmoothing:"),
      'wrong.yaml:15: unknown key "labelsmoothing" in training. Did you mean label_smoothing?',
    ],
    [
      `${RECIPE}  label_smoothing: high\n`,
      'wrong.yaml:17: label_smoothing: expected a number of at least 0 and below 1, got "high".',
    ],
    [
      "data:\n  valid: v.tsv\n",
      "wrong.yaml:2: valid: without train the bundled corpus is used. Give train too.",
    ],
    [
      RECIPE.replace("heads: 2", "heads: 3"),
      "dModel 16 cannot be split into 3 heads. Choose a dModel that is a multiple of nHeads.",
    ],
  ])("%j", async (text, line) => {
    writeFileSync(join(cwd, "wrong.yaml"), text.replace("out: first", "out: never"));
    const { stdout, stderr, code } = await xformer(["train", "-c", "wrong.yaml"], { cwd });
    expect([stdout, stderr, code]).toEqual(["", `${line}\n`, 1]);
    expect(existsSync(join(cwd, "never"))).toBe(false);
  });
});

const recipes = readdirSync(join(ROOT, "examples")).filter((name) => name.endsWith(".yaml"));

it("there is an example for every recipe", () => {
  expect(recipes.sort()).toEqual(
    [
      "cmudict",
      "dates",
      "multi30k-en-de",
      "multi30k-en-de-raw",
      "numbers",
      "scan-simple",
      "sounds",
      "zh-en",
      "zh-en-news",
    ]
      .map((name) => `${name}.yaml`)
      .sort(),
  );
});

it.each(recipes)("examples/%s is a configuration", async (name) => {
  const file = join(ROOT, "examples", name);
  // The model that one of them starts from is not here.
  const nothing = name === "zh-en-news.yaml" ? ["--from", "none", "--no-extend-vocabulary"] : [];
  const { stdout, stderr, code } = await xformer(["train", "-c", file, "--print-config", ...nothing], {
    cwd,
  });
  expect([stderr, code]).toEqual(["", 0]);
  expect(stdout).toContain(`${name}:`);
  const text = readFileSync(file, "utf8");
  expect(text.split("\n")[0]).toBe("# yaml-language-server: $schema=../schema/xformer.schema.json");
  expect(text).toContain(`npx xformer train --config examples/${name}`);
});

it("examples/zh-en.yaml is the run without a flag", async () => {
  const values = async (...args: string[]): Promise<unknown> => {
    const { data, ...settings } = await printed(...args);
    expect(data?.source_lang).toMatchObject({ value: "zh" });
    return JSON.parse(JSON.stringify(settings), (key, value) => (key === "from" ? undefined : value));
  };
  expect(await values("-c", join(ROOT, "examples/zh-en.yaml"))).toEqual(await values());
});

it("the schema and the tables of the documentation are those of the settings", async () => {
  const script = join(ROOT, "scripts", "settings.mjs");
  const { stderr } = await promisify(execFile)(process.execPath, [script, "--check"]);
  expect(stderr).toBe("");
});
