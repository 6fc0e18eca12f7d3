import { describe, expect, it } from "vitest";
import { measureText } from "../../src/evaluation/metrics.ts";
import { isSignificant, randomise, summarise, welch } from "../../src/lab/statistics.ts";

describe("means over seeds", () => {
  it("have the confidence interval of Student's t", () => {
    const { mean, halfWidth } = summarise([90, 92, 94]);
    expect(mean).toBe(92);
    expect(halfWidth).toBeCloseTo((4.3026527297 * 2) / Math.sqrt(3), 8);
  });

  it("have none of a single run, and one of no width where all are the same", () => {
    expect(summarise([3])).toEqual({ values: [3], mean: 3, halfWidth: null });
    expect(summarise([3, 3])).toEqual({ values: [3, 3], mean: 3, halfWidth: 0 });
  });
});

describe("Welch's t-test, against mpmath", () => {
  it.each([
    [[90.2, 91.5, 89.9], [93.1, 94.8, 92.2], 0.0438544003487],
    [[50, 70, 60, 55], [60, 61], 0.710574139594],
  ])("of %j and %j", (one, other, p) => {
    expect(welch(one, other)).toBeCloseTo(p, 9);
    expect(welch(other, one)).toBeCloseTo(p, 9);
  });

  it("is told by the means alone where nothing varies, and not made of single runs", () => {
    expect(welch([100, 100], [100, 100])).toBe(1);
    expect(welch([100, 100], [0, 0])).toBe(0);
    expect(welch([100], [0, 1])).toBeNull();
  });
});

/** Translations of ten sentences, of which so many are right. */
function right(count: number, seeds = 3): ReturnType<typeof measureText>[] {
  const lines = Array.from({ length: 10 }, (_, i) => (i < count ? "right" : "wrong"));
  const measured = measureText("exact-match", lines, [lines.map(() => "right")]);
  return Array<typeof measured>(seeds).fill(measured);
}

describe("approximate randomisation over sentences", () => {
  it("finds no difference between the same translations, nor in one sentence", () => {
    expect(randomise(right(5), right(5))).toBe(1);
    expect(randomise(right(6), right(5))).toBe(1);
  });

  it("changes the sides of a sentence with all its seeds, so that more seeds are no more sentences", () => {
    // Four sentences of one sign: two of the sixteen ways to swap them make as large a difference.
    for (const seeds of [1, 3]) expect(randomise(right(9, seeds), right(5, seeds))).toBeCloseTo(0.125, 2);
    expect(randomise(right(10), right(0))).toBeCloseTo(2 / 1024, 2);
  });
});

it("a difference is significant when every test that could be made says so", () => {
  expect(isSignificant(0.01, 0.01)).toBe(true);
  expect(isSignificant(0.01, 0.2)).toBe(false);
  expect(isSignificant(0.2, 0.01)).toBe(false);
  expect(isSignificant(null, 0.01)).toBe(true);
  expect(isSignificant(0.01, null)).toBe(true);
  expect(isSignificant(null, null)).toBe(false);
});
