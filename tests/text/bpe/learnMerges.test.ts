import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { learnMerges } from "../../../src/text/bpe/learnMerges.ts";
import { TokenCounts } from "../../../src/text/vocabulary.ts";

const ALPHABET = ["a", "b", "c"];

function counted(words: readonly string[]): TokenCounts {
  const counts = new TokenCounts();
  for (const word of words) counts.add(word);
  return counts;
}

/** The algorithm of the paper, counting all pairs again for every merge. */
function learnSlowly(words: readonly string[], tokens: number, minFrequency: number): [string, string][] {
  const known = [...ALPHABET];
  const merges: [string, string][] = [];
  let text = words.map((word) => [...word]);
  while (known.length < tokens) {
    const pairs = new Map<string, { left: string; right: string; count: number }>();
    for (const word of text) {
      for (const [at, right] of word.entries()) {
        if (at === 0) continue;
        const left = word[at - 1]!;
        const pair = pairs.get(`${left} ${right}`) ?? { left, right, count: 0 };
        pairs.set(`${left} ${right}`, { ...pair, count: pair.count + 1 });
      }
    }
    const [best] = [...pairs.values()].sort(
      (a, b) =>
        b.count - a.count ||
        known.indexOf(a.left) - known.indexOf(b.left) ||
        known.indexOf(a.right) - known.indexOf(b.right),
    );
    if (best === undefined || best.count < minFrequency) break;
    const { left, right } = best;
    merges.push([left, right]);
    if (!known.includes(left + right)) known.push(left + right);
    text = text.map((word) => {
      const merged: string[] = [];
      for (let at = 0; at < word.length; at++) {
        const isPair = word[at] === left && word[at + 1] === right;
        merged.push(isPair ? left + right : word[at]!);
        if (isPair) at++;
      }
      return merged;
    });
  }
  return merges;
}

describe("learnMerges", () => {
  it("merges the example of Sennrich et al. 2016 as they do", () => {
    const words = ["low.", "lower.", "newest.", "widest."].flatMap((word, i) =>
      Array<string>([5, 2, 6, 3][i]!).fill(word),
    );
    const alphabet = [..."delnorstwi."];
    const { merges } = learnMerges(counted(words), {
      symbols: alphabet,
      tokens: alphabet.length + 4,
      minFrequency: 1,
    });
    // es, est and est. occur nine times each, lo and low seven times; ties go to the lower ids.
    expect(merges.map((pair) => pair.join(""))).toEqual(["es", "t.", "est.", "lo"]);
  });

  it("learns what counting everything again for every merge learns", () => {
    const word = fc.string({ unit: fc.constantFrom(...ALPHABET), minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(
        fc.array(word, { maxLength: 12 }),
        fc.integer({ min: 3, max: 20 }),
        fc.integer({ min: 1, max: 3 }),
        (words, tokens, minFrequency) => {
          const { merges } = learnMerges(counted(words), { symbols: ALPHABET, tokens, minFrequency });
          expect(merges).toEqual(learnSlowly(words, tokens, minFrequency));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("does not depend on the order of the words", () => {
    const words = ["abab", "abc", "cab", "bca", "cc"];
    const limits = { symbols: ALPHABET, tokens: 9, minFrequency: 1 };
    expect(learnMerges(counted(words.toReversed()), limits)).toEqual(learnMerges(counted(words), limits));
  });
});
