import { XformerError } from "../errors.ts";
import { createRandom } from "../random.ts";

/** A sentence pair as token ids, without BEGIN and END. */
export interface EncodedPair {
  readonly source: Int32Array;
  readonly target: Int32Array;
  /** Which pair of the corpus this is. */
  readonly index: number;
}

/**
 * B sentence pairs laid end to end, without padding: the tokens of sentence b are
 * `tokens[offsets[b] .. offsets[b + 1])`.
 */
export interface Batch {
  /** Each source followed by END. */
  readonly sourceTokens: Int32Array;
  /** [B + 1] */
  readonly sourceOffsets: Int32Array;
  /** Targets bare: the decoder's input is BEGIN + target, its labels are target + END. */
  readonly targetTokens: Int32Array;
  /** [B + 1] */
  readonly targetOffsets: Int32Array;
  /** [B] the index of each pair in the corpus. */
  readonly sentences: Int32Array;
}

/** What one epoch's batches depend on, together with the pairs. */
export interface BatchOptions {
  /** The most source tokens, and the most target tokens, in a batch, each sentence's END included. */
  readonly batchTokens: number;
  readonly seed: number;
  readonly epoch: number;
}

/**
 * Cuts a corpus into the batches of one epoch: every pair once, in an order drawn from seed and epoch.
 *
 * Sentences are not grouped by length, as padded batches must be. A ragged batch holds no padding, and
 * attention costs each sentence the square of its own length whoever its neighbours are; so grouping would
 * save nothing, and would make batches less random.
 *
 * @returns the pairs of each batch, for {@link assembleBatch}
 * @throws XformerError "CONFIG" when `batchTokens` is not a positive whole number
 */
export function makeBatches(pairs: readonly EncodedPair[], options: BatchOptions): EncodedPair[][] {
  const order = createRandom(options.seed, options.epoch).shuffle([...pairs]);
  return batchesInOrder(order, options.batchTokens);
}

/**
 * Cuts pairs into batches in the order given, as validation does. A batch is closed when the next pair would
 * take it over `batchTokens` on either side; a pair that is over it alone gets a batch of its own.
 *
 * @throws XformerError "CONFIG" when `batchTokens` is not a positive whole number
 */
export function batchesInOrder(pairs: readonly EncodedPair[], batchTokens: number): EncodedPair[][] {
  if (!Number.isInteger(batchTokens) || batchTokens < 1) {
    throw new XformerError("CONFIG", `batchTokens must be a positive whole number, not ${batchTokens}`);
  }
  const batches: EncodedPair[][] = [];
  let batch: EncodedPair[] = [];
  let sourceTokens = 0;
  let targetTokens = 0;
  for (const pair of pairs) {
    sourceTokens += pair.source.length + 1;
    targetTokens += pair.target.length + 1;
    if (batch.length > 0 && Math.max(sourceTokens, targetTokens) > batchTokens) {
      batches.push(batch);
      batch = [];
      sourceTokens = pair.source.length + 1;
      targetTokens = pair.target.length + 1;
    }
    batch.push(pair);
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

/** Lays pairs end to end; a source may be empty, it still has its END. */
export function assembleBatch(pairs: readonly EncodedPair[], eosId: number): Batch {
  const source = concatenate(pairs.map((pair) => withEnd(pair.source, eosId)));
  const target = concatenate(pairs.map((pair) => pair.target));
  return {
    sourceTokens: source.tokens,
    sourceOffsets: source.offsets,
    targetTokens: target.tokens,
    targetOffsets: target.offsets,
    sentences: Int32Array.from(pairs, (pair) => pair.index),
  };
}

function withEnd(sentence: Int32Array, eosId: number): Int32Array {
  const ended = new Int32Array(sentence.length + 1).fill(eosId);
  ended.set(sentence);
  return ended;
}

function concatenate(sentences: readonly Int32Array[]): { tokens: Int32Array; offsets: Int32Array } {
  const offsets = new Int32Array(sentences.length + 1);
  for (const [b, sentence] of sentences.entries()) offsets[b + 1] = offsets[b]! + sentence.length;
  const tokens = new Int32Array(offsets.at(-1)!);
  for (const [b, sentence] of sentences.entries()) tokens.set(sentence, offsets[b]!);
  return { tokens, offsets };
}
