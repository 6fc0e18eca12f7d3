import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PairLengths } from "../../src/data/batches.ts";
import { type EpochOptions, type EpochPlan, planEpoch } from "../../src/data/epochPlan.ts";
import { createRandom } from "../../src/random.ts";

type Lengths = readonly (readonly [source: number, target: number])[];

function corpusOf(lengths: Lengths): PairLengths {
  return {
    pairs: lengths.length,
    sourceLength: (pair) => lengths[pair]![0],
    targetLength: (pair) => lengths[pair]![1],
  };
}

function batchesOf(plan: EpochPlan): number[][] {
  return Array.from({ length: plan.batches }, (_, i) => [...plan.batch(i)]);
}

const anyLengths = fc.array(fc.tuple(fc.nat(12), fc.nat(12)), { maxLength: 200 });
const anyOptions = fc.record({
  batchTokens: fc.integer({ min: 1, max: 40 }),
  batching: fc.constantFrom("buckets", "shuffled"),
  seed: fc.nat(),
  epoch: fc.nat(9),
});

/** Sentences as a corpus has them: most of them short. */
const MANY: Lengths = (() => {
  const random = createRandom(7);
  const length = () => 1 + Math.floor(40 * random.next() ** 2);
  return Array.from({ length: 20_000 }, () => [length(), length()] as const);
})();

describe.each(["buckets", "shuffled"] as const)("planEpoch, %s", (batching) => {
  const plan = (batchTokens: number, seed: number, epoch: number) =>
    batchesOf(planEpoch(corpusOf(MANY), { batchTokens, batching, seed, epoch }));

  it("depends on seed and epoch and on nothing else", () => {
    expect(plan(100, 1, 0)).toEqual(plan(100, 1, 0));
    expect(plan(100, 1, 0)).not.toEqual(plan(100, 1, 1));
    expect(plan(100, 1, 0)).not.toEqual(plan(100, 2, 0));
  });

  it("fills every batch but the last until the longest pair would not fit", () => {
    const full = plan(1000, 1, 0).filter((batch) => {
      const tokens = (side: 0 | 1) => batch.reduce((sum, pair) => sum + MANY[pair]![side] + 1, 0);
      return Math.max(tokens(0), tokens(1)) > 1000 - 41;
    });
    expect(full.length).toBeGreaterThanOrEqual(plan(1000, 1, 0).length - 1);
  });

  it("refuses a budget that is not a positive whole number", () => {
    for (const batchTokens of [0, -1, 1.5, Number.NaN]) {
      expect(() => planEpoch(corpusOf([[1, 1]]), { batchTokens, batching, seed: 1, epoch: 0 })).toThrow(
        `batchTokens must be a positive whole number, not ${batchTokens}`,
      );
    }
  });
});

describe("planEpoch of corpora with weights", () => {
  const sizes = [7, 10, 40];
  const lengths = Array.from({ length: 57 }, (_, i) => [1 + (i % 5), 1 + (i % 3)] as const);
  const corpusOfPair = (pair: number): number => (pair < 7 ? 0 : pair < 17 ? 1 : 2);
  const pairsIn = (weights: readonly number[], epoch: number, seed = 1): number[] => {
    const corpora = sizes.map((pairs, i) => ({ pairs, weight: weights[i]! }));
    const options = { batchTokens: 12, batching: "shuffled", seed, epoch, corpora } as const;
    return batchesOf(planEpoch(corpusOf(lengths), options)).flat();
  };
  const times = (pairs: readonly number[]): number[] =>
    lengths.map((_, pair) => pairs.filter((other) => other === pair).length);

  it("takes each pair as often as its weight says: twice, once, every other epoch", () => {
    for (let epoch = 0; epoch < 4; epoch += 2) {
      const [first, second] = [times(pairsIn([2, 1, 0.5], epoch)), times(pairsIn([2, 1, 0.5], epoch + 1))];
      for (let pair = 0; pair < 57; pair++) {
        const both = [first[pair], second[pair]];
        if (corpusOfPair(pair) === 2) expect(both.toSorted()).toEqual([0, 1]);
        else expect(both).toEqual(corpusOfPair(pair) === 0 ? [2, 2] : [1, 1]);
      }
    }
  });

  it("takes shares of weight times pairs, and none once more before all others", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.01, max: 4, noNaN: true }), { minLength: 3, maxLength: 3 }),
        (weights) => {
          const epochs = [0, 1, 2, 3, 4].map((epoch) => pairsIn(weights, epoch));
          const counts = times(epochs.flat());
          for (const [i, size] of sizes.entries()) {
            const own = counts.filter((_, pair) => corpusOfPair(pair) === i);
            expect(own.reduce((sum, count) => sum + count)).toBe(Math.floor(5 * weights[i]! * size));
            expect(Math.max(...own) - Math.min(...own)).toBeLessThanOrEqual(1);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it("depends on the seed, and is that without weights when all are 1", () => {
    expect(pairsIn([2, 1, 0.5], 1)).toEqual(pairsIn([2, 1, 0.5], 1));
    expect(pairsIn([2, 1, 0.5], 1, 2)).not.toEqual(pairsIn([2, 1, 0.5], 1));
    expect(pairsIn([1, 1, 1], 3).toSorted((a, b) => a - b)).toEqual([...lengths.keys()]);
  });
});

