import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { letterPairs, SMALLEST, writeFiles, xformer } from "../support/cli.ts";

const cwd = temporaryDirectory();

beforeAll(async () => {
  const pairs = letterPairs(220);
  writeFiles(cwd, { "train.tsv": pairs.slice(0, 200), "valid.tsv": pairs.slice(200) });
  const train = ["train", "--train", "train.tsv", "--valid", "valid.tsv", ...SMALLEST, "--max-steps", "6"];
  const keep = ["--validate-every", "2", "--metric", "loss", "--keep-best", "3", "--average", "2"];
  const { code, stdout } = await xformer([...train, ...keep, "--out", "run"], { cwd });
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^In run.average\.safetensors, the average of steps \d, \d\n {2}validation {2}BLEU /m,
  );
});

describe("xformer average", () => {
  it("averages the best of a run, and the result translates", async () => {
    const averaged = await xformer(["average", "--run", "run", "--best", "3", "-o", "mean.safetensors"], {
      cwd,
    });
    expect(averaged.stderr).toBe("");
    expect(averaged.stdout.split("\n").map((line) => line.replace(/\d+(?=\.)/, "N"))).toEqual([
      "Averaged into mean.safetensors:",
      ...new Array<string>(3).fill(`  ${join("run", "checkpoints", "step-N.safetensors")}`),
      "",
    ]);
    const translated = await xformer(["translate", "--model", "mean.safetensors"], { cwd, input: "a b c\n" });
    expect(translated).toMatchObject({ code: 0, stdout: expect.stringMatching(/^.*\n$/) });
  });

  it("averages the files it is given", async () => {
    const files = [join("run", "best.safetensors"), join("run", "last.safetensors")];
    const { code, stdout } = await xformer(["average", ...files, "--output", "two.safetensors", "-q"], {
      cwd,
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(existsSync(join(cwd, "two.safetensors"))).toBe(true);
  });

  it.each([
    [[], "there is nothing to average. Name checkpoints, or a run with --run."],
    [["run/best.safetensors"], "it is not said where the average goes. Give --output."],
    [["--last", "2"], "--last: it takes a run to choose from. Give --run."],
    [
      ["--run", "run"],
      "--run: it is not said which of its checkpoints. Give --last or --best, and how many.",
    ],
    [["x", "--run", "run", "--last", "2"], "--run: checkpoints are named as well. Leave one of the two out."],
  ])("is refused for %j", async (flags, message) => {
    const { code, stderr } = await xformer(["average", ...flags], { cwd });
    expect({ code, stderr }).toEqual({ code: 2, stderr: `${message}\n` });
  });

  it("says how to keep as many as are wanted", async () => {
    const { code, stderr } = await xformer(["average", "--run", "run", "--best", "9"], { cwd });
    expect(stderr).toBe(
      "run: this run has kept 3 checkpoints of the best, not 9. Train with --keep-best 9.\n",
    );
    expect(code).toBe(1);
  });
});
