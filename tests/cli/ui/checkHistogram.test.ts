import { expect, it } from "vitest";
import { histograms } from "../../../src/cli/ui/checkHistogram.ts";
import type { Bin } from "../../../src/data/check/lengths.ts";
import type { SideReport } from "../../../src/data/check/sideStatistics.ts";

function side(...counts: readonly number[]): SideReport {
  const histogram: Bin[] = counts.map((count, i) => ({ from: 2 * i + 1, to: 2 * i + 2, count }));
  const lengths = { least: 1, median: 1, mean: 1, percentile99: 1, most: 1 };
  return { script: null, scripts: {}, unit: "words", total: 1, lengths, histogram, unknown: null };
}

const SIDES = [
  ["source", side(0, 1800, 900, 1, 0)],
  ["target", side(2)],
] as const;

it("sides stand beside each other, without the empty end, and what is rare is still seen", () => {
  expect(histograms(SIDES, 80, "#")).toBe(
    [
      "  source, words                    target, words",
      "  1-2                              1-2  ################## 2",
      "  3-4  ################## 1,800",
      "  5-6  ######### 900",
      "  7-8  # 1",
      "",
    ].join("\n"),
  );
});

it("one stands below the other where there is no room", () => {
  const lines = histograms(SIDES, 40, "#").split("\n");
  expect(lines.indexOf("  target, words")).toBe(6);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
});
