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

/** How large batches are: one of the two is a number, the other null or left out. */
export interface BatchSize {
  /** The most source tokens, and the most target tokens, in a batch, each sentence's END included. */
  readonly batchTokens: number | null;
  /** Pairs in a batch. */
  readonly batchSentences?: number | null;
}

/**
 * Cuts pairs into batches in the order given, as validation does; the budget is that of {@link cutBatches}.
 *
 * @throws XformerError "CONFIG" when `batchTokens` is not a positive whole number
 */
export function batchesInOrder(pairs: readonly EncodedPair[], batchTokens: number): EncodedPair[][] {
  const size = { batchTokens };
  checkBatchSize(size);
  const lengths: PairLengths = {
    pairs: pairs.length,
    sourceLength: (pair) => pairs[pair]!.source.length,
    targetLength: (pair) => pairs[pair]!.target.length,
  };
  const bounds = cutBatches(lengths, size);
  return bounds.slice(1).map((end, i) => pairs.slice(bounds[i], end));
}

/**
 * Finds where batches begin and end. A batch is closed when it has `batchSentences` pairs, or when the next pair would
 * take it over `batchTokens` on either side, END included; a pair that is over it alone gets a batch of its own.
 *
 * @param order the pairs by number, of which some may be missing and others there twice; by default all from 0 on
 * @returns 0 and the position after each batch: batch i holds the positions from `[i]` up to `[i + 1]`
 */
export function cutBatches(
  lengths: PairLengths,
  { batchTokens, batchSentences }: BatchSize,
  order?: Int32Array,
): number[] {
  const bounds = [0];
  const mostTokens = batchTokens ?? Number.POSITIVE_INFINITY;
  const mostSentences = batchSentences ?? Number.POSITIVE_INFINITY;
  let begin = 0;
  let sourceTokens = 0;
  let targetTokens = 0;
  const count = order?.length ?? lengths.pairs;
  for (let position = 0; position < count; position++) {
    const pair = order?.[position] ?? position;
    const source = lengths.sourceLength(pair) + 1;
    const target = lengths.targetLength(pair) + 1;
    sourceTokens += source;
    targetTokens += target;
    const isFull = Math.max(sourceTokens, targetTokens) > mostTokens || position - begin === mostSentences;
    if (position > begin && isFull) {
      bounds.push(position);
      begin = position;
      sourceTokens = source;
      targetTokens = target;
    }
  }
  if (count > 0) bounds.push(count);
  return bounds;
}

/** @throws XformerError "CONFIG" when it is not one positive whole number */
export function checkBatchSize({ batchTokens, batchSentences = null }: BatchSize): void {
  const [name, size, other] =
    batchSentences === null
      ? ["batchTokens", batchTokens, null]
      : ["batchSentences", batchSentences, batchTokens];
  if (other !== null)
    throw new XformerError("CONFIG", `batchTokens is ${batchTokens}, and batchSentences ${batchSentences}`, {
      hint: "A batch has so many tokens or so many sentences: leave out --batch-tokens or --batch-sentences.",
    });
  if (Number.isInteger(size) && size! >= 1) return;
  throw new XformerError("CONFIG", `${name} must be a positive whole number, not ${size}`, {
    hint: "Give --batch-tokens, --batch-sentences or --memory.",
  });
}
