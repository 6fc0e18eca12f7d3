import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { letterPairs, SMALLEST, writeFiles, xformer } from "../support/cli.ts";

const cwd = temporaryDirectory();

beforeAll(async () => {
  const pairs = letterPairs(60).map((pair) => pair.replace(/\t.*/, (target) => target.toUpperCase()));
  writeFiles(cwd, { "pairs.tsv": pairs });
  const train = [
    "train",
    "--train",
    "pairs.tsv",
    "--valid",
    "pairs.tsv",
    "--max-steps",
    "2",
    ...SMALLEST,
    "--quiet",
  ];
  const runs = await Promise.all([
    xformer([...train, "--out", "words"], { cwd }),
    xformer([...train, "--tokenizer", "char", "--positions", "learned", "--out", "learned"], { cwd }),
  ]);
  expect(runs.map(({ code }) => code)).toEqual([0, 0]);
});

describe("xformer export", () => {
  it.each(["huggingface", "onnx"])(
    "%s says what it has written, and what is not quite the same there",
    async (name) => {
      const { code, stdout, stderr } = await xformer(["export", name, "--model", "words", "--output", name], {
        cwd,
      });
      expect(code).toBe(0);
      const [first, ...files] = stdout.trimEnd().split("\n");
      expect(first).toBe(`Exported to ${name}:`);
      expect(files.length).toBeGreaterThan(5);
      for (const file of files) expect(existsSync(join(cwd, name, file.trim())), file).toBe(true);
      expect(stderr).toMatch(
        /^warning: the source's words are cut and put together by regular expressions there: .*\.\n/,
      );
    },
  );

  it("takes learned positions to ONNX, and refuses them where transformers has none, in one line", async () => {
    const onnx = await xformer(["export", "onnx", "--model", "learned", "--output", "graphs"], { cwd });
    expect(onnx).toMatchObject({ code: 0, stderr: "" });
    const refused = await xformer(["export", "huggingface", "--model", "learned", "--output", "refused"], {
      cwd,
    });
    expect(refused).toMatchObject({
      code: 1,
      stdout: "",
      stderr: `${join("learned", "best.safetensors")}: this model has positions = learned, but Marian and Pegasus of transformers know only sinusoidal. Export it with \`xformer export onnx\`, or read its safetensors in PyTorch as examples/pytorch/score.py does.\n`,
    });
    expect(existsSync(join(cwd, "refused"))).toBe(false);
  });

  it("needs a place to write to, which can be no file", async () => {
    const missing = await xformer(["export", "onnx", "--model", "words"], { cwd });
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining("--output") });
    const file = await xformer(["export", "onnx", "--model", "words", "--output", "pairs.tsv"], { cwd });
    expect(file).toMatchObject({ code: 1, stderr: expect.stringMatching(/^pairs\.tsv/) });
  });
});
