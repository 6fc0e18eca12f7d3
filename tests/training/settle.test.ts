import { expect, it } from "vitest";
import { usualMetric } from "../../src/training/settle.ts";

function metricOf(target: readonly string[], language = "en"): string {
  return usualMetric({ source: target, target }, language).metric;
}

it("short targets are right or wrong", () => {
  expect(usualMetric({ source: [], target: ["a b c", "d", "e f g h"] }, "en")).toEqual({
    metric: "exact-match",
    reason: "most targets have fewer than the four words that BLEU looks at",
  });
});

it("so are targets in signs, such as phonemes or commands", () => {
  const phonemes = Array.from({ length: 100 }, (_, i) =>
    Array.from({ length: 6 }, (_, k) => `P${(7 * i + k * k) % 40}`).join(" "),
  );
  expect(usualMetric({ source: phonemes, target: phonemes }, "")).toEqual({
    metric: "exact-match",
    reason: "all targets are made of 40 words",
  });
});

it("texts in a language are held against theirs by BLEU, also a few of them", () => {
  const sentence = (i: number): string => `the man ${i} sees a house${i % 7} near the river${i % 300}`;
  expect(metricOf(Array.from({ length: 500 }, (_, i) => sentence(i)))).toBe("bleu");
  expect(metricOf(Array.from({ length: 10 }, (_, i) => sentence(i)))).toBe("bleu");
});
