import { createRandom } from "../random.ts";
import { type BatchSize, checkBatchSize, cutBatches, type PairLengths } from "./batches.ts";

/** What a plan depends on, together with the lengths. */
export interface EpochOptions extends BatchSize {
  /**
   * `buckets`: the pairs of a batch are of like length, so that it cuts into even shards; `shuffled`: they are
   * any that come. Neither has padding.
   */
  readonly batching: "buckets" | "shuffled";
  readonly seed: number;
  readonly epoch: number;
  /** What the pairs are made of, one corpus behind the other, where not all of them are taken once an epoch. */
  readonly corpora?: readonly WeightedCorpus[] | undefined;
}

/** Pairs that stand one behind the other, and how often an epoch takes each of them: 2 for twice, 0.5 for half of them. */
export interface WeightedCorpus {
  readonly pairs: number;
  readonly weight: number;
}

/** The batches of one epoch: every pair of the corpus is in one of them, once unless corpora have weights. */
export interface EpochPlan {
  /** How many there are. */
  readonly batches: number;
  /** The pairs of batch i, from 0, as their numbers in the corpus: a view, not to be changed. */
  batch(i: number): Int32Array;
}

/** Buckets: how many batches' worth of tokens are sorted by length together. */
const BATCHES_PER_POOL = 100;

/**
 * Cuts a corpus into the batches of one epoch. The plan is a function of the lengths and the options alone, and
 * takes about four bytes a pair.
 *
 * Of a corpus of n pairs and weight w, epoch e takes those from the place ewn up to (e + 1)wn of a ring on which all of
 * them stand in an order drawn from the seed: whatever w is, none is taken once more before all others were.
 *
 * In either way the pairs are first put in an order drawn from seed and epoch. For buckets that order is cut into
 * pools of about a hundred batches, each pool is sorted by target length and then by source length, batches are
 * cut from the whole, and the order of the batches is drawn as well.
 *
 * @throws XformerError "CONFIG" when the size of batches is not one positive whole number
 *
 * @example
 * const plan = planEpoch(corpus, { batchTokens: 2048, batching: "buckets", seed: 1, epoch: 0 });
 * const pairs = corpus.read(plan.batch(0));
 */
export function planEpoch(lengths: PairLengths, options: EpochOptions): EpochPlan {
  const { batching, seed, epoch, corpora } = options;
  checkBatchSize(options);
  const random = createRandom(seed, epoch);
  const taken = corpora === undefined ? countingUp(lengths.pairs) : pairsTaken(corpora, seed, epoch);
  const order = random.shuffle(taken);
  if (batching === "buckets") sortPools(order, lengths, timesAsLarge(options, BATCHES_PER_POOL));
  const bounds = Int32Array.from(cutBatches(lengths, options, order));
  const batches = bounds.length - 1;
  const turns = countingUp(batches);
  if (batching === "buckets") random.shuffle(turns);
  return {
    batches,
    batch: (i) => {
      const turn = turns[i]!;
      return order.subarray(bounds[turn], bounds[turn + 1]);
    },
  };
}

/** The pairs that an epoch takes of corpora that stand one behind the other, by number. */
function pairsTaken(corpora: readonly WeightedCorpus[], seed: number, epoch: number): Int32Array {
  const windows = corpora.map(({ pairs, weight }) => ({
    pairs,
    from: Math.floor(epoch * weight * pairs),
    to: Math.floor((epoch + 1) * weight * pairs),
  }));
  const taken = new Int32Array(windows.reduce((sum, { from, to }) => sum + to - from, 0));
  let [filled, first] = [0, 0];
  for (const [i, { pairs, from, to }] of windows.entries()) {
    const ring = createRandom(seed, i, 0x72696e67).shuffle(countingUp(pairs));
    for (let at = from; at < to; at++) taken[filled++] = first + ring[at % pairs]!;
    first += pairs;
  }
  return taken;
}

/** 0, 1, 2, ... */
function countingUp(length: number): Int32Array {
  const numbers = new Int32Array(length);
  for (let i = 0; i < length; i++) numbers[i] = i;
  return numbers;
}

function timesAsLarge({ batchTokens, batchSentences }: BatchSize, times: number): BatchSize {
  return {
    batchTokens: batchTokens === null ? null : times * batchTokens,
    batchSentences: batchSentences == null ? null : times * batchSentences,
  };
}

/** Sorts each pool of pairs by target length, those of the same by source length. */
function sortPools(order: Int32Array, lengths: PairLengths, pool: BatchSize): void {
  const bounds = cutBatches(lengths, pool, order);
  for (let i = 0; i + 1 < bounds.length; i++) {
    const pool = order.subarray(bounds[i], bounds[i + 1]);
    sortByCounting(pool, (pair) => lengths.sourceLength(pair));
    sortByCounting(pool, (pair) => lengths.targetLength(pair));
  }
}

/** Counting sort: linear in the pool and its longest sentence, and stable. */
function sortByCounting(pool: Int32Array, lengthOf: (pair: number) => number): void {
  const pairs = pool.slice();
  const lengths = new Int32Array(pairs.length); // looked up once: they are all over the memory
  let longest = 0;
  for (let i = 0; i < pairs.length; i++) {
    lengths[i] = lengthOf(pairs[i]!);
    longest = Math.max(longest, lengths[i]!);
  }
  const places = new Int32Array(longest + 2);
  for (const length of lengths) places[length + 1]!++;
  for (let length = 0; length <= longest; length++) places[length + 1]! += places[length]!;
  for (let i = 0; i < pairs.length; i++) pool[places[lengths[i]!]!++] = pairs[i]!;
}