describe("planEpoch", () => {
  it("holds each pair once, in batches within the budget on both sides unless a pair alone is over it", () => {
    fc.assert(
      fc.property(anyLengths, anyOptions, (lengths, options) => {
        const batches = batchesOf(planEpoch(corpusOf(lengths), options));
        expect(batches.flat().sort((a, b) => a - b)).toEqual(lengths.map((_, pair) => pair));
        for (const batch of batches) {
          expect(batch.length).toBeGreaterThan(0);
          const tokens = (side: 0 | 1) => batch.reduce((sum, pair) => sum + lengths[pair]![side] + 1, 0);
          if (batch.length > 1) {
            expect(Math.max(tokens(0), tokens(1))).toBeLessThanOrEqual(options.batchTokens);
          }
        }
      }),
    );
  });

  it("by sentences: holds each pair once, as many in every batch but the last", () => {
    fc.assert(
      fc.property(anyLengths, anyOptions, fc.integer({ min: 1, max: 20 }), (lengths, options, size) => {
        const bySentences: EpochOptions = { ...options, batchTokens: null, batchSentences: size };
        const batches = batchesOf(planEpoch(corpusOf(lengths), bySentences));
        expect(batches.flat().sort((a, b) => a - b)).toEqual(lengths.map((_, pair) => pair));
        const sizes = batches.map((batch) => batch.length).sort((a, b) => b - a);
        expect(sizes.slice(0, -1).every((count) => count === size)).toBe(true);
        expect(sizes.length).toBe(Math.ceil(lengths.length / size));
      }),
    );
  });

  it("has one size of batches, not two and not none", () => {
    const options = { batching: "shuffled", seed: 1, epoch: 0 } as const;
    const both = { ...options, batchTokens: 100, batchSentences: 10 };
    expect(() => planEpoch(corpusOf([[1, 1]]), both)).toThrow("batchTokens is 100, and batchSentences 10");
    const none = { ...options, batchTokens: null, batchSentences: null };
    expect(() => planEpoch(corpusOf([[1, 1]]), none)).toThrow("batchTokens must be a positive whole number");
    const zero = { ...options, batchTokens: null, batchSentences: 0 };
    expect(() => planEpoch(corpusOf([[1, 1]]), zero)).toThrow("batchSentences must be a positive");
  });

  it("shuffled: the pairs come in an order of their own", () => {
    const options = { batchTokens: 1000, batching: "shuffled", seed: 1, epoch: 3 } as const;
    const order = createRandom(1, 3).shuffle(MANY.map((_, pair) => pair));
    expect(batchesOf(planEpoch(corpusOf(MANY), options)).flat()).toEqual(order);
  });

  it("buckets: the pairs of a batch are of like length, and batches of any length follow one another", () => {
    const options = { batchTokens: 200, batching: "buckets", seed: 1, epoch: 0 } as const;
    const batches = batchesOf(planEpoch(corpusOf(MANY), options));
    const targets = batches.map((batch) => batch.map((pair) => MANY[pair]![1]));
    const spread = targets.map((lengths) => Math.max(...lengths) - Math.min(...lengths));
    // Where one pool of a hundred batches ends and the next begins, a batch may have of both.
    expect(spread.filter((lengths) => lengths > 2).length).toBeLessThanOrEqual(batches.length / 50);
    const [first, second] = [targets.slice(0, 50), targets.slice(-50)].map((some) => mean(some.flat()));
    expect(Math.abs(first! - second!)).toBeLessThan(5);
    const neighbours = targets.slice(1).map((lengths, i) => Math.abs(mean(lengths) - mean(targets[i]!)));
    expect(mean(neighbours)).toBeGreaterThan(5);
  });

  it("buckets: pairs of one target length are in the order of their source lengths, which is stable", () => {
    const lengths: Lengths = MANY.slice(0, 300).map(([source, target]) => [source % 3, target % 3]);
    const options = { batchTokens: 10_000, batching: "buckets", seed: 4, epoch: 0 } as const;
    const shuffled = createRandom(4, 0).shuffle(lengths.map((_, pair) => pair));
    const sorted = shuffled.sort(
      (a, b) => lengths[a]![1] - lengths[b]![1] || lengths[a]![0] - lengths[b]![0],
    );
    expect(batchesOf(planEpoch(corpusOf(lengths), options))).toEqual([sorted]);
  });

  it("plans nothing for no pairs", () => {
    for (const batching of ["buckets", "shuffled"] as const) {
      expect(planEpoch(corpusOf([]), { batchTokens: 9, batching, seed: 1, epoch: 0 }).batches).toBe(0);
    }
  });
});

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
