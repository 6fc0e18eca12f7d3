import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { restartEvent, scalarsEvent, scalarsOf, versionEvent } from "../../src/training/tensorboardEvents.ts";

it("events are the bytes that TensorBoard writes itself", () => {
  const expected = readFileSync(join(import.meta.dirname, "../fixtures/tensorboard/events.tfevents"));
  const written = Buffer.concat([
    versionEvent(1_700_000_000.25),
    restartEvent(1_700_000_001.5, 301),
    scalarsEvent(1_700_000_002.75, 350, { "train/loss": 2.345678, "train/learning_rate": 7e-4 }),
    scalarsEvent(1_700_000_003, 1, { é: -1 }),
  ]);
  expect(written.toString("hex")).toBe(expected.toString("hex"));
});

it("what is shown of a line of metrics.jsonl", () => {
  const log = {
    ...{ step: 50, epoch: 0, loss: 2, lr: 0.001, gradNorm: 3, sourceTokens: 4, targetTokens: 5 },
    ...{ skipped: 0, tokensPerSecond: 6, elapsedSeconds: 7 },
  };
  expect(scalarsOf(log)).toEqual({
    "train/loss": 2,
    "train/learning_rate": 0.001,
    "train/gradient_norm": 3,
    "train/tokens_per_second": 6,
  });
  const valid = { loss: 1, perplexity: 2.7, bleu: 30, chrf: 40, exactMatch: 50 };
  expect(scalarsOf({ step: 60, valid })).toEqual({
    "valid/loss": 1,
    "valid/perplexity": 2.7,
    "valid/bleu": 30,
    "valid/chrf": 40,
    "valid/exact_match": 50,
  });
});
