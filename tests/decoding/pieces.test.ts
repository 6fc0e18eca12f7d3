import { describe, expect, it } from "vitest";
import { piecesOf } from "../../src/decoding/pieces.ts";
import { learnTokenizer } from "../../src/text/tokenizerKinds.ts";

const LINE = "A b c. D e f. G h i.";
const LIMITS = { source: 5, sentences: 1, most: 100 };

describe.each(["word", "char"] as const)("a long line of %s with a tag", (kind) => {
  const tokenizer = learnTokenizer([LINE], { kind, tags: ["<2de>"], language: "en" });
  const limits = { ...LIMITS, source: kind === "word" ? 5 : 7 };
  const cut = (line: string, options = {}) =>
    piecesOf([line], options, tokenizer, [], tokenizer, limits, () => undefined)[0]!;

  it("is cut into pieces that all have it", () => {
    const { pieces, overLong } = cut(`<2de> ${LINE}`);
    expect(overLong).toBe(true);
    expect(pieces.map(({ text }) => text)).toEqual(["<2de> A b c.", "<2de> D e f.", "<2de> G h i."]);
    for (const { source } of pieces) {
      expect(tokenizer.vocabulary.token(source[0]!)).toBe("<2de>");
      expect(source.length).toBeLessThanOrEqual(limits.source);
    }
  });

  it("is cut as without it, in as many pieces", () => {
    const plain = cut(LINE).pieces.map(({ text }) => `<2de> ${text}`);
    expect(cut(`<2de> ${LINE}`).pieces.map(({ text }) => text)).toEqual(plain);
  });

  it("stays whole where lines are kept", () => {
    expect(cut(`<2de> ${LINE}`, { longLines: "keep" }).pieces.map(({ text }) => text)).toEqual([
      `<2de> ${LINE}`,
    ]);
  });
});
