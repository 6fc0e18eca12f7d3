import { utimesSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { letterPairs, SMALLEST, writeFiles, xformer } from "../support/cli.ts";

const cwd = temporaryDirectory();
const QUICK = ["--max-steps", "2", ...SMALLEST];

beforeAll(async () => {
  const parts = { "train.tsv": letterPairs(40), "valid.tsv": letterPairs(5), "test.tsv": letterPairs(6) };
  writeFiles(cwd, { "pairs.tsv": letterPairs(40), "runs/notes.txt": ["what stands beside runs is none"] });
  writeFiles(join(cwd, "letters"), parts);
  for (const corpus of ["pairs.tsv", "letters"]) {
    const { stderr, code } = await xformer(["train", corpus, ...QUICK], { cwd });
    expect({ code, isLetters: stderr.includes("5 to validate on, 6 held out") }).toEqual({
      code: 0,
      isLetters: corpus === "letters",
    });
  }
});

describe("a corpus is named without a flag", () => {
  it("and only once", async () => {
    const twice = await xformer(["train", "pairs.tsv", "--train", "letters/train.tsv"], { cwd });
    expect(twice).toEqual({
      stdout: "",
      stderr: "--train: the corpus is pairs.tsv already. Leave it out.\n",
      code: 2,
    });
    const resumed = await xformer(["train", "pairs.tsv", "--resume", "runs/pairs-1"], { cwd });
    expect(resumed.stderr).toBe("pairs.tsv: a resumed run has its corpus. Leave it out.\n");
  });

  it("--print-config says where its parts came from", async () => {
    const { stdout } = await xformer(["train", "letters", "--test", "none", "--print-config"], { cwd });
    expect(stdout).toMatch(/^ {2}valid: letters\/valid.tsv +# letters$/m);
    expect(stdout).toMatch(/^ {2}test: null +# --test$/m);
  });
});

it.each([
  ["epochs", "max-epochs"],
  ["steps", "max-steps"],
  ["learning-rate", "lr"],
  ["epocs", "max-epochs"],
  ["lerning-rate", "lr"],
  ["hidden_size", "d-model"],
])("train --%s names --%s", async (name, flag) => {
  const { stderr, code } = await xformer(["train", `--${name}`, "5"], { cwd });
  expect({ stderr, code }).toEqual({
    stderr: `unknown option "--${name}". Did you mean --${flag}?\n`,
    code: 2,
  });
});

describe("--model", () => {
  it("misspelt is not taken to be missing", async () => {
    const { stderr, code } = await xformer(["translate", "--modle", "x"], { cwd });
    expect({ stderr, code }).toEqual({
      stderr: 'unknown option "--modle". Did you mean --model?\n',
      code: 2,
    });
  });

  it("is the newest run unless it is given, which is said unless it is to be quiet", async () => {
    const model = join(cwd, "runs/pairs-1/best.safetensors");
    utimesSync(model, new Date(), new Date(Date.now() + 60_000));
    const named = await xformer(["translate", "--model", "runs/pairs-1"], { cwd, input: "a b c\n" });
    const newest = await xformer(["translate"], { cwd, input: "a b c\n" });
    expect(newest).toEqual({ ...named, stderr: "The newest run: --model runs/pairs-1\n" });
    expect((await xformer(["translate", "--quiet"], { cwd, input: "a b c\n" })).stderr).toBe("");
    for (const args of [["inspect"], ["eval", "--test", "pairs.tsv"], ["score", "--test", "pairs.tsv"]]) {
      const { stderr, code } = await xformer(args, { cwd });
      expect([stderr, code]).toEqual(["The newest run: --model runs/pairs-1\n", 0]);
    }
  });

  it("has to be given where there is no run", async () => {
    const { stderr, code } = await xformer(["inspect"], { cwd: temporaryDirectory() });
    expect({ stderr, code }).toEqual({
      stderr:
        "there is no model: --model is not given, and no run is in runs. Train one with `npx xformer train`, or name one.\n",
      code: 2,
    });
  });
});
