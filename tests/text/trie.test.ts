import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NONE, ROOT, Trie } from "../../src/text/trie.ts";

describe("a trie", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "ab", "学", "😀"), maxLength: 8 });

  it("finds the longest text that begins at a place, as looking at all of them does", () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), word, fc.nat(8), (words, text, place) => {
        const trie = new Trie(words.map((each, i) => [each, i]));
        const start = Math.min(place, text.length);
        const found = words.filter((each) => each !== "" && text.startsWith(each, start));
        const longest = Math.max(NONE, ...found.map(({ length }) => start + length));
        expect(trie.longestEnd(text, start)).toBe(longest);
      }),
    );
  });

  it("gives each text the number that it was given last", () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 30 }), (words) => {
        const trie = new Trie(words.map((each, i) => [each, i]));
        for (const each of words.filter((text) => text !== "")) {
          let node = ROOT;
          for (let at = 0; at < each.length; at++) node = trie.child(node, each.charCodeAt(at));
          expect(trie.number(node)).toBe(words.lastIndexOf(each));
        }
      }),
    );
  });

  it("knows nothing when it is empty", () => {
    const trie = new Trie([["", 3]]);
    expect([trie.longestEnd("abc", 0), trie.child(ROOT, 97), trie.number(ROOT)]).toEqual([NONE, NONE, NONE]);
  });
});
