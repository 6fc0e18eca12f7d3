import { describe, expect, it } from "vitest";
import type { SettledTraining } from "../../src/training/config.ts";
import {
  bestOf,
  initialState,
  isBetter,
  keptCounts,
  longerEnd,
  progressOf,
  type TrainingState,
  type ValidationRecord,
  withCheckpoint,
} from "../../src/training/state.ts";
import { SETTLED_TRAINING } from "../support/settings.ts";

function record(bleu: number, loss: number, step = 1): ValidationRecord {
  return { step, valid: { loss, perplexity: Math.exp(loss), bleu, chrf: 100 - bleu, exactMatch: 50 } };
}

/** A run whose validations, a step apart, had these BLEUs. */
function validatedWith(bleus: readonly number[], config: Partial<SettledTraining> = {}): TrainingState {
  const validations = bleus.map((bleu, i) => record(bleu, 1, i + 1));
  const begun = initialState({ ...SETTLED_TRAINING, ...config }, "fingerprint");
  return { ...begun, validations, step: bleus.length };
}

describe("a run that ends while it still gets better", () => {
  const twelve = [10, 20, 30, 40, 50, 55, 58, 60, 61, 61];

  it("is worth half as many epochs more", () => {
    const state = validatedWith([...twelve, 62, 63], { maxEpochs: 25 });
    expect(longerEnd({ ...state, epoch: 25 })).toEqual({ maxEpochs: 38 });
  });

  it("or steps, where these ended it", () => {
    const state = validatedWith([...twelve, 62, 63], { maxEpochs: 25, maxSteps: 12 });
    expect(longerEnd({ ...state, epoch: 3 })).toEqual({ maxSteps: 18 });
  });

  it.each([
    ["the best is from before", [...twelve, 60, 59]],
    ["little was gained in the second half", [10, 50, 60, 60, 60, 60, 60.2, 60.4, 60.6, 61]],
    ["nothing is left to gain", [50, 60, 70, 90, 98, 99.5]],
    ["it was validated once", [50]],
    ["it never was", []],
  ])("is not one of which %s", (_, bleus) => {
    expect(longerEnd({ ...validatedWith(bleus, { maxEpochs: 12 }), epoch: 12 })).toBeNull();
  });

  it("by its loss, when that is what counts", () => {
    const falling = validatedWith([1, 2, 3, 4, 5, 6], { metric: "loss", maxEpochs: 6 });
    const validations = falling.validations.map((one, i) => record(0, 2 / (i + 1), one.step));
    expect(longerEnd({ ...falling, validations, epoch: 6 })).toEqual({ maxEpochs: 9 });
    expect(longerEnd({ ...falling, epoch: 6 })).toBeNull();
  });
});

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
    expect(isBetter(newer, best, "bleu")).toBe(expected);
  });

  it.each([
    ["loss", true],
    ["chrf", true],
    ["bleu", false],
    ["exact-match", true], // the same, so that the loss decides
  ] as const)("by %s", (metric, expected) => {
    expect(isBetter(record(20, 1), record(30, 2), metric)).toBe(expected);
  });
});

describe("initialState", () => {
  it("is before the first step, and survives JSON", () => {
    const state = initialState(SETTLED_TRAINING, "fingerprint");
    expect(state).toMatchObject({ step: 0, epoch: 0, batch: 0, skipped: 0, validations: [] });
    expect(bestOf(state)).toBe(null);
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  });
});

describe("progressOf", () => {
  it("counts validations since the best; of two that are as good, the earlier is the best", () => {
    const waited = (bleus: readonly number[]): number => progressOf(validatedWith(bleus)).sinceBest;
    expect(waited([])).toBe(0);
    expect(waited([5])).toBe(0);
    expect(waited([5, 4, 5])).toBe(2);
    expect(waited([5, 4, 6])).toBe(0);
    expect(bestOf(validatedWith([5, 6, 6, 4]))?.step).toBe(2);
  });

  it("counts a reduction of the rate for every plateauPatience validations that bring nothing better", () => {
    const reductions = (bleus: readonly number[], plateauPatience: number): number =>
      progressOf(validatedWith(bleus, { plateauPatience })).reductions;
    expect(reductions([5, 4], 2)).toBe(0);
    expect(reductions([5, 4, 4], 2)).toBe(1);
    expect(reductions([5, 4, 4, 4], 2)).toBe(1);
    expect(reductions([5, 4, 4, 4, 4], 2)).toBe(2);
    expect(reductions([5, 4, 6, 4, 4], 2)).toBe(1);
    expect(reductions([5, 4, 4, 6, 6.5], 1)).toBe(2);
  });
});

describe("withCheckpoint", () => {
  /** The kept checkpoints after validations of these BLEUs, each of them saved. */
  function keptAfter(bleus: readonly number[], config: Partial<SettledTraining>) {
    let state = validatedWith([], config);
    for (const [i, bleu] of bleus.entries()) {
      const validations = [...state.validations, record(bleu, 1, i + 1)];
      state = withCheckpoint({ ...state, step: i + 1, validations }, true);
    }
    return state.kept;
  }

  it("keeps the best from the best on, and the last from the newest on", () => {
    const kept = keptAfter([5, 9, 7, 8, 2], { keepBest: 3, keepLast: 2 });
    expect(kept).toEqual({ best: [2, 4, 3], last: [5, 4] });
    expect(keptAfter([5, 5, 5], { keepBest: 2 }).best).toEqual([1, 2]);
    expect(keptAfter([1, 2, 3], {})).toEqual({ best: [3], last: [3] });
  });

  it("without a validation corpus takes the newest for the best", () => {
    const state = withCheckpoint({ ...validatedWith([]), step: 7 }, true);
    expect(state.kept).toEqual({ best: [7], last: [7] });
  });

  it("leaves the best alone where nothing was measured, and saves the same step once", () => {
    const measured = withCheckpoint(validatedWith([3], { keepLast: 3 }), true);
    const later = withCheckpoint({ ...measured, step: 2 }, false);
    expect(later.kept).toEqual({ best: [1], last: [2, 1] });
    expect(withCheckpoint(later, false).kept).toEqual(later.kept);
  });

  it("keeps as many as are averaged", () => {
    expect(keptCounts({ ...SETTLED_TRAINING, average: 5, averageOf: "best" })).toEqual({ best: 5, last: 1 });
    expect(keptCounts({ ...SETTLED_TRAINING, average: 5, averageOf: "last", keepLast: 7 })).toEqual({
      ...{ best: 1, last: 7 },
    });
  });
});
