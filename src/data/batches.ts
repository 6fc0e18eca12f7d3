import { XformerError } from "../errors.ts";

/** A sentence pair as token ids, without BEGIN and END. */
export interface EncodedPair {
  readonly source: Int32Array;
  readonly target: Int32Array;
  /** Which pair of the corpus this is. */
  readonly index: number;
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
