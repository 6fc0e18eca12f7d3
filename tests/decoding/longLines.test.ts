import { describe, expect, it } from "vitest";
import { joinPieces, type PieceLimits, splitLine } from "../../src/decoding/longLines.ts";

const words = (text: string): number => text.split(" ").filter((word) => word !== "").length;
const characters = (text: string): number => [...text.replaceAll(" ", "")].length;

/** As of a model of which nothing is known but how long lines could be. */
const upTo = (most: number): PieceLimits => ({ source: most, sentences: Number.POSITIVE_INFINITY, most });

describe("splitLine", () => {
  it.each([
    ["a b c", 3, words, ["a b c"]],
    ["A b c. D e f. G h.", 5, words, ["A b c.", "D e f. G h."]],
    ["A b, c d, e f g. H.", 3, words, ["A b,", "c d,", "e f g.", "H."]],
    ["a b c d e", 2, words, ["a b", "c d", "e"]],
    ["我很好。你好吗？我们走。", 8, characters, ["我很好。你好吗？", "我们走。"]],
    ["aaaaaaaaa", 4, characters, ["aaaa", "aaaa", "a"]],
  ])("%s", (line, most, count, pieces) => {
    expect(splitLine(line, upTo(most), count)).toEqual(pieces);
  });

  it.each([
    ["A b. C d. E f.", 1, ["A b.", "C d.", "E f."]],
    ["A b. C d. E f.", 2, ["A b. C d.", "E f."]],
    ["A b c d e f. G h.", 2, ["A b c d e f.", "G h."]],
    ["A b c d e f g, h i. J k.", 2, ["A b c d", "e f g,", "h i.", "J k."]],
  ])("%s, in pieces of four words and %d sentences", (line, sentences, pieces) => {
    expect(splitLine(line, { source: 4, sentences, most: 8 }, words)).toEqual(pieces);
  });

  it("loses nothing and keeps to the limit, whatever the line", () => {
    const line = "Some text, 又有中文；and a-very-long-word-without-end!? Yes... no.\u00a0Last 。".repeat(20);
    for (const most of [1, 2, 7, 30]) {
      const pieces = splitLine(line, upTo(most), characters);
      expect(pieces.join("").replace(/\s/g, "")).toBe(line.replace(/\s/g, ""));
      expect(Math.max(...pieces.map(characters))).toBeLessThanOrEqual(most);
    }
  });
});

describe("a line without end", () => {
  const words = (text: string): number => text.split(/\s+/).filter((word) => word !== "").length;

  it.each([
    ["sentences", "The cat sat on the mat. "],
    ["words without a stop", "the cat sat on "],
    ["one word", "a"],
    ["commas", ", "],
    ["spaces", " "],
    ["emoji", "😀"],
  ])("of %s is cut in linear time, and nothing is lost: two million characters", (_, part) => {
    const line = part.repeat(Math.ceil(2e6 / part.length));
    const pieces = splitLine(line, { source: 256, sentences: Number.POSITIVE_INFINITY, most: 256 }, words);
    expect(pieces.join("").replace(/\s/g, "")).toBe(line.replace(/\s/g, ""));
  });

  it("may have more pieces than a function takes arguments", () => {
    const limits = { source: 1, sentences: Number.POSITIVE_INFINITY, most: 1 };
    expect(splitLine("a".repeat(300_000), limits, (text) => text.length)).toHaveLength(300_000);
  });

  it("is cut as if it were short", () => {
    const line = 'Mr. Li said "no." It is 3.5 km, e.g. to the lake! 你好。我很好。 '.repeat(300);
    const limits = { source: 30, sentences: Number.POSITIVE_INFINITY, most: 30 };
    const pieces = splitLine(line, limits, words);
    expect(new Set(pieces.slice(0, -1)).size).toBe(
      new Set(splitLine(line.slice(0, 2000), limits, words).slice(0, -1)).size,
    );
  });
});

describe("joinPieces", () => {
  it("sets spaces where the script has them", () => {
    expect(joinPieces(["I am.", "", "You are."])).toBe("I am. You are.");
    expect(joinPieces(["我很好。", "你好。"])).toBe("我很好。你好。");
    expect(joinPieces([])).toBe("");
  });
});
