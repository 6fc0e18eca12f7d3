import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PhraseProgress } from "../../src/decoding/phraseProgress.ts";
import { countPhraseTokens, type Phrases } from "../../src/decoding/phrases.ts";
import { goesOn, type WordEdges } from "../../src/decoding/wordEdges.ts";

/** Few tokens, so that phrases are found. */
const TOKENS = 4;
const token = fc.nat(TOKENS - 1);
const target = fc.array(token, { maxLength: 12 });
const phrase = fc.record({
  ways: fc
    .array(fc.array(token, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 2 })
    .map((ways) => ways.map((way) => Int32Array.from(way))),
  times: fc.integer({ min: 1, max: 2 }),
});
const edges = fc.array(fc.nat(3), { minLength: TOKENS, maxLength: TOKENS }).map((e) => Uint8Array.from(e));
const unordered: fc.Arbitrary<Phrases> = fc
  .array(phrase, { minLength: 1, maxLength: 3 })
  .map((list) => ({ list, ordered: false }));
const ordered: fc.Arbitrary<Phrases> = unordered.map(({ list }) => ({
  list: list.map(({ ways }) => ({ ways, times: 1 })),
  ordered: true,
}));

function progressOf(phrases: Phrases, words: WordEdges, ids: readonly number[]): PhraseProgress {
  return ids.reduce((progress, id) => progress.next(id), PhraseProgress.begin(phrases, words));
}

/** Where a phrase stands in a target, as [first, end]. */
function placesOf(ways: readonly Int32Array[], words: WordEdges, ids: readonly number[]): [number, number][] {
  const isFree = (place: number): boolean =>
    place === 0 || place === ids.length || !goesOn(words, ids[place - 1]!, ids[place]!);
  return ways.flatMap((way) =>
    [...ids.keys()]
      .filter((first) => way.every((id, i) => ids[first + i] === id))
      .map((first): [number, number] => [first, first + way.length])
      .filter(([first, end]) => isFree(first) && isFree(end)),
  );
}

/** The most of some stretches that do not overlap: those that end first. */
function mostApart(places: readonly [number, number][]): number {
  let [count, free] = [0, 0];
  for (const [first, end] of [...places].sort((a, b) => a[1] - b[1])) {
    if (first < free) continue;
    [count, free] = [count + 1, end];
  }
  return count;
}

describe("PhraseProgress", () => {
  it("unordered phrases are there as often as their tokens stand somewhere without overlap", () => {
    fc.assert(
      fc.property(unordered, edges, target, (phrases, words, ids) => {
        const expected = phrases.list.map(({ ways, times }) =>
          Math.min(times, mostApart(placesOf(ways, words, ids))),
        );
        const progress = progressOf(phrases, words, ids);
        expect(progress.times).toEqual(expected);
        expect(progress.isComplete).toBe(expected.every((times, p) => times === phrases.list[p]!.times));
      }),
    );
  });

  it("ordered phrases are there when they stand one after the other", () => {
    fc.assert(
      fc.property(ordered, edges, target, (phrases, words, ids) => {
        let free = 0;
        const isThere = phrases.list.map(({ ways }) => {
          const ends = placesOf(ways, words, ids).filter(([first]) => first >= free);
          free = Math.min(Number.POSITIVE_INFINITY, ...ends.map(([, end]) => end));
          return free <= ids.length ? 1 : 0;
        });
        expect(progressOf(phrases, words, ids).times).toEqual(isThere);
      }),
    );
  });

  it("tokens go from 0 to all of them, which a target has when and only when it is complete", () => {
    fc.assert(
      fc.property(fc.oneof(unordered, ordered), edges, target, (phrases, words, ids) => {
        const all = countPhraseTokens(phrases);
        const { tokens, isComplete } = progressOf(phrases, words, ids);
        expect(tokens).toBeGreaterThanOrEqual(0);
        expect(tokens).toBeLessThanOrEqual(all);
        expect(tokens === all).toBe(isComplete);
        expect(progressOf(phrases, words, []).tokens).toBe(0);
      }),
    );
  });

  it("a word is not there within another", () => {
    // Tokens: 0 "he", 1 "t", 2 "▁", 3 "re"; all but the space are parts of words.
    const words = Uint8Array.of(3, 3, 0, 3);
    const phrases = { list: [{ ways: [Int32Array.of(0)], times: 1 }], ordered: false };
    const isThere = (...ids: number[]): boolean => progressOf(phrases, words, ids).isComplete;
    expect([isThere(0), isThere(2, 0), isThere(0, 2), isThere(1, 2, 0)]).toEqual([true, true, true, true]);
    expect([isThere(1, 0), isThere(0, 3), isThere(1, 0, 3)]).toEqual([false, false, false]);
  });
});
