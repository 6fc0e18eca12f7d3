import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { EncodedCorpus } from "../../src/data/encodedCorpus.ts";
import { EncodedCorpusWriter } from "../../src/data/encodedCorpusWriter.ts";
import { planEpoch } from "../../src/data/epochPlan.ts";
import { JOBS } from "../../src/jobs.ts";
import { countTokens, type PairBatch, type Sentences } from "../../src/model/batch.ts";
import { createRandom, type Random } from "../../src/random.ts";
import { WorkerPool } from "../../src/replicas/workerPool.ts";
import { learnTokenizer } from "../../src/text/tokenizerKinds.ts";
import { BatchFeed, cutShards, type FeedOptions } from "../../src/training/feed.ts";
import { oneLineAsync } from "../io/oneLine.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { SMALL_MODEL, SPECIAL } from "../support/engine.ts";

const PAIRS = 60;
const { bosId: BOS, eosId: EOS } = SPECIAL;
const OPTIONS: FeedOptions = {
  ...{ batchTokens: 40, batching: "buckets", seed: 3, maxEpochs: 2 },
  ...{ special: SPECIAL, shards: 4, maxLength: 9, bpeDropout: { source: 0, target: 0 }, unkReplace: 0 },
};

const file = join(temporaryDirectory(), "corpus.pairs");
const random = createRandom(1);
const sentence = (): Int32Array => Int32Array.from({ length: random.below(9) }, () => 3 + random.below(8));
const pairs = Array.from({ length: PAIRS }, () => [sentence(), sentence()] as const);
const writer = new EncodedCorpusWriter(file, { pairs: PAIRS, maxLength: 9, vocabularySize: 11 });
for (const [source, target] of pairs) writer.add(source, target);
writer.finish({
  statistics: {
    ...{
      skipped: 0,
      unknownSource: 0,
      unknownTarget: 0,
      longestSource: 9,
      longestTarget: 9,
      mostSentences: 1,
    },
    sourceTokens: pairs.reduce((sum, [source]) => sum + source.length, 0),
    targetTokens: pairs.reduce((sum, [, target]) => sum + target.length, 0),
  },
  ...{ fingerprint: "text", key: "key" },
});
const tokenizer = learnTokenizer(["a b c d e f g h"], { kind: "word" });
const tokenizers = { source: tokenizer, target: tokenizer };

const pools: WorkerPool[] = [];
afterAll(async () => {
  for (const pool of pools) await pool.close();
});

function makeFeed(threads: number, options: Partial<FeedOptions> = {}) {
  const pool = new WorkerPool(SMALL_MODEL, JOBS, { threads });
  pools.push(pool);
  const corpus = EncodedCorpus.open(file);
  pool.main.resources.adopt(corpus);
  const { heap } = pool.main.workbench;
  const feed = new BatchFeed(pool, corpus, tokenizers, { ...OPTIONS, ...options });
  const idsOf = (side: Sentences, from = side.tokens) => [...heap.integers(from, countTokens(heap, side))];
  /** What is in a batch now: the sources, the targets and the labels of its shards, one behind the other. */
  const content = (shards: readonly PairBatch[]): number[][] => [
    shards.flatMap(({ source }) => idsOf(source)),
    shards.flatMap(({ target }) => idsOf(target)),
    shards.flatMap(({ target, labels }) => idsOf(target, labels)),
  ];
  /** What should be in it. */
  const expected = (epoch: number, batch: number): number[][] => {
    const { batchTokens, batching, seed } = OPTIONS;
    const plan = planEpoch(corpus, { batchTokens, batching, seed, epoch });
    const own = corpus.read(plan.batch(batch));
    return [
      own.flatMap(({ source }) => [...source, EOS]),
      own.flatMap(({ target }) => [BOS, ...target]),
      own.flatMap(({ target }) => [...target, EOS]),
    ];
  };
  return { pool, feed, content, expected };
}

describe.each([1, 2])("a feed on %i threads", (threads) => {
  it("gives the batches of each epoch's plan, whether laid out in advance or not", async () => {
    const { pool, feed, content, expected } = makeFeed(threads);
    for (const epoch of [0, 1]) {
      for (let batch = 0; batch < feed.batchesIn(epoch); batch++) {
        const position = { epoch, batch };
        const current = await feed.at(position);
        expect(content(current)).toEqual(expected(epoch, batch));
        const next = feed.prepareNext(position);
        if (next !== null && batch % 3 !== 2) await pool.run(next);
        else await feed.at({ epoch: 0, batch: 0 }); // another one in between
      }
    }
  });

  it("leaves the batch in hand alone while the next is laid out", async () => {
    const { pool, feed, content, expected } = makeFeed(threads);
    const current = await feed.at({ epoch: 0, batch: 0 });
    await pool.run(feed.prepareNext({ epoch: 0, batch: 0 })!);
    expect(content(current)).toEqual(expected(0, 0));
    expect(content(await feed.at({ epoch: 0, batch: 1 }))).toEqual(expected(0, 1));
  });
});

