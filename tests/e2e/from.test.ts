import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { letterPairs, SMALLEST, writeFiles, xformer } from "../support/cli.ts";

const cwd = temporaryDirectory();
const TRAIN = [
  "train",
  "--train",
  "train.tsv",
  "--valid",
  "valid.tsv",
  "--test",
  "valid.tsv",
  "--batch-tokens",
  "400",
];

beforeAll(async () => {
  const pairs = letterPairs(200);
  writeFiles(cwd, {
    "train.tsv": pairs.slice(0, 180),
    "valid.tsv": pairs.slice(180),
    "other.tsv": pairs.slice(0, 180).map((pair) => pair.replaceAll("a", "x")),
  });
  const { code } = await xformer([...TRAIN, "--max-steps", "6", "--out", "first", ...SMALLEST], { cwd });
  expect(code).toBe(0);
});

function sha256(...path: string[]): string {
  return createHash("sha256")
    .update(readFileSync(join(cwd, ...path)))
    .digest("hex");
}

describe("train --from", () => {
  it("says what it starts from, takes in new words, and shows what the model was before", async () => {
    const flags = ["--from", "first", "--train", "other.tsv", "--extend-vocabulary", "--max-steps", "2"];
    const frozen = ["--freeze", "encoder", "--freeze", "decoder.layers.0.norm?.*,embeddings"];
    const { stderr, stdout, code } = await xformer([...TRAIN, ...flags, ...frozen, "--out", "second"], {
      cwd,
    });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^ +from +first, step 6, with a new optimiser$/m);
    expect(stderr).toMatch(/^ +its vocabularies have taken in 1 source token and 1 target token$/m);
    expect(stderr).toMatch(
      /^ +[\d,]+ of them trained; frozen: encoder, decoder\.layers\.0\.norm\?\.\*, embeddings$/m,
    );
    expect(stderr).toMatch(/^step 0 +validation +loss/m);
    expect(stdout).toContain("Trained 2 steps");
    const config = JSON.parse(readFileSync(join(cwd, "second", "config.json"), "utf8"));
    expect(config).toMatchObject({
      from: join(cwd, "first"),
      keep_optimizer: false,
      extend_vocabulary: true,
    });
    expect(config.training.freeze).toEqual(["encoder", "decoder.layers.0.norm?.*", "embeddings"]);
    const shown = await xformer(["inspect", "--model", "second"], { cwd });
    const best = sha256("first", "best.safetensors");
    expect(shown.stdout).toContain(`step 6 of the checkpoint with SHA-256 ${best}`);
    // What a run keeps makes it again.
    const again = ["train", "--config", join("second", "config.json"), "--out", "again"];
    expect((await xformer(again, { cwd })).code).toBe(0);
    expect(sha256("again", "last.safetensors")).toBe(sha256("second", "last.safetensors"));
  });

  it("is a setting of a file, and goes on with the moments", async () => {
    const data = "data: { train: train.tsv, valid: valid.tsv }";
    const recipe = ["from: first", "keep_optimizer: true", data, "training: { max_steps: 2 }"];
    writeFileSync(join(cwd, "recipe.yaml"), recipe.join("\n"));
    const { stdout } = await xformer(["train", "-c", "recipe.yaml", "--print-config"], { cwd });
    expect(stdout).toMatch(/^from: first +# recipe\.yaml:1$/m);
    expect(stdout).toMatch(/^ {2}d_model: 16 +# the model to start from$/m);
    const { stderr, code } = await xformer(["train", "-c", "recipe.yaml", "--out", "third"], { cwd });
    expect(stderr).toMatch(/^ +from +first, step 6, with Adam's moments$/m);
    expect(code).toBe(0);
    const shown = await xformer(["inspect", "--model", "third"], { cwd });
    expect(shown.stdout).toContain(
      `${sha256("first", "last.safetensors")}, with Adam's moments of 6 updates`,
    );
    expect((await xformer(["train", "--resume", "third", "-c", "recipe.yaml"], { cwd })).code).toBe(0);
  });

  it("takes in a tag that the model does not know", async () => {
    const flags = [
      "train",
      "--from",
      "first",
      "--train",
      "other.tsv tag=<x>",
      "--valid-split",
      "0",
      "--max-steps",
      "2",
    ];
    const refused = await xformer([...flags, "--out", "tagged"], { cwd });
    expect(refused.stderr).toContain(
      "other.tsv: the source's tokenizer does not know the tag <x>. Give --extend-vocabulary, or start from a model that was trained with it.\n",
    );
    const { stderr, code } = await xformer([...flags, "--extend-vocabulary", "--out", "tagged"], { cwd });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^ +its vocabularies have taken in 2 source tokens and 2 target tokens$/m);
    const translate = ["translate", "--model", "tagged", "--tag", "<x>"];
    expect((await xformer(translate, { cwd, input: "a b\n" })).code).toBe(0);
  });

  it.each([
    [
      ["--d-model", "32"],
      1,
      /^first.best\.safetensors: this model has model setting dModel = 16, not 32\. .*\n$/,
    ],
    [["--freeze", "encoders"], 1, /^freeze: the model has no parameter encoders\. Did you mean encoder\?\n$/],
    [["--from", "nowhere"], 1, /^nowhere: no such file or directory\. Check the path\.\n$/],
    [["--resume", "first"], 2, /^--from: a resumed run goes on from its own weights\. Leave it out\.\n$/],
    [
      ["--minutes", "3", "--max-steps", "3"],
      1,
      /^minutes is 3, but maxSteps is 3\. Give one of the two\.\n$/,
    ],
    [["--minutes", "0"], 2, /^--minutes: expected a number above 0 and at most 20000, or none, got "0"\.\n$/],
  ])("%j is refused in a line", async (flags, code, line) => {
    const result = await xformer(["train", "--train", "train.tsv", "--from", "first", ...flags], { cwd });
    expect(result.stderr).toMatch(line);
    expect([result.stdout, result.code]).toEqual(["", code]);
  });
});
