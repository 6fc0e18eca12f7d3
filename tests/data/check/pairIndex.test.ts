import { describe, expect, it } from "vitest";
import { hash64, PairIndex } from "../../../src/data/check/pairIndex.ts";

describe("pairs that were seen before", () => {
  it("are told apart from sources that were", () => {
    const index = new PairIndex();
    index.startCorpus();
    expect(index.add("a", "b", 1)).toEqual({});
    expect(index.add("b", "a", 2)).toEqual({});
    expect(index.add("a", "c", 3)).toEqual({ sameSource: { corpus: 0, line: 1 } });
    expect(index.add(" a", "b ", 4)).toEqual({
      samePair: { corpus: 0, line: 1 },
      sameSource: { corpus: 0, line: 1 },
    });
  });

  it("are found across corpora, with the line of the first", () => {
    const index = new PairIndex();
    index.startCorpus();
    index.add("a", "b", 7);
    index.startCorpus(); // one without a pair
    index.startCorpus();
    index.add("c", "d", 1);
    expect(index.add("a", "x", 2)).toEqual({ sameSource: { corpus: 0, line: 7 } });
    index.startCorpus();
    expect(index.add("c", "d", 9).samePair).toEqual({ corpus: 2, line: 1 });
    expect(index.add("a", "b", 10).samePair).toEqual({ corpus: 0, line: 7 });
  });

  it("are the right ones among a hundred thousand", () => {
    const index = new PairIndex();
    index.startCorpus();
    const pairs = 100_000;
    for (let i = 1; i <= pairs; i++) {
      if (index.add(`source ${i}`, `target ${i % 10}`, i).sameSource !== undefined)
        throw new Error(`line ${i}`);
    }
    for (let i = 1; i <= pairs; i += 997) {
      expect(index.add(`source ${i}`, `target ${i % 10}`, pairs + i).samePair).toEqual({
        corpus: 0,
        line: i,
      });
    }
  });
});

it("hashes of like texts have nothing in common: each half alone has as many collisions as chance has", () => {
  const texts = Array.from({ length: 100_000 }, (_, i) => `line ${i.toString(2)}`);
  const hashes = texts.map(hash64);
  // n^2 / 2^33 = 1.2 are expected in each.
  for (const half of [0, 1] as const) {
    expect(new Set(hashes.map((hash) => hash[half])).size).toBeGreaterThan(texts.length - 8);
  }
  expect(new Set(hashes.map(([low, high]) => (low ^ high) >>> 0)).size).toBeGreaterThan(texts.length - 8);
});
