import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { batchesInOrder, type EncodedPair } from "../../src/data/batches.ts";

function pair(index: number, sourceLength: number, targetLength: number): EncodedPair {
  return {
    index,
    source: new Int32Array(sourceLength).fill(10),
    target: new Int32Array(targetLength).fill(20),
  };
}

const corpora = fc
  .array(fc.tuple(fc.nat(12), fc.nat(12)), { maxLength: 60 })
  .map((lengths) => lengths.map(([source, target], index) => pair(index, source, target)));

function cost(batch: readonly EncodedPair[]): number {
  const tokens = (side: "source" | "target") => batch.reduce((sum, item) => sum + item[side].length + 1, 0);
  return Math.max(tokens("source"), tokens("target"));
}

const indices = (batches: readonly (readonly EncodedPair[])[]) => batches.flat().map((item) => item.index);

describe("batchesInOrder", () => {
  it("keeps the order and closes a batch only when the next pair would not fit", () => {
    fc.assert(
      fc.property(corpora, fc.integer({ min: 1, max: 40 }), (pairs, batchTokens) => {
        const batches = batchesInOrder(pairs, batchTokens);
        expect(indices(batches)).toEqual(pairs.map((item) => item.index));
        for (const [i, batch] of batches.entries()) {
          const next = batches[i + 1]?.[0];
          if (next !== undefined) expect(cost([...batch, next])).toBeGreaterThan(batchTokens);
        }
      }),
    );
  });

  it("counts END on both sides and gives a pair over the budget a batch of its own", () => {
    const pairs = [pair(0, 4, 1), pair(1, 4, 1), pair(2, 1, 9), pair(3, 0, 0), pair(4, 99, 1), pair(5, 1, 1)];
    const sizes = batchesInOrder(pairs, 10).map((batch) => batch.map((item) => item.index));
    expect(sizes).toEqual([[0, 1], [2], [3], [4], [5]]);
  });

  it("refuses a budget that is not a positive whole number", () => {
    for (const batchTokens of [0, -1, 1.5, Number.NaN]) {
      expect(() => batchesInOrder([pair(0, 1, 1)], batchTokens)).toThrow(
        `batchTokens must be a positive whole number, not ${batchTokens}`,
      );
    }
  });
});
