import { expect, it } from "vitest";
import { PRESETS } from "../../../src/model/config.ts";
import { type CorpusShape, fitSettings } from "../../../src/training/settings/fit.ts";
import { resolveConfig } from "../../../src/training/settings/resolve.ts";

/** So many pairs of so many tokens a side, ENDs included. */
function shapeOf(pairs: number, tokens = 12): CorpusShape {
  const ofSide = tokens * pairs;
  return { pairs, sourceTokens: ofSide, targetTokens: ofSide, vocabulary: 40, validPairs: 100 };
}

const SIZES = [30, 300, 1000, 3600, 10_000, 30_000, 100_000, 1_000_000, 10_000_000];
const data = { train: "pairs.tsv" };

it.each(SIZES)("what is fitted to %i pairs is a configuration", (pairs) => {
  for (const tokens of [2, 12, 40, 200]) {
    const fitted = fitSettings(shapeOf(pairs, tokens));
    const { training, model } = resolveConfig({ data }, fitted);
    expect(training).toMatchObject(fitted.training);
    expect(model).toMatchObject({ ...PRESETS[fitted.preset], ...fitted.model });
  }
});

it("more pairs want fewer epochs, but more of them in all, larger batches and less dropout", () => {
  const fitted = SIZES.map((pairs) => ({ pairs, ...fitSettings(shapeOf(pairs)) }));
  for (const [i, { training, model, pairs }] of fitted.slice(1).entries()) {
    const less = fitted[i]!;
    expect(training.maxEpochs!).toBeLessThanOrEqual(less.training.maxEpochs!);
    expect(training.maxEpochs! * pairs).toBeGreaterThan(less.training.maxEpochs! * less.pairs);
    expect(training.batchTokens!).toBeGreaterThanOrEqual(less.training.batchTokens!);
    expect(model.dropout!).toBeLessThanOrEqual(less.model.dropout!);
  }
});

it("a run goes over no more tokens than a laptop has the time for, but five times over all", () => {
  for (const pairs of SIZES) {
    for (const tokens of [12, 40, 200]) {
      const { training } = fitSettings(shapeOf(pairs, tokens));
      expect(training.maxEpochs!).toBeGreaterThanOrEqual(5);
      if (training.maxEpochs! > 5) expect(training.maxEpochs! * 2 * tokens * pairs).toBeLessThanOrEqual(60e6);
    }
  }
});

it("what is given is not fitted", () => {
  const given = {
    preset: "tiny",
    model: { norm: "post" },
    training: { maxEpochs: 3, batchTokens: 100, learningRate: 0.1, schedule: "constant" },
  } as const;
  const fitted = fitSettings(shapeOf(3600), given);
  expect(fitted).toEqual({
    shape: shapeOf(3600),
    preset: "tiny",
    model: {},
    training: { validateEveryEpochs: 1, validatePairs: null },
  });
  const { model, training } = resolveConfig({ data, ...given }, fitted);
  expect(model).toMatchObject({ ...PRESETS.tiny, norm: "post" });
  expect(training).toMatchObject(given.training);
});

it("of a preset are its sizes and its dropout; the rest is fitted to them", () => {
  const { model, training } = fitSettings(shapeOf(3600), { preset: "paper" });
  expect(model).toEqual({ norm: "pre" });
  expect(training.learningRate).toBe(0.001); // half of that of a quarter of the width
  expect(fitSettings(shapeOf(3600), { model: { dModel: 512 } }).training.learningRate).toBe(0.001);
});

it("a run is validated about two dozen times, whatever its end", () => {
  const everyEpochs = (training: object): number =>
    fitSettings(shapeOf(3600), { training }).training.validateEveryEpochs!;
  expect(everyEpochs({ maxEpochs: 240 })).toBe(10);
  expect(everyEpochs({ maxEpochs: 10 })).toBe(1);
  // 3,600 pairs of 12 tokens make 85 batches of 512.
  expect(everyEpochs({ maxEpochs: null, maxSteps: 8500, batchTokens: 512 })).toBe(5);
  expect(everyEpochs({ maxEpochs: null, maxSteps: 5 })).toBe(1);
});

it("1,000 pairs are enough to validate on", () => {
  const validated = (validPairs: number) =>
    fitSettings({ ...shapeOf(3600), validPairs }).training.validatePairs;
  expect([validated(0), validated(1000), validated(1001)]).toEqual([null, null, 1000]);
});

it("words want more dropout than signs, of which as many pairs show more", () => {
  const dropout = (pairs: number, vocabulary: number) =>
    fitSettings({ ...shapeOf(pairs), vocabulary }).model.dropout;
  expect([300, 3600, 29_000, 1_000_000].map((pairs) => dropout(pairs, 40))).toEqual([0.3, 0.19, 0.1, 0.1]);
  expect([300, 3600, 29_000, 1_000_000].map((pairs) => dropout(pairs, 8000))).toEqual([0.3, 0.26, 0.2, 0.1]);
});
