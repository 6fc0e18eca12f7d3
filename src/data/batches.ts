import { XformerError } from "../errors.ts";

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

/** The lengths of a corpus in tokens, ENDs not counted; its pairs are numbered from 0. */
export interface PairLengths {
  readonly pairs: number;
  sourceLength(pair: number): number;
  targetLength(pair: number): number;
}

/**
 * Cuts pairs into batches in the order given, as validation does; the budget is that of {@link cutBatches}.
 *
 * @throws XformerError "CONFIG" when `batchTokens` is not a positive whole number
 */
export function batchesInOrder(pairs: readonly EncodedPair[], batchTokens: number): EncodedPair[][] {
  checkBatchTokens(batchTokens);
  const lengths: PairLengths = {
    pairs: pairs.length,
    sourceLength: (pair) => pairs[pair]!.source.length,
    targetLength: (pair) => pairs[pair]!.target.length,
  };
  const bounds = cutBatches(lengths, batchTokens);
  return bounds.slice(1).map((end, i) => pairs.slice(bounds[i], end));
}

/**
 * Finds where batches begin and end. A batch is closed when the next pair would take it over `batchTokens` on
 * either side, END included; a pair that is over it alone gets a batch of its own.
 *
 * @param order the pairs by number; by default from 0 on
 * @returns 0 and the position after each batch: batch i holds the positions from `[i]` up to `[i + 1]`
 */
export function cutBatches(lengths: PairLengths, batchTokens: number, order?: Int32Array): number[] {
  const bounds = [0];
  let begin = 0;
  let sourceTokens = 0;
  let targetTokens = 0;
  for (let position = 0; position < lengths.pairs; position++) {
    const pair = order?.[position] ?? position;
    const source = lengths.sourceLength(pair) + 1;
    const target = lengths.targetLength(pair) + 1;
    sourceTokens += source;
    targetTokens += target;
    if (position > begin && Math.max(sourceTokens, targetTokens) > batchTokens) {
      bounds.push(position);
      begin = position;
      sourceTokens = source;
      targetTokens = target;
    }
  }
  if (lengths.pairs > 0) bounds.push(lengths.pairs);
  return bounds;
}

/** @throws XformerError "CONFIG" when a budget is not a positive whole number */
export function checkBatchTokens(batchTokens: number): void {
  if (Number.isInteger(batchTokens) && batchTokens >= 1) return;
  throw new XformerError("CONFIG", `batchTokens must be a positive whole number, not ${batchTokens}`);
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
