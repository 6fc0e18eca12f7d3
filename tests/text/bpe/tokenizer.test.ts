import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../../src/random.ts";
import type { Tokenizer } from "../../../src/text/tokenizer.ts";
import { createTokenizerLearner, learnTokenizer } from "../../../src/text/tokenizerKinds.ts";
import { anyText } from "../strings.ts";

const LINES = [
  "the other mother and the other brother are in the other house",
  "die andere Mutter und der andere Bruder sind in den anderen Häusern",
  "they'll walk 1234 steps, and then they walk 1234 more",
];
const bpe = learnTokenizer([...LINES, ...LINES], { kind: "bpe", vocabularySize: 320 });

/** What UTF-8 can hold of a text. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

function dropped(tokenizer: Tokenizer, text: string, dropout: number, seed = 1): number[] {
  return Array.from(tokenizer.encodeWithDropout!(text, dropout, createRandom(seed)));
}

describe("byte-pair encoding", () => {
  it("gives any text back, and none of it is unknown", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const ids = bpe.encode(text);
        expect(bpe.decode(ids)).toBe(wellFormed(text));
        expect(bpe.vocabulary.countUnknown(ids)).toBe(0);
      }),
      { numRuns: 1000 },
    );
  });

  it.each(["", " ", "  ", " a", "a ", "\t\n", "\u0000", "\ufeff", "e\u0301 é", "İ", "ﬁ"])(
    "gives %j back",
    (text) => {
      expect(bpe.decode(bpe.encode(text))).toBe(text);
    },
  );

  it("shows tokens as people read them, unless they are no whole characters", () => {
    expect(bpe.encodeTokens("the other").map((token) => bpe.readable!(token))).toEqual(["▁the", "▁other"]);
    expect(bpe.readable!("ĠHÃ¤user")).toBe("▁Häuser");
    expect(bpe.readable!("è")).toBe("è"); // the first of three bytes
  });

  it("reads a lone surrogate as U+FFFD, as Node's encoder does", () => {
    expect(bpe.decode(bpe.encode("a\ud83db\udc4d👍"))).toBe("a\ufffdb\ufffd👍");
  });

  it("makes the first word of a line the token it is elsewhere", () => {
    expect(bpe.encodeTokens("the other the")).toEqual(["Ġthe", "Ġother", "Ġthe"]);
  });

  it("never reads special tokens in text", () => {
    const ids = Array.from(bpe.encode("<s> </s> <unk>"));
    expect(Math.min(...ids)).toBeGreaterThan(2);
    expect(bpe.decode([1, ...ids, 2])).toBe("<s> </s> <unk>");
  });

  it("has the special tokens first, then the bytes, then the merges; as many as were asked for", () => {
    const { tokens, size } = bpe.vocabulary;
    expect(size).toBe(320);
    expect(tokens.slice(0, 4)).toEqual(["<unk>", "<s>", "</s>", "!"]);
    expect(tokens.slice(3, 259).every((token) => token.length === 1)).toBe(true);
    expect(tokens.slice(259).every((token) => token.length > 1)).toBe(true);
  });

  it("lowercases when asked, letter by letter", () => {
    const lowercase = learnTokenizer(LINES, { kind: "bpe", lowercase: true });
    expect(lowercase.lowercase).toBe(true);
    expect(lowercase.decode(lowercase.encode("The ÄRA ΟΔΟΣ"))).toBe("the ära οδοσ");
    expect(bpe.lowercase).toBe(false);
  });

  it("learns from lines as they come", () => {
    const learner = createTokenizerLearner({ kind: "bpe", vocabularySize: 320 });
    for (const line of [...LINES, ...LINES]) learner.add(line);
    expect(JSON.stringify(learner.finish())).toBe(JSON.stringify(bpe));
  });

  it("merges no pair seen less often than the minimum frequency, two by default", () => {
    expect(learnTokenizer(["xyz"], { kind: "bpe" }).vocabulary.size).toBe(259);
    expect(learnTokenizer(["xyz"], { kind: "bpe", minFrequency: 1 }).encodeTokens("xyz")).toEqual(["Ġxyz"]);
  });

  it("takes a vocabulary of nothing but bytes, and no smaller one", () => {
    expect(learnTokenizer(LINES, { kind: "bpe", vocabularySize: 259 }).encodeTokens("a the")).toHaveLength(6);
    expect(() => learnTokenizer(LINES, { kind: "bpe", vocabularySize: 258 })).toThrow(
      "vocabulary size is 258",
    );
    expect(() => learnTokenizer(LINES, { kind: "bpe", minFrequency: 0 })).toThrow("minimum frequency is 0");
  });

  it("takes no quadratic time over an endless word, in learning or encoding", () => {
    const endless = "abcd".repeat(50_000);
    const tokenizer = learnTokenizer([endless], { kind: "bpe", vocabularySize: 300 });
    expect(tokenizer.decode(tokenizer.encode(endless))).toBe(endless);
  }, 10_000);
});

describe("BPE dropout", () => {
  const text = LINES.join(" ");

  it("changes nothing at 0 and leaves the bytes at 1", () => {
    expect(dropped(bpe, text, 0)).toEqual(Array.from(bpe.encode(text)));
    expect(dropped(bpe, "the ä", 1)).toHaveLength(" the ä".length + 1);
  });

  it("gives the same for the same random numbers, other pieces for others, and always the text", () => {
    expect(dropped(bpe, text, 0.1)).toEqual(dropped(bpe, text, 0.1));
    expect(dropped(bpe, text, 0.1)).not.toEqual(dropped(bpe, text, 0.1, 2));
    fc.assert(
      fc.property(anyText, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(), (any, dropout, seed) => {
        expect(bpe.decode(dropped(bpe, any, dropout, seed))).toBe(wellFormed(any));
      }),
    );
  });

  it("leaves out a merge as often as asked", () => {
    const tokenizer = learnTokenizer(["ab ab"], { kind: "bpe", vocabularySize: 260 }); // one merge
    const [left, right] = tokenizer.vocabulary.tokens[259]!;
    const word = `${left}${right}`.replace("Ġ", " ").trim();
    const draws = 4000;
    let kept = 0;
    for (let seed = 0; seed < draws; seed++) {
      if (dropped(tokenizer, word, 0.3, seed).includes(259)) kept++;
    }
    expect(kept / draws).toBeGreaterThan(0.67);
    expect(kept / draws).toBeLessThan(0.73);
  });

  it("refuses what is no probability", () => {
    for (const dropout of [-0.1, 1.1, Number.NaN])
      expect(() => dropped(bpe, "a", dropout)).toThrow("BPE dropout");
  });
});
