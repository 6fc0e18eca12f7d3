import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { type CliResult, letterPairs, SMALLEST, writeFiles, xformer } from "../support/cli.ts";

const cwd = temporaryDirectory();
const SIZES = ["--d-model", "32", "--heads", "2", "--ffn", "64"];
let run: CliResult;

/** The settings that a run keeps. */
function kept(name: string): { model: Record<string, unknown>; training: Record<string, unknown> } {
  return JSON.parse(readFileSync(join(cwd, name, "config.json"), "utf8"));
}

beforeAll(async () => {
  const pairs = letterPairs(512);
  writeFiles(cwd, { "train.tsv": pairs.slice(0, 400), "valid.tsv": pairs.slice(400) });
  const flags = ["--valid", "valid.tsv", "--max-epochs", "8", ...SIZES, "--out", "run", "--threads", "1"];
  run = await xformer(["train", "train.tsv", ...flags], { cwd });
});

describe("settings that nobody gives", () => {
  it("are fitted to the data, and said to be", () => {
    expect(run.code).toBe(0);
    expect(run.stderr).toMatch(
      /^ {2}model {4}2\+2 layers \(fitted to 400 pairs\), width 32 \(--d-model\), 2 heads \(--heads\), feed-forward 64 \(--ffn\)$/m,
    );
    expect(run.stderr).toMatch(/ parameters, norm pre, dropout 0\.\d+ \(fitted to 400 pairs\)$/m);
    expect(run.stderr).toMatch(
      /^ {2}length {3}8 epochs \(--max-epochs\), batches of 512 tokens, validated every epoch \(fitted to 400 pairs\)$/m,
    );
    expect(run.stderr).toMatch(
      /^ {2}rate {5}up to 4\.0e-3 over \d+ steps of warm-up, then linear \(fitted to 400 pairs\)$/m,
    );
  });

  it("are kept by the run as values, which it goes on with and can be made again with", async () => {
    const { model, training } = kept("run");
    expect(model).toMatchObject({ norm: "pre", encoder_layers: 2 });
    expect(training).toMatchObject({ max_epochs: 8, batch_tokens: 512, lr: 0.004, schedule: "linear" });
    const again = ["--config", "run/config.json", "--out", "again", "--threads", "1", "--json"];
    const { stdout } = await xformer(["train", ...again], { cwd });
    const [bytes, same] = ["run", "again"].map((name) => readFileSync(join(cwd, name, "last.safetensors")));
    expect(same!.equals(bytes!)).toBe(true);
    const started = JSON.parse(stdout.split("\n").find((line) => line.includes('"started"'))!);
    expect(started.summary.origins.dropout).toMatch(/^run\/config\.json:\d+$/);
  });

  it("come with their origins in --json", async () => {
    const flags = ["--max-steps", "1", ...SMALLEST, "--norm", "post", "--out", "json", "--json"];
    const { stdout } = await xformer(["train", "train.tsv", ...flags], { cwd });
    const started = JSON.parse(stdout.split("\n").find((line) => line.includes('"started"'))!);
    expect(started.summary.origins).toMatchObject({
      norm: "--norm",
      dropout: expect.stringMatching(/^fitted to \d+ pairs$/),
    });
  });

  it("are what `check` says", async () => {
    const { stdout } = await xformer(["check", "train.tsv", "--valid", "valid.tsv"], { cwd });
    const [, epochs, batch] =
      /^ +(\d+) epochs, batches of (\d+) tokens, rate up to 0\.002, then linear$/m.exec(stdout)!;
    await xformer(["train", "train.tsv", "--valid", "valid.tsv", "--max-steps", "1", "--out", "checked"], {
      cwd,
    });
    expect(kept("checked").training.batch_tokens).toBe(Number(batch));
    const { stdout: json } = await xformer(["check", "train.tsv", "--valid", "valid.tsv", "--json"], { cwd });
    expect(JSON.parse(json).fitted.training.maxEpochs).toBe(Number(epochs));
  });

  it("are not known before the data are read, and are left out of a printed configuration", async () => {
    const { stdout } = await xformer(["train", "train.tsv", "--preset", "tiny", "--print-config"], { cwd });
    expect(stdout).toMatch(/^ {2}# max_epochs: +# fitted to the data$/m);
    expect(stdout).toMatch(/^ {2}d_model: 64 +# preset tiny$/m);
    expect(stdout).toMatch(/^ {2}seed: 1 +# default$/m);
  });
});

it("a run that ends while it still gets better names a command that goes on to another end", async () => {
  const flags = ["--valid", "valid.tsv", "--metric", "loss", "--max-epochs", "10", ...SMALLEST];
  const run = await xformer(["train", "train.tsv", ...flags, "--out", "short", "--threads", "1"], { cwd });
  const [, command] =
    /still getting better .*:\n {2}npx xformer (train --resume short --max-epochs 15)\n/.exec(run.stdout)!;
  const longer = await xformer([...command!.split(" "), "--threads", "1", "--json"], { cwd });
  expect(longer.code).toBe(0);
  const events = longer.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  const rates = events.flatMap((event) => (event.type === "step" ? event.lr : []));
  // Down from where the longer curve is at two thirds, to 0 again.
  expect(rates[0]).toBeGreaterThan(0.3 * 0.0057);
  expect(rates[0]).toBeLessThan(0.4 * 0.0057);
  expect(rates.at(-1)).toBeLessThan(1e-4);
  const { best, longer: more } = events.at(-1);
  expect(best.step).toBe(events.at(-1).step);
  expect(more).toEqual({ maxEpochs: 23 });
});
