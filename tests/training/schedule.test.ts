import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { learningRate, paperPeak, type Schedule } from "../../src/training/schedule.ts";

const anySteps = fc.integer({ min: 1, max: 100_000 });

function schedule(name: Schedule["schedule"], changes: Partial<Schedule> = {}): Schedule {
  return {
    ...{ schedule: name, warmupSteps: 10, minLearningRate: 0, plateauFactor: 0.5, peak: 2, totalSteps: 50 },
    ...changes,
  };
}

/** The learning rates of steps 1 to `steps`. */
function rates(of: Schedule, steps: number, reductions = 0): number[] {
  return Array.from({ length: steps }, (_, i) => learningRate(i + 1, of, reductions));
}

describe("inverse-sqrt", () => {
  it("is equation 3 of the paper at its own peak: relative error below 1e-14", () => {
    fc.assert(
      fc.property(anySteps, anySteps, fc.integer({ min: 1, max: 4096 }), (step, warmupSteps, dModel) => {
        const equation3 = dModel ** -0.5 * Math.min(step ** -0.5, step * warmupSteps ** -1.5);
        const peak = paperPeak(dModel, warmupSteps);
        const rate = learningRate(step, schedule("inverse-sqrt", { warmupSteps, peak }));
        expect(Math.abs(rate / equation3 - 1)).toBeLessThan(1e-14);
      }),
    );
  });

  it("of the paper's base model is at most 6.99e-4, at step 4000", () => {
    const peak = paperPeak(512, 4000);
    expect(peak).toBeCloseTo(6.9877e-4, 8);
    expect(learningRate(4000, schedule("inverse-sqrt", { warmupSteps: 4000, peak }))).toBe(peak);
  });

  it("falls with the root of the step after warm-up, whatever the end", () => {
    const falling = rates(schedule("inverse-sqrt"), 40);
    expect(Math.max(...falling)).toBe(2);
    expect(falling[39]).toBe(1); // four times the warm-up, half the peak
    for (let i = 10; i < 40; i++) expect(falling[i]).toBeLessThan(falling[i - 1]!);
  });
});

describe("every schedule", () => {
  it.each(["inverse-sqrt", "cosine", "linear", "constant", "plateau"] as const)(
    "%s rises by the same amount each step up to the peak",
    (name) => {
      const rising = rates(schedule(name, { minLearningRate: 0.1 }), 10);
      expect(rising.map((rate) => rate * 5)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    },
  );

  it.each(["inverse-sqrt", "cosine", "linear", "constant", "plateau"] as const)(
    "%s starts at the peak with a warm-up of one step",
    (name) => {
      expect(learningRate(1, schedule(name, { warmupSteps: 1 }))).toBe(2);
    },
  );
});

it("cosine is half-way down when half of the steps after warm-up are done, and ends at the minimum", () => {
  const cosine = schedule("cosine", { minLearningRate: 0.5 });
  expect(learningRate(30, cosine)).toBeCloseTo(1.25, 12);
  expect(learningRate(20, cosine)).toBeCloseTo(0.5 + 0.75 * (1 + Math.SQRT1_2), 12);
  expect(learningRate(50, cosine)).toBe(0.5);
  expect(learningRate(70, cosine)).toBe(0.5);
});

it("linear falls by the same amount each step and ends at the minimum", () => {
  const linear = rates(schedule("linear", { minLearningRate: 0.4 }), 52);
  for (let i = 10; i < 50; i++) expect(linear[i - 1]! - linear[i]!).toBeCloseTo(0.04, 12);
  expect(linear.slice(49)).toEqual([0.4, 0.4, 0.4]);
});

it("linear and cosine of a run that ends within warm-up stay on the way up", () => {
  expect(rates(schedule("linear", { totalSteps: 5 }), 5)).toEqual(rates(schedule("constant"), 5));
});

it("constant stays", () => {
  expect(rates(schedule("constant"), 1000).slice(9)).toEqual(new Array(991).fill(2));
});

it("plateau is multiplied for every reduction, and does not go below the minimum", () => {
  const plateau = schedule("plateau", { minLearningRate: 0.3 });
  expect([0, 1, 2, 3, 9].map((reductions) => learningRate(40, plateau, reductions))).toEqual([
    2, 1, 0.5, 0.3, 0.3,
  ]);
});
