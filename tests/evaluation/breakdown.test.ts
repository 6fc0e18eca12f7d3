import { expect, it } from "vitest";
import { bestSegments, scoreByLength, worstSegments } from "../../src/evaluation/breakdown.ts";
import { measureText, scoreOf } from "../../src/evaluation/metrics.ts";

const REFERENCES = [["a b c", "d e f g h i", "x", "y"]];
const HYPOTHESES = ["a b c", "d e f g h x", "x", "q"];

it("scores add up over lengths, and lengths without a segment are left out", () => {
  const measured = measureText("wer", HYPOTHESES, REFERENCES);
  const buckets = scoreByLength([measured], [3, 6, 1, 60]);
  expect(buckets.map(({ from, to, segments }) => [from, to, segments])).toEqual([
    [0, 5, 2],
    [6, 10, 1],
    [51, undefined, 1],
  ]);
  expect(buckets.map(({ scores }) => scores[0]!.score)).toEqual([0, 100 * (1 / 6), 100]);
  expect(scoreOf(measured).score).toBe(100 * (2 / 11));
});

it("the worst segments come first, those that are right not at all", () => {
  expect(worstSegments(HYPOTHESES, REFERENCES, 3)).toMatchObject([
    { index: 3, chrf: 0, hypothesis: "q", references: ["y"] },
    { index: 1, hypothesis: "d e f g h x" },
  ]);
});

it("the best segments come first, and of those that are right the longest", () => {
  const hypotheses = ["x", "a b c", "d e f g h x"];
  const references = [["x", "a b c", "d e f g h i"]];
  expect(bestSegments(hypotheses, references, 2).map(({ index, chrf }) => [index, chrf])).toEqual([
    [1, 100],
    [0, 100],
  ]);
});
