import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { learningRate, paperPeak } from "../../src/training/schedule.ts";

const anySteps = fc.integer({ min: 1, max: 100_000 });

describe("learningRate", () => {
  it("is equation 3 of the paper at its own peak: relative error below 1e-14", () => {
    fc.assert(
      fc.property(anySteps, anySteps, fc.integer({ min: 1, max: 4096 }), (step, warmupSteps, dModel) => {
        const equation3 = dModel ** -0.5 * Math.min(step ** -0.5, step * warmupSteps ** -1.5);
        const rate = learningRate(step, warmupSteps, paperPeak(dModel, warmupSteps));
        expect(Math.abs(rate / equation3 - 1)).toBeLessThan(1e-14);
      }),
    );
  });

  it("of the paper's base model is at most 6.99e-4, at step 4000", () => {
    expect(paperPeak(512, 4000)).toBeCloseTo(6.9877e-4, 8);
    expect(learningRate(4000, 4000, paperPeak(512, 4000))).toBe(paperPeak(512, 4000));
  });

  it("rises by the same amount each step up to the peak, and then falls with the root of the step", () => {
    const rates = Array.from({ length: 40 }, (_, i) => learningRate(i + 1, 10, 2));
    expect(rates.slice(0, 10).map((rate) => rate * 5)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(Math.max(...rates)).toBe(2);
    expect(rates[39]).toBe(1); // four times the warm-up, half the peak
    for (let i = 10; i < 40; i++) expect(rates[i]).toBeLessThan(rates[i - 1]!);
  });

  it("starts at the peak with a warm-up of one step", () => {
    expect(learningRate(1, 1, 0.5)).toBe(0.5);
    expect(learningRate(4, 1, 0.5)).toBe(0.25);
  });
});
