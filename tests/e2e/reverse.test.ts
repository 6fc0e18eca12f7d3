import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { xformer } from "../support/cli.ts";

const SMALL = [
  "--d-model",
  "64",
  "--heads",
  "4",
  "--ffn",
  "128",
  "--encoder-layers",
  "1",
  "--decoder-layers",
  "1",
];
const FAST = [
  "--norm",
  "pre",
  "--dropout",
  "0",
  "--lr",
  "0.005",
  "--warmup",
  "50",
  "--max-steps",
  "1200",
  "--batch-tokens",
  "512",
];

it("reverse from the first command to the last: at least 99 % exact match", {
  timeout: 600_000,
}, async () => {
  const cwd = temporaryDirectory();
  const made = await xformer(["data", "make", "reverse", "--test", "300"], { cwd });
  expect(made.code).toBe(0);

  // What `data make` says next is what is run next, with a smaller model.
  const [npx, name, ...suggested] = made.stdout.trim().split(" ");
  expect([npx, name]).toEqual(["npx", "xformer"]);
  const trained = await xformer([...suggested, ...SMALL, ...FAST, "--validate-every", "100"], { cwd });
  expect(trained.stderr).toContain(
    "  model    1+1 layers (--encoder-layers and --decoder-layers), width 64 (--d-model), 4 heads (--heads), feed-forward 128 (--ffn)\n",
  );
  expect(trained.stderr).toMatch(
    /^ {2}data {5}reverse: 10,000 pairs to train on, 500 to validate on, 300 held out$/m,
  );
  expect(trained.stderr).toMatch(/^ {2}kernels {2}(native [\w-]+|(relaxed|strict) SIMD), \d+ threads?$/m);
  expect(trained.stderr).toMatch(/^ {2}time {5}about .+ for 1,200 steps$/m);
  expect(trained.stderr).toMatch(/^step 1200 {2}validation {2}loss /m);
  expect(trained.stdout).toContain("On 300 held-out pairs\n  BLEU         ");
  expect(trained.stdout).toContain("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:");
  expect(trained.stdout.match(/^ {2}reference {4}/gm)).toHaveLength(5);
  expect(trained.stdout).toMatch(
    /The model is in runs\/reverse-1\. Translate with it:\n {2}npx xformer translate --model runs\/reverse-1\n\nHow it went is in runs\/reverse-1\/report\.html /,
  );
  expect(trained.code).toBe(0);

  const evaluated = await xformer(
    ["eval", "--model", "runs/reverse-1", "--test", "data/reverse/test", "--json"],
    { cwd },
  );
  const evaluation = JSON.parse(evaluated.stdout);
  const metrics = ["loss", "perplexity", "token-accuracy", "exact-match", "bleu", "chrf"];
  expect(Object.keys(evaluation)).toEqual(metrics);
  expect(Object.keys(evaluation.bleu)).toEqual(["score", "signature"]);
  expect(evaluation["exact-match"].score).toBeGreaterThanOrEqual(99);
  expect(evaluation.bleu.score).toBeGreaterThanOrEqual(99);
  expect(evaluation.perplexity.score).toBeCloseTo(Math.exp(evaluation.loss.score), 10);

  const sources = readFileSync(join(cwd, "data/reverse/test.src"), "utf8");
  const translated = await xformer(["translate", "--model", "runs/reverse-1"], { cwd, input: sources });
  const references = readFileSync(join(cwd, "data/reverse/test.tgt"), "utf8").split("\n");
  const right = translated.stdout.split("\n").filter((line, i) => line === references[i]).length - 1;
  expect((100 * right) / 300).toBeCloseTo(evaluation["exact-match"].score, 10);

  const scored = await xformer(["score", "--model", "runs/reverse-1", "--test", "data/reverse/test"], {
    cwd,
  });
  const scores = scored.stdout.trimEnd().split("\n").map(Number);
  expect(scores).toHaveLength(300);
  const tokens = references.join(" ").trim().split(" ").length + 300; // and an END each
  const sum = scores.reduce((total, score) => total + score, 0);
  expect(-sum / tokens).toBeCloseTo(evaluation.loss.score, 6);
});
