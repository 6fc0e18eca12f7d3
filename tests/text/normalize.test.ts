import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalize } from "../../src/text/normalize.ts";
import { anyLanguage, anyText } from "./strings.ts";

const plain = { lowercase: false, language: undefined };

describe("normalize", () => {
  it("composes accents", () => {
    expect(normalize("cafe\u0301", plain)).toBe("caf\u00e9");
  });

  it("makes every run of white space one space and trims", () => {
    expect(normalize("\ufeff a\t\u00a0b\r\n c\u3000", plain)).toBe("a b c");
  });

  it("replaces lone surrogates only", () => {
    expect(normalize("\ud83d \udc4d \ud83d\udc4d", plain)).toBe("\ufffd \ufffd 👍");
  });

  it("lowercases by the rules of the language", () => {
    expect(normalize("TITEL I ΣΑΣ", { lowercase: true, language: "en" })).toBe("titel i σας");
    expect(normalize("I", { lowercase: true, language: "tr" })).toBe("ı");
  });

  it("twice is the same as once", () => {
    fc.assert(
      fc.property(anyText, fc.boolean(), anyLanguage, (text, lowercase, language) => {
        const once = normalize(text, { lowercase, language });
        expect(normalize(once, { lowercase, language })).toBe(once);
      }),
      { numRuns: 500 },
    );
  });

  it("takes no quadratic time over a long run of combining marks", () => {
    const marks = "\u0301\u0323".repeat(300_000); // minutes with String.normalize alone
    expect(normalize(marks, plain)).toBe(marks);
    const sorted = `\u1ea1${"\u0323".repeat(19)}${"\u0301".repeat(20)}`;
    expect(normalize(`a${"\u0301\u0323".repeat(20)}`, plain)).toBe(sorted);
  }, 10_000);
});
