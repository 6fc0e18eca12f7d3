import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ErrorUnit, editDistance, errorRate } from "../../src/evaluation/errorRates.ts";
import { exactness, inexactness } from "../../src/evaluation/exactMatch.ts";
import { scoreCorpus } from "../../src/evaluation/metric.ts";
import { splitAccepted } from "../../src/evaluation/references.ts";

const score = (unit: ErrorUnit, hypotheses: string[], ...references: (string | null)[][]): number =>
  scoreCorpus(errorRate(unit), hypotheses, references).score;

describe("editDistance", () => {
  it.each([
    ["kitten", "sitting", 3],
    ["", "abc", 3],
    ["abc", "", 3],
    ["same", "same", 0],
    ["ab", "ba", 2],
  ])("%j to %j: %d", (from, to, distance) => {
    expect(editDistance([...from], [...to])).toBe(distance);
  });

  it("is symmetric, at most the longer length, and obeys the triangle inequality", () => {
    const word = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 8 });
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
      }),
    );
  });
});

describe("error rates", () => {
  it("count over the corpus, not as a mean of segments", () => {
    expect(score("word", ["a b c d", "x"], ["a b c d", "y"])).toBe(20);
  });

  it("can be more than 100, and are 100 for words where none are wanted", () => {
    expect(score("word", ["a b c"], ["x"])).toBe(300);
    expect(score("word", ["a b c"], [""])).toBe(100);
    expect(score("word", [""], [""])).toBe(0);
  });

  it("take characters for code points and runs of white space for one", () => {
    expect(score("character", ["a  b😀 "], ["a b😁"])).toBe(25);
  });

  it("take the closest reference, of equally close ones the longest", () => {
    expect(score("word", ["a b"], ["x y z"], ["a c"])).toBe(50);
    expect(score("word", ["a b"], ["a"], ["a b c"])).toBeCloseTo(100 / 3, 12);
  });

  it("phonemes are words", () => {
    const said = ["T AH M AA T OW", "K AE T S"];
    const wanted = splitAccepted(["T AH M EY T OW | T AH M AA T OW", "K AE T"], " | ");
    expect(scoreCorpus(errorRate("phoneme"), said, wanted)).toMatchObject({
      score: scoreCorpus(errorRate("word"), said, wanted).score,
      signature: "nrefs:var|case:mixed|unit:phoneme|version:xformer-1",
    });
    expect(scoreCorpus(exactness(), said, wanted).score).toBe(50);
    expect(scoreCorpus(inexactness(), said, wanted).score).toBe(50);
  });

  it("heed case unless told otherwise", () => {
    expect(score("word", ["A b"], ["a b"])).toBe(50);
    expect(scoreCorpus(errorRate("word", { lowercase: true }), ["A b"], [["a b"]]).score).toBe(0);
    expect(scoreCorpus(exactness({ lowercase: true }), ["A b"], [["a B"]]).score).toBe(100);
  });
});

describe("splitAccepted", () => {
  it("fills up with null", () => {
    expect(splitAccepted(["a | b", "c"], " | ")).toEqual([
      ["a", "c"],
      ["b", null],
    ]);
  });
});
