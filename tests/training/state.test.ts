import { describe, expect, it } from "vitest";
import { DEFAULT_TRAINING } from "../../src/training/config.ts";
import { initialState, isBetter, type ValidationRecord } from "../../src/training/state.ts";

function record(bleu: number, loss: number): ValidationRecord {
  return { step: 1, valid: { loss, perplexity: Math.exp(loss), bleu, exactMatch: 50 } };
}

describe("isBetter", () => {
  it.each([
    ["a higher BLEU, whatever the loss", record(31, 3), record(30, 1), true],
    ["a lower BLEU, whatever the loss", record(29, 1), record(30, 3), false],
    ["the same BLEU and a lower loss", record(30, 1), record(30, 2), true],
    ["the same BLEU and a higher loss", record(30, 2), record(30, 1), false],
    ["the same again", record(30, 2), record(30, 2), false],
    ["anything against nothing", record(0, 99), null, true],
    ["a loss that is no number, at the same BLEU", record(0, Number.NaN), record(0, 5), false],
  ])("%s", (_, newer, best, expected) => {
    expect(isBetter(newer, best)).toBe(expected);
  });
});

describe("initialState", () => {
  it("is before the first step, and survives JSON", () => {
    const state = initialState(DEFAULT_TRAINING, "fingerprint");
    expect(state).toMatchObject({ step: 0, epoch: 0, batch: 0, best: null, validations: [] });
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  });
});
