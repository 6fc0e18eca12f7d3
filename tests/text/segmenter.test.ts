import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WordSegmenter } from "../../src/text/segmenter.ts";

describe("WordSegmenter", () => {
  it("cuts a long text read in parts where ICU cuts it as a whole", () => {
    const segmenter = new WordSegmenter("en");
    const whole = new Intl.Segmenter("en", { granularity: "word" });
    const fragment = fc.constantFrom(
      "hello",
      "a",
      "7",
      ".",
      ",",
      "'",
      "-",
      "_",
      "😀",
      "🇩🇪",
      "👩‍👧",
      "e\u0301",
      "𝒜",
    );
    fc.assert(
      fc.property(fc.array(fragment, { minLength: 1, maxLength: 30 }), (fragments) => {
        const once = fragments.join("");
        const text = once.repeat(Math.ceil(5000 / once.length));
        const expected = Array.from(whole.segment(text), ({ segment }) => segment);
        fc.pre(expected.every((segment) => segment.length < 1000));
        expect(segmenter.segment(text)).toEqual(expected);
      }),
      // The example's first window ends between the halves of 𝒜, in the middle of a word.
      { numRuns: 50, examples: [[["a", "𝒜", "_", "hello", "-"]]] },
    );
  });

  it("joins to the text, whatever was remembered before", () => {
    const segmenter = new WordSegmenter("zh");
    const texts = ["我们在学习机器学习。", "well-known", "我们在学习机器学习。", "", "well-known"];
    expect(texts.map((text) => segmenter.segment(text).join(""))).toEqual(texts);
  });

  it("takes elided articles off in the languages that have them", () => {
    expect(new WordSegmenter("fr").segment("l'eau")).toEqual(["l'", "eau"]);
    expect(new WordSegmenter("it").segment("dell’acqua")).toEqual(["dell’", "acqua"]);
    expect(new WordSegmenter("en").segment("don't")).toEqual(["don't"]);
  });

  it("accepts any name for a language", () => {
    for (const language of ["zh_CN", "?", "", "klingon", "x"]) {
      expect(new WordSegmenter(language).segment("a.")).toEqual(["a", "."]);
    }
  });
});
