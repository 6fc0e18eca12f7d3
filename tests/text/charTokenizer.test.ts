import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalize } from "../../src/text/normalize.ts";
import { learnTokenizer } from "../../src/text/tokenizerKinds.ts";
import { anyLanguage, anyText } from "./strings.ts";

describe("characters", () => {
  it("round-trip any text whose tokens are in the vocabulary", () => {
    fc.assert(
      fc.property(anyText, fc.boolean(), anyLanguage, (text, lowercase, language) => {
        const tokenizer = learnTokenizer([text], { kind: "char", lowercase, language });
        const ids = tokenizer.encode(text);
        expect(tokenizer.decode(ids)).toBe(normalize(text, { lowercase, language }));
        expect(ids.every((id) => id > 2 && id < tokenizer.vocabulary.size)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("are code points, with the space shown as ▁ and a ▁ escaped", () => {
    const tokenizer = learnTokenizer([], { kind: "char" });
    expect(tokenizer.encodeTokens("a 😀\\▁")).toEqual(["a", "▁", "😀", "\\", "\\▁"]);
  });

  it("spell special tokens out", () => {
    const tokenizer = learnTokenizer(["<s></s>"], { kind: "char" });
    expect(tokenizer.encodeTokens("<s>")).toEqual(["<", "s", ">"]);
    expect(tokenizer.decode([1, ...tokenizer.encode("<s>"), 2])).toBe("<s>");
  });

  it("outside the vocabulary become <unk> and are counted", () => {
    const tokenizer = learnTokenizer(["abc"], { kind: "char" });
    const ids = tokenizer.encode("a b我");
    expect([...ids]).toEqual([3, 0, 4, 0]);
    expect(tokenizer.vocabulary.countUnknown(ids)).toBe(2);
    expect(tokenizer.decode(ids)).toBe("a<unk>b<unk>");
  });

  it("give lowercase back when learnt so", () => {
    const tokenizer = learnTokenizer(["Straße"], { kind: "char", lowercase: true });
    expect(tokenizer.decode(tokenizer.encode("STrAßE"))).toBe("straße");
  });
});
