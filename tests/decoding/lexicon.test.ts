import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Lexicon } from "../../src/decoding/lexicon.ts";
import { Heap } from "../../src/tensor/heap.ts";
import type { Tokenizer, TokenizerKind } from "../../src/text/tokenizer.ts";
import { learnTokenizer } from "../../src/text/tokenizerKinds.ts";

const WORDS = ["the", "cat", "catalogue", "he", "sat", "mat", "on", "there", "a"];
const TEXT = Array.from({ length: 40 }, (_, i) =>
  [...WORDS.slice(i % 5), ...WORDS.slice(0, i % 5)].join(" "),
).concat(["(the cat), the-mat", "猫在这里。我喜欢猫。", "a 猫"]);
const KINDS = ["word", "char", "bpe"] as const satisfies readonly TokenizerKind[];

function lexiconOf(tokenizer: Tokenizer): Lexicon {
  return new Lexicon(tokenizer, Heap.shared());
}

/** The constraints that a text as the tokenizer cuts it does not meet. */
function unmetIn(
  tokenizer: Tokenizer,
  text: string,
  constraints: readonly string[],
  ordered = false,
): string[] {
  const lexicon = lexiconOf(tokenizer);
  const phrases = lexicon.phrasesOf(constraints, ordered, 200);
  return phrases === undefined ? [] : lexicon.unmet(phrases, [...tokenizer.encode(text)]);
}

describe.each(KINDS)("constraints of %s tokens", (kind) => {
  const tokenizer = learnTokenizer(TEXT, { kind, ...(kind === "bpe" ? { vocabularySize: 300 } : {}) });

  it("words are found wherever they stand in a text, and no others", () => {
    const line = fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(line, fc.constantFrom(...WORDS), fc.boolean(), (words, word, isBracketed) => {
        const text = isBracketed ? `(${words.join(" ")})` : words.join(" ");
        expect(unmetIn(tokenizer, text, [word])).toEqual(words.includes(word) ? [] : [word]);
      }),
    );
  });

  it("a stretch of a text is a constraint that the text meets, in order", () => {
    const words = ["the", "cat", "sat", "on", "a", "mat", "there"];
    const bounds = fc.tuple(fc.nat(6), fc.nat(6)).map(([a, b]) => [Math.min(a, b), Math.max(a, b) + 1]);
    fc.assert(
      fc.property(bounds, ([from, end]) => {
        const rest = end! < words.length ? [words[end!]!] : [];
        expect(
          unmetIn(tokenizer, words.join(" "), [words.slice(from, end).join(" "), ...rest], true),
        ).toEqual([]);
      }),
    );
    expect(unmetIn(tokenizer, "the cat sat", ["sat", "the"], true)).toEqual(["the"]);
    expect(unmetIn(tokenizer, "the cat sat", ["sat", "the"])).toEqual([]);
  });

  it("a word that is asked for twice has to come twice", () => {
    expect(unmetIn(tokenizer, "the cat on the mat", ["the", "the"])).toEqual([]);
    expect(unmetIn(tokenizer, "the cat on a mat", ["the", "mat", "the"])).toEqual(["the"]);
  });

  it("text without spaces needs none around it", () => {
    expect(unmetIn(tokenizer, "我喜欢猫。", ["猫"])).toEqual([]);
    expect(unmetIn(tokenizer, "我喜欢。", ["猫"])).toEqual(["猫"]);
  });

  it("what has unknown tokens, or more tokens than there is room for, is not met, and the rest is all the same", () => {
    const lexicon = lexiconOf(tokenizer);
    const phrases = lexicon.phrasesOf(["the", "cat", "sat"], false, 1)!;
    expect(phrases.list).toEqual([]);
    expect(lexicon.unmet(phrases, [...tokenizer.encode("the cat sat")])).toEqual(["the", "cat", "sat"]);
    const unknown = kind === "bpe" ? [] : ["ξένος"];
    expect(unmetIn(tokenizer, "the cat ξένος", ["cat", "ξένος"])).toEqual(unknown);
    expect(unmetIn(tokenizer, "the cat", ["</s>", "cat"])).toEqual(["</s>"]);
  });
});

describe("Lexicon.perLine", () => {
  it("one list is for every line, and an entry a line for each; empty ones are none", () => {
    expect(Lexicon.perLine(2)).toEqual([[], []]);
    expect(Lexicon.perLine(2, ["a", " "])).toEqual([["a"], ["a"]]);
    expect(Lexicon.perLine(2, [["a", ""], []])).toEqual([["a"], []]);
    expect(() => Lexicon.perLine(3, [["a"], []])).toThrow("constraints of 2 lines for 3 lines");
  });
});
