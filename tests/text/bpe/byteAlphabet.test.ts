import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BYTE_ALPHABET, fromByteAlphabet, toByteAlphabet } from "../../../src/text/bpe/byteAlphabet.ts";

describe("the byte alphabet", () => {
  it("writes bytes as GPT-2 does", () => {
    expect(toByteAlphabet(" a\n\u0000~\u00ad")).toBe("ĠaĊĀ~ÂŃ");
  });

  it("has 256 visible characters in code point order", () => {
    expect(new Set(BYTE_ALPHABET).size).toBe(256);
    expect(BYTE_ALPHABET.join("")).not.toMatch(/[\p{White_Space}\p{Cc}\p{Cf}]/u);
    expect([BYTE_ALPHABET[0], BYTE_ALPHABET[255]]).toEqual(["!", "Ń"]);
    const codes = BYTE_ALPHABET.map((character) => character.charCodeAt(0));
    expect(codes).toEqual(codes.toSorted((a, b) => a - b));
  });

  it("gives every text back, wherever it is cut", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.nat(), (text, seed) => {
        const written = toByteAlphabet(text);
        const cut = seed % (written.length + 1);
        expect(fromByteAlphabet([written.slice(0, cut), written.slice(cut)])).toBe(text);
      }),
    );
  });

  it("shows what is no UTF-8 as U+FFFD, and what is not in the alphabet as it is", () => {
    expect(fromByteAlphabet(["Ã", "(", "学"])).toBe("\ufffd(学");
  });

  it.each(["\ufeffa", "\ud800", "a\udc00b", "é".repeat(2000), "😀"])(
    "%j: the bytes of Node's encoder",
    (text) => {
      const written = toByteAlphabet(text);
      expect(written).toHaveLength(Buffer.byteLength(text));
      expect(fromByteAlphabet([written])).toBe(Buffer.from(text).toString());
    },
  );
});
