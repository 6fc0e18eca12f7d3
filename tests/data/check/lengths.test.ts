import { describe, expect, it } from "vitest";
import { isLengthOutlier, LengthRatios } from "../../../src/data/check/lengthRatio.ts";
import { countCharacters, countWords, histogram, summarize, Tally } from "../../../src/data/check/lengths.ts";

function tally(...numbers: readonly number[]): Tally {
  const made = new Tally();
  for (const number of numbers) made.add(number);
  return made;
}

it("words stand between white space, characters are code points", () => {
  expect(countWords(" a bc\u3000d\te ")).toBe(4);
  expect(countWords("  ")).toBe(0);
  expect(countCharacters("我 很好。")).toBe(4);
  expect(countCharacters("a😀b")).toBe(3);
});

it("quantiles are numbers that occurred", () => {
  expect(tally(3, 1, 2).quantile(0.5)).toBe(2);
  expect(tally(1, 2, 3, 4).quantile(0.5)).toBe(2);
  expect([0, 0.99, 1].map((share) => tally(5, 1, 9).quantile(share))).toEqual([1, 9, 9]);
  expect(new Tally().quantile(0.5)).toBe(0);
  expect(summarize(tally(1, 2, 6))).toEqual({ least: 1, median: 2, mean: 3, percentile99: 6, most: 6 });
});

it("every length is in one bin of a histogram, the long ones in the last", () => {
  expect(histogram(tally(1, 5, 6, 10, 11, 99), 5, 3)).toEqual([
    { from: 1, to: 5, count: 2 },
    { from: 6, to: 10, count: 2 },
    { from: 11, to: 99, count: 2 },
  ]);
  expect(histogram(tally(1), 2, 2)).toEqual([
    { from: 1, to: 2, count: 1 },
    { from: 3, to: 4, count: 0 },
  ]);
});

describe("the usual ratio", () => {
  function usual(pairs: readonly (readonly [source: number, target: number, times: number])[]) {
    const ratios = new LengthRatios();
    for (const [source, target, times] of pairs) for (let i = 0; i < times; i++) ratios.add(source, target);
    return ratios.usual;
  }

  it("is the median, and a third of garbage does not move it", () => {
    const clean = usual([[10, 12, 60]]);
    expect(clean.median).toBeCloseTo(1.2, 1);
    expect(clean.factor).toBe(3);
    const dirty = usual([
      [10, 12, 60],
      [1, 40, 30],
    ]);
    expect(dirty).toEqual(clean);
  });

  it("has a factor that follows the spread, up to Moses' 9", () => {
    const spread = usual([
      [10, 8, 30],
      [10, 10, 30],
      [10, 13, 30],
    ]);
    // s = 1.4826 x ln 1.25 (in steps of 0.01), f = exp(6 s)
    expect(spread.factor).toBeGreaterThan(6.5);
    expect(spread.factor).toBeLessThan(7.8);
    const wild = usual([
      [1, 1, 10],
      [1, 20, 10],
      [20, 1, 10],
    ]);
    expect(wild.factor).toBe(9);
  });

  it("is missed by outliers on both sides, but never by a few words", () => {
    const ratio = { median: 1, factor: 3 };
    expect(isLengthOutlier(4, 13, ratio, "words")).toBe(true);
    expect(isLengthOutlier(13, 4, ratio, "words")).toBe(true);
    expect(isLengthOutlier(4, 12, ratio, "words")).toBe(false);
    expect(isLengthOutlier(1, 6, ratio, "words")).toBe(false);
    expect(isLengthOutlier(1, 7, ratio, "words")).toBe(true);
    expect(isLengthOutlier(4, 18, ratio, "characters")).toBe(false);
    expect(isLengthOutlier(4, 20, ratio, "characters")).toBe(true);
    expect(isLengthOutlier(4, 40, { median: 10, factor: 3 }, "words")).toBe(false);
  });
});
