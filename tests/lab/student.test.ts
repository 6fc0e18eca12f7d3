import { describe, expect, it } from "vitest";
import { twoSidedProbability, twoSidedQuantile } from "../../src/lab/student.ts";

describe("Student's t, against mpmath", () => {
  it.each([
    [1, 12.7062047364],
    [2, 4.3026527297],
    [3, 3.1824463053],
    [4, 2.7764451052],
    [9, 2.2621571628],
    [30, 2.0422724563],
    [1000, 1.9623390808],
    [2.5, 3.574654842],
  ])("with %d degrees of freedom is farther from 0 than %d in a case of twenty", (degrees, quantile) => {
    expect(twoSidedQuantile(0.05, degrees)).toBeCloseTo(quantile, 8);
    expect(twoSidedProbability(quantile, degrees)).toBeCloseTo(0.05, 9);
    expect(twoSidedProbability(-quantile, degrees)).toBeCloseTo(0.05, 9);
  });

  it.each([
    [0, 3, 1],
    [1, 1, 0.5],
    [0.5, 4, 0.64332996318],
    [10, 2, 0.00985245702],
    [25, 4, 0.0000151975],
  ])(
    "is farther from 0 than %d with %d degrees of freedom with probability %d",
    (t, degrees, probability) => {
      expect(twoSidedProbability(t, degrees)).toBeCloseTo(probability, 8);
    },
  );

  it("is never infinitely far away", () => {
    expect(twoSidedProbability(Number.POSITIVE_INFINITY, 2)).toBe(0);
  });
});
