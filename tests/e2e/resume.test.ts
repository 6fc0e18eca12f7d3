import { copyFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { beforeAll, describe, expect, it } from "vitest";
import { readSafetensors, writeSafetensors } from "../../src/io/safetensors.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import {
  type CliResult,
  finished,
  letterPairs,
  SMALLEST,
  startXformer,
  writeFiles,
  xformer,
} from "../support/cli.ts";

const cwd = temporaryDirectory();
const STEPS = "80";
const TRAIN = [
  ...["train", "--train", "train.tsv", "--valid", "valid.tsv", ...SMALLEST, "--batch-tokens", "256"],
  ...["--validate-every", "20", "--save-every", "7", "--log-every", "6", "--lr", "0.005", "--warmup", "20"],
  // Whatever the end, as these runs are given others on the way.
  ...["--schedule", "inverse-sqrt", "--validate-every-epochs", "1"],
];

/** Starts a run and sends it a signal once a line of its events fits. */
async function stoppedRun(out: string, signal: NodeJS.Signals, when: RegExp): Promise<CliResult> {
  const child = startXformer([...TRAIN, "--max-steps", STEPS, "--out", out, "--json"], { cwd });
  const end = finished(child);
  const lines = createInterface({ input: child.stdout! });
  for await (const line of lines) {
    if (!when.test(line)) continue;
    child.kill(signal);
    break;
  }
  return end;
}

function file(run: string, name: string): Buffer {
  return readFileSync(join(cwd, run, name));
}

/** The lines of the metrics without what depends on the clock. */
function metrics(run: string): object[] {
  const lines = file(run, "metrics.jsonl").toString().trimEnd().split("\n");
  return lines.map((line) => ({ ...JSON.parse(line), tokensPerSecond: 0, elapsedSeconds: 0 }));
}

function expectSameRun(run: string): void {
  expect(file(run, "last.safetensors").equals(file("straight", "last.safetensors"))).toBe(true);
  expect(file(run, "best.safetensors").equals(file("straight", "best.safetensors"))).toBe(true);
  expect(metrics(run)).toEqual(metrics("straight"));
  expect(readdirSync(join(cwd, run)).sort()).toEqual([
    "best.safetensors",
    "config.json",
    "last.safetensors",
    "metrics.jsonl",
    "report.html",
  ]);
}

beforeAll(async () => {
  const pairs = letterPairs(512);
  writeFiles(cwd, { "train.tsv": pairs.slice(0, 480), "valid.tsv": pairs.slice(480) });
  const { code } = await xformer([...TRAIN, "--max-steps", STEPS, "--out", "straight"], { cwd });
  expect(code).toBe(0);
});

describe("a resumed run is the run that never stopped, byte for byte", () => {
  it("limited to 20 and 40 steps first, on one thread and on two", async () => {
    const first = await xformer([...TRAIN, "--max-steps", "20", "--out", "limited", "--threads", "1"], {
      cwd,
    });
    expect(first.code).toBe(0);
    const second = await xformer(["train", "--resume", "limited", "--max-steps", "40", "--threads", "2"], {
      cwd,
    });
    expect(second.code).toBe(0);
    const third = await xformer(["train", "--resume", "limited", "--max-steps", STEPS], { cwd });
    expect(third.stdout).toContain("Trained 40 steps (80 in all) in ");
    expectSameRun("limited");
  });

  // On Windows a signal that one process sends another ends it at once.
  it.skipIf(process.platform === "win32").each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("stopped by %s: exit code %i, and how to go on", async (signal, code) => {
    const run = `stopped-${code}`;
    const stopped = await stoppedRun(run, signal, /"type":"step","step":9,/);
    expect(stopped.code).toBe(code);
    expect(stopped.stderr).toMatch(
      new RegExp(
        `^Stopping after this step\\. Once more leaves at once\\.\nStopped after step \\d+ and saved in ${run}\\. Go on with:\n  npx xformer train --resume ${run}\n$`,
      ),
    );
    const resumed = await xformer(["train", "--resume", run], { cwd });
    expect(resumed.stderr).toMatch(/for \d+ steps, from step \d+ on$/m);
    expectSameRun(run);
  });

  it("killed without warning after a save", async () => {
    const killed = await stoppedRun("killed", "SIGKILL", /"type":"saved",.*"step":28/);
    expect(killed.code).toBe(null);
    expect((await xformer(["train", "--resume", "killed", "--quiet"], { cwd })).stderr).toBe("");
    expectSameRun("killed");
  });
});

it("a run is over when it is over, and can be given a new end in epochs", async () => {
  const limited = [...TRAIN, "--max-steps", "5", "--out", "epochs"];
  await xformer(limited, { cwd });
  const again = await xformer(["train", "--resume", "epochs"], { cwd });
  expect(again.stdout).toContain("Trained 0 steps (5 in all) in ");
  const longer = await xformer(["train", "--resume", "epochs", "--max-epochs", "1", "--json"], { cwd });
  const steps = Math.ceil((480 * 4) / 256); // pairs of three letters and END
  expect(JSON.parse(longer.stdout.trimEnd().split("\n").at(-1)!)).toMatchObject({
    type: "finished",
    step: steps,
  });
});

it("losses that are not finite, six in a row, stop the run, name the step and keep the last good checkpoint", async () => {
  mkdirSync(join(cwd, "diverging"));
  for (const name of ["best.safetensors", "config.json"]) {
    copyFileSync(join(cwd, "straight", name), join(cwd, "diverging", name));
  }
  const { tensors, metadata } = readSafetensors(join(cwd, "straight/last.safetensors"));
  const list = [...tensors].map(([name, tensor]) => ({ name, ...tensor }));
  list.find(({ name }) => name === "encoder.layers.0.linear1.weight")!.data.fill(3e38);
  writeSafetensors(join(cwd, "diverging/last.safetensors"), list, metadata);
  const before = file("diverging", "last.safetensors");

  const { stderr, code } = await xformer(["train", "--resume", "diverging", "--max-steps", "90", "--quiet"], {
    cwd,
  });
  expect(stderr).toMatch(
    /^step 86: the (loss|gradient) is not a finite number, as in 5 before it\. [^\n]*checkpoint[^\n]*\.\n$/,
  );
  expect(code).toBe(1);
  expect(file("diverging", "last.safetensors").equals(before)).toBe(true);
});
