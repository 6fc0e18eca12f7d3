import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editDistance } from "../../src/evaluation/errorRates.ts";
import { countEditsWithShifts } from "../../src/evaluation/shifts.ts";
import { corpusTer } from "../../src/evaluation/ter.ts";

const words = (text: string): string[] => text.split(" ").filter((word) => word !== "");

describe("countEditsWithShifts", () => {
  it.each([
    ["on the mat sat the cat", "the cat sat on the mat", 2],
    ["b c d e a", "a b c d e", 1],
    ["a b c", "", 3],
    ["", "a b", 2],
    ["a b c", "a b c", 0],
    ["x y", "a b c", 3],
  ])("%j to %j: %d", (hypothesis, reference, edits) => {
    expect(countEditsWithShifts(words(hypothesis), words(reference))).toBe(edits);
  });

  it("never needs more edits than without shifts, and none only for equal words", () => {
    const line = fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 12 });
    fc.assert(
      fc.property(line, line, (hypothesis, reference) => {
        const edits = countEditsWithShifts(hypothesis, reference);
        expect(edits).toBeLessThanOrEqual(editDistance(hypothesis, reference));
        expect(edits === 0).toBe(hypothesis.join() === reference.join());
      }),
    );
  });

  it("comes to an end with hundreds of words", () => {
    const long = Array.from({ length: 300 }, (_, i) => `w${(i * 7) % 50}`);
    expect(countEditsWithShifts(long, [...long].reverse())).toBeLessThanOrEqual(300);
  });
});

describe("corpusTer", () => {
  it("divides by the average length of the references", () => {
    expect(corpusTer(["a b c"], [["a b c d"], ["x y"]]).score).toBeCloseTo(100 / 3, 12);
  });

  it("ignores case unless told otherwise", () => {
    expect(corpusTer(["A b"], [["a B"]]).score).toBe(0);
    expect(corpusTer(["A b"], [["a B"]], { caseSensitive: true }).score).toBe(100);
  });

  it("is 0 where nothing is wanted or said, 100 where something is said", () => {
    expect(corpusTer([""], [[""]]).score).toBe(0);
    expect(corpusTer(["a b"], [[""]]).score).toBe(100);
  });
});
