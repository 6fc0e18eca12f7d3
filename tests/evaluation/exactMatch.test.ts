import { describe, expect, it } from "vitest";
import { exactMatch, tokenAccuracy } from "../../src/evaluation/exactMatch.ts";

const dataError = (message: string) =>
  expect.objectContaining({ name: "XformerError", code: "DATA", message: expect.stringContaining(message) });

describe("exactMatch", () => {
  it("counts equal strings as a percentage", () => {
    expect(exactMatch(["a", "b", "c"], [["a", "x", "c"]])).toBeCloseTo(200 / 3, 12);
    expect(exactMatch(["我很好。"], [["我很好。"]])).toBe(100);
    expect(exactMatch(["a"], [["b"]])).toBe(0);
  });

  it("is exact about case, white space and Unicode form", () => {
    expect(exactMatch(["A", "a ", "é"], [["a", "a", "e\u0301"]])).toBe(0);
  });

  it("accepts any of the references, but only those of the same segment", () => {
    expect(
      exactMatch(
        ["x", "y", "z"],
        [
          ["x", "p", "x"],
          ["q", "y", "y"],
        ],
      ),
    ).toBeCloseTo(200 / 3, 12);
  });

  it("counts an empty hypothesis of an empty reference as a match", () => {
    expect(exactMatch(["", ""], [["", "a"]])).toBe(50);
  });

  it("names both counts if they differ", () => {
    expect(() => exactMatch(["a", "b"], [["a"]])).toThrow(
      dataError("hypotheses and references differ in number: 2 and 1"),
    );
    expect(() => exactMatch([], [[]])).toThrow(dataError("no hypotheses"));
  });
});

describe("tokenAccuracy", () => {
  it("weighs every token the same, whatever the sentence", () => {
    expect(tokenAccuracy([[1, 2, 3], Int32Array.of(9)], [Int32Array.of(1, 2, 4), [9]])).toBe(75);
    expect(tokenAccuracy([[], [5]], [[], [5]])).toBe(100);
    expect(tokenAccuracy([[1, 2]], [[2, 1]])).toBe(0);
  });

  it("names both counts if they differ", () => {
    expect(() => tokenAccuracy([[1]], [])).toThrow(dataError("sequences differ in number: 1 and 0"));
    expect(() => tokenAccuracy([[1], [2]], [[1], [2, 3]])).toThrow(
      dataError("tokens of sequence 2 differ in number: 1 and 2"),
    );
    expect(() => tokenAccuracy([[]], [[]])).toThrow(dataError("no tokens"));
  });
});
