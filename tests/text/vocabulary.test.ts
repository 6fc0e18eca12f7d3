import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TokenCounts, Vocabulary } from "../../src/text/vocabulary.ts";

const counts = (text: string) => {
  const table = new TokenCounts();
  for (const token of text.split(" ")) table.add(token);
  return table;
};

describe("Vocabulary", () => {
  it("has the unknown token, BEGIN and END at 0, 1 and 2", () => {
    const { tokens, unkId, bosId, eosId } = Vocabulary.learn(new TokenCounts());
    expect(tokens).toEqual(["<unk>", "<s>", "</s>"]);
    expect([unkId, bosId, eosId]).toEqual([0, 1, 2]);
  });

  it("orders tokens by falling frequency, then by code point", () => {
    // U+FF5E comes before U+1F600, though its UTF-16 code unit comes after the surrogates.
    const vocabulary = Vocabulary.learn(counts("b 😀 ～ a ab c c"));
    expect(vocabulary.tokens.slice(3)).toEqual(["c", "a", "ab", "b", "～", "😀"]);
  });

  it("does not depend on the order in which tokens were met", () => {
    const letters = fc.array(fc.constantFrom("a", "b", "c", "😀", "～", "ab", "é"), { minLength: 1 });
    fc.assert(
      fc.property(letters, (tokens) => {
        const forwards = Vocabulary.learn(counts(tokens.join(" "))).tokens;
        expect(Vocabulary.learn(counts(tokens.reverse().join(" "))).tokens).toEqual(forwards);
      }),
    );
  });

  it("keeps to the minimum frequency and to the size, special tokens included", () => {
    const table = counts("a a a b b c");
    expect(Vocabulary.learn(table, { minFrequency: 2 }).tokens.slice(3)).toEqual(["a", "b"]);
    expect(Vocabulary.learn(table, { vocabularySize: 4 }).tokens.slice(3)).toEqual(["a"]);
  });

  it.each([
    [{ minFrequency: 0 }, /minimum frequency is 0/],
    [{ minFrequency: 1.5 }, /minimum frequency is 1.5/],
    [{ vocabularySize: 3 }, /vocabulary size is 3/],
    [{ vocabularySize: Number.NaN }, /vocabulary size is NaN/],
    [{ minFrequency: 9 }, /no token occurs 9 times/],
  ])("refuses %j", (limits, message) => {
    expect(() => Vocabulary.learn(counts("a b"), limits)).toThrow(message);
  });

  it("never gives the id of a special token to text", () => {
    const vocabulary = Vocabulary.learn(counts("<s> </s> <unk> a"));
    expect(vocabulary.tokens).toEqual(["<unk>", "<s>", "</s>", "a"]);
    expect(["<s>", "</s>", "<unk>", "a", "b"].map((token) => vocabulary.id(token))).toEqual([0, 0, 0, 3, 0]);
  });

  it("may have its special tokens anywhere, and others that no text becomes", () => {
    const vocabulary = new Vocabulary(["a", "</s>", "<pad>", "<s>", "b", "<unk>"], {
      unkId: 5,
      bosId: 3,
      eosId: 1,
      others: [2],
    });
    expect(["a", "</s>", "<pad>", "<s>", "b", "c"].map((token) => vocabulary.id(token))).toEqual([
      0, 5, 5, 5, 4, 5,
    ]);
    expect([0, 1, 2, 3, 4, 5].filter((id) => vocabulary.isSpecial(id))).toEqual([1, 2, 3, 5]);
    expect(["a", "<pad>", "c"].map((token) => vocabulary.has(token))).toEqual([true, false, false]);
    expect(vocabulary.countUnknown([5, 0, 5])).toBe(2);
  });

  it("counts unknown tokens", () => {
    expect(Vocabulary.of(["a"]).countUnknown([1, 0, 3, 0, 2])).toBe(2);
  });

  it("names the range for an id without a token", () => {
    expect(() => Vocabulary.of(["a"]).token(4)).toThrow("no token with the id 4");
  });

  it("refuses a token given twice", () => {
    expect(() => Vocabulary.of(["a", "a"])).toThrow(RangeError);
    expect(() => Vocabulary.of(["<s>"])).toThrow(RangeError);
  });
});

describe("TokenCounts", () => {
  it("counts exactly below the bound", () => {
    const counts = new TokenCounts(3);
    for (const token of "b a b c b".split(" ")) counts.add(token);
    expect([...counts]).toEqual([
      ["b", 3],
      ["a", 1],
      ["c", 1],
    ]);
  });

  it("stays within the bound and keeps what is frequent", () => {
    const counts = new TokenCounts(100);
    for (let i = 0; i < 10_000; i++) {
      counts.add("frequent");
      counts.add(`rare ${i}`);
      expect(counts.size).toBeLessThanOrEqual(100);
    }
    expect(new Map(counts).get("frequent")).toBe(10_000);
  });
});