it("the last batch of an epoch is followed by the first of the next, and the last of all by none", () => {
  const { feed } = makeFeed(1);
  const last = feed.batchesIn(0) - 1;
  expect(feed.prepareNext({ epoch: 0, batch: last })).not.toBe(null);
  expect(feed.prepareNext({ epoch: 1, batch: feed.batchesIn(1) - 1 })).toBe(null);
  const endless = makeFeed(1, { maxEpochs: null }).feed;
  expect(endless.prepareNext({ epoch: 8, batch: endless.batchesIn(8) - 1 })).not.toBe(null);
});

it("BPE dropout cuts pairs anew by seed, epoch and pair; what would be too long stays as it is", async () => {
  const contentWith = async (seed: number, epoch: number): Promise<number[][]> => {
    const { pool, feed, content } = makeFeed(1, {
      bpeDropout: { source: 0.5, target: 0.5 },
      seed,
      batching: "shuffled",
    });
    const dropping = {
      decode: (ids: Int32Array) => [...ids].join(" "),
      /** Some tokens twice. */
      encodeWithDropout: (text: string, dropout: number, random: Random) =>
        Int32Array.from(
          (text.match(/\d+/g) ?? []).flatMap((id) =>
            random.next() < dropout ? [Number(id), Number(id)] : [Number(id)],
          ),
        ),
    };
    vi.spyOn(pool.main.resources, "tokenizer").mockReturnValue(dropping as never);
    return content(await feed.at({ epoch, batch: 0 }));
  };
  const first = await contentWith(1, 0);
  expect(await contentWith(1, 0)).toEqual(first);
  expect(await contentWith(2, 0)).not.toEqual(first);
  const { content, feed } = makeFeed(1, { seed: 1, batching: "shuffled" });
  const plain = content(await feed.at({ epoch: 0, batch: 0 }));
  for (const side of [0, 1, 2]) {
    const without = (ids: number[]): number[] => ids.filter((id, i) => id !== ids[i - 1]);
    expect(first[side]!.length).toBeGreaterThan(plain[side]!.length);
    expect(without(first[side]!)).toEqual(without(plain[side]!));
  }
});

describe("cutShards", () => {
  it("cuts into runs of about the same weight", () => {
    expect(cutShards([1, 1, 1, 1, 1, 1, 1, 1], 4)).toEqual([
      [0, 2],
      [2, 4],
      [4, 6],
      [6, 8],
    ]);
    expect(cutShards([3, 1, 1, 1], 2)).toEqual([
      [0, 1],
      [1, 4],
    ]);
  });

  it("leaves out runs that would be empty, and no sentence", () => {
    expect(cutShards([5], 4)).toEqual([[0, 1]]);
    expect(cutShards([1, 9, 1], 4)).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ]);
    for (const count of [1, 2, 3, 4, 7]) {
      const runs = cutShards([4, 4, 1, 9, 2], count);
      expect(runs[0]![0]).toBe(0);
      expect(runs.at(-1)![1]).toBe(5);
      for (const [i, [first, end]] of runs.entries()) {
        expect(first).toBeLessThan(end);
        expect(first).toBe(i === 0 ? 0 : runs[i - 1]![1]);
      }
    }
  });
});

describe("ids that are in no vocabulary", () => {
  it.each([1, 3])("never get into the memory of kernels, on %i threads", async (threads) => {
    const foreign = join(temporaryDirectory(), "foreign.pairs");
    const writer = new EncodedCorpusWriter(foreign, { pairs: 9, maxLength: 9, vocabularySize: 0xffff });
    for (let i = 0; i < 9; i++) writer.add(Int32Array.of(3, 4), Int32Array.of(i < 8 ? 3 : 65_534));
    const counts = {
      skipped: 0,
      unknownSource: 0,
      unknownTarget: 0,
      longestSource: 2,
      longestTarget: 1,
      mostSentences: 1,
    };
    writer.finish({
      statistics: { ...counts, sourceTokens: 18, targetTokens: 9 },
      ...{ fingerprint: "text", key: "key" },
    });
    const pool = new WorkerPool(SMALL_MODEL, JOBS, { threads });
    pools.push(pool);
    const corpus = EncodedCorpus.open(foreign);
    pool.main.resources.adopt(corpus);
    const feed = new BatchFeed(pool, corpus, tokenizers, OPTIONS);
    expect(await oneLineAsync(() => feed.at({ epoch: 0, batch: 0 }))).toBe(
      `${foreign}: this encoded corpus has ids that are in no vocabulary. Delete it: it is made anew from the text.`,
    );
  });
});
