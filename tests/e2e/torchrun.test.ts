import { execFile } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { SPECIAL_NAMES } from "../../src/text/pipeline/specialNames.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { letterPairs, SMALLEST, writeFiles, xformer } from "../support/cli.ts";

const ROOT = join(import.meta.dirname, "..", "..");
/** A Python with torch, safetensors and numpy, where there is one. */
const PYTHON = process.env.XFORMER_PYTHON;
const cwd = temporaryDirectory();
const run = promisify(execFile);
const STEPS = 50;
const TRAIN = [
  ...["train", "--train", "pairs.tsv", "--valid-split", "40", "--test-split", "0", ...SMALLEST],
  ...["--batch-tokens", "256", "--dropout", "0", "--max-steps", String(STEPS), "--log-every", "1"],
  ...["--validate-every", "25", "--lr", "0.005", "--warmup", "10", "--clip", "0.5"],
  ...["--schedule", "inverse-sqrt"], // whatever the end, as these runs are given others on the way
];

function file(run: string, name: string): Buffer {
  return readFileSync(join(cwd, run, name));
}

interface Line {
  readonly step: number;
  readonly loss?: number;
}

/** The losses of the steps that the metrics of a run have. */
function losses(run: string): number[] {
  const lines = file(run, "metrics.jsonl").toString().trimEnd().split("\n");
  const steps = lines.map((line) => JSON.parse(line) as Line).filter(({ loss }) => loss !== undefined);
  expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: steps.length }, (_, i) => i + 1));
  return steps.map(({ loss }) => loss!);
}

/** Takes steps of a run by PyTorch, on two processes. */
async function torchrun(out: string, ...flags: string[]): Promise<void> {
  const torchrun = join(dirname(PYTHON!), "torchrun");
  const script = join(ROOT, "examples", "pytorch", "train.py");
  const env = { ...process.env, OMP_NUM_THREADS: "1" };
  await run(torchrun, ["--nproc-per-node", "2", script, join(cwd, out), ...flags], { env });
}

beforeAll(async () => {
  writeFiles(cwd, { "pairs.tsv": letterPairs(400) });
  expect((await xformer([...TRAIN, "--out", "straight"], { cwd })).code).toBe(0);
});

describe("train --prepare", () => {
  beforeAll(async () => {
    const { code, stdout, stderr } = await xformer([...TRAIN, "--out", "prepared", "--prepare"], { cwd });
    expect([code, stdout]).toEqual([0, ""]);
    expect(stderr).toContain(
      "Ready for step 1, in prepared. With PyTorch:\n  torchrun --nproc-per-node 2 examples/pytorch/train.py prepared\n",
    );
  });

  it("takes no step, and leaves what it takes to train elsewhere", () => {
    const files = ["config.json", "held-out", "last.safetensors", "train.pairs"];
    expect(readdirSync(join(cwd, "prepared")).sort()).toEqual(files);
    const [encoded] = readdirSync(join(cwd, ".cache")).filter((name) => name.endsWith(".pairs"));
    expect(file("prepared", "train.pairs").equals(file(".cache", encoded!))).toBe(true);
  });

  it("and a resume is the run that was never prepared, byte for byte", async () => {
    cpSync(join(cwd, "prepared"), join(cwd, "resumed"), { recursive: true });
    expect((await xformer(["train", "--resume", "resumed"], { cwd })).code).toBe(0);
    for (const name of ["last.safetensors", "best.safetensors"])
      expect(file("resumed", name).equals(file("straight", name))).toBe(true);
  });

  it("of a run in its middle keeps its step; --force removes the pairs of the run before", async () => {
    const half = await xformer([...TRAIN, "--max-steps", "25", "--out", "half"], { cwd });
    expect(half.code).toBe(0);
    const { code, stderr } = await xformer(["train", "--resume", "half", "--max-steps", "50", "--prepare"], {
      cwd,
    });
    expect(code).toBe(0);
    expect(stderr).toContain("Ready for step 26, in half.");
    expect(existsSync(join(cwd, "half", "train.pairs"))).toBe(true);
    expect((await xformer([...TRAIN, "--max-steps", "1", "--out", "half", "--force"], { cwd })).code).toBe(0);
    expect(existsSync(join(cwd, "half", "train.pairs"))).toBe(false);
  });
});

it("examples/pytorch/train.py knows special tokens by the names that tokenizers are read with", () => {
  const script = readFileSync(join(ROOT, "examples", "pytorch", "train.py"), "utf8");
  const names = [...script.matchAll(/^ {4}"(?:unk|bos|eos)": (\[.*\]),$/gm)].map(([, list]) =>
    JSON.parse(list!),
  );
  expect(names).toEqual(SPECIAL_NAMES);
});

describe.skipIf(PYTHON === undefined)(
  `examples/pytorch/train.py (${PYTHON === undefined ? "skipped: XFORMER_PYTHON names no Python with torch" : PYTHON})`,
  () => {
    it("on two processes, there, back and there again, has the losses of a run that never left, within 1e-4", {
      timeout: 300_000,
    }, async () => {
      const out = "away";
      expect((await xformer([...TRAIN, "--out", out, "--prepare"], { cwd })).code).toBe(0);
      await torchrun(out, "--steps", "20");
      expect((await xformer(["train", "--resume", out, "--max-steps", "30"], { cwd })).code).toBe(0);
      const back = ["train", "--resume", out, "--max-steps", String(STEPS), "--prepare"];
      expect((await xformer(back, { cwd })).code).toBe(0);
      await torchrun(out);
      const [there, here] = [losses(out), losses("straight")];
      expect(there).toHaveLength(STEPS);
      for (const [i, loss] of there.entries())
        expect(Math.abs(loss - here[i]!) / here[i]!).toBeLessThan(1e-4);
      const { code, stdout } = await xformer(["translate", "--model", `${out}/last.safetensors`], {
        cwd,
        input: "a b c\n",
      });
      expect([code, stdout.trim().length > 0]).toEqual([0, true]);
    });
  },
);
