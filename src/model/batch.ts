import type { EncodedPair } from "../data/batches.ts";
import { NONE, type Pointer } from "../kernels/kernels.ts";
import { mix32 } from "../random.ts";
import type { Arena, Heap } from "../tensor/heap.ts";
import type { Ragged } from "../tensor/tensor.ts";

// On the way from the corpus to the kernels the ids of a pair have three shapes: an `EncodedPair`, ids in an array each;
// a `PairBatch`, laid out once in the heap where all threads read it; and for the time of a run the two `Ragged` that
// operations read, which add to it what follows from it.

/** The sentences of one side of a batch, one behind the other, in the heap. Plain numbers: a job carries them to threads. */
export interface Sentences {
  readonly sentences: number;
  /** Int32: as many ids as the last offset says. */
  readonly tokens: Pointer;
  /** Int32[sentences + 1]: where each sentence starts, and where the last one ends. */
  readonly offsets: Pointer;
}

/** Sentence pairs as teacher forcing reads them. */
export interface PairBatch {
  /** Each source and END. */
  readonly source: Sentences;
  /** BEGIN and each target: what the decoder reads. */
  readonly target: Sentences;
  /** Int32, as many as target tokens: each target and END, what the decoder has to predict. */
  readonly labels: Pointer;
}

/** The ids that frame a target. */
export interface SpecialIds {
  readonly bosId: number;
  readonly eosId: number;
}

/** Pairs without their place in a corpus. */
export type IdPair = Pick<EncodedPair, "source" | "target">;

/**
 * Room for a batch.
 *
 * @param sourceTokens, targetTokens at most so many of all sentences together, without BEGIN and END
 */
export function allocateBatch(
  arena: Arena,
  sentences: number,
  sourceTokens: number,
  targetTokens: number,
): PairBatch {
  const side = (tokens: number): Sentences => ({
    sentences,
    tokens: arena.allocate(tokens + sentences),
    offsets: arena.allocate(sentences + 1),
  });
  const [source, target] = [side(sourceTokens), side(targetTokens)];
  return { source, target, labels: arena.allocate(targetTokens + sentences) };
}

/** Lays pairs out where there is room for them; any thread may do it. */
export function writeBatch(
  heap: Heap,
  batch: PairBatch,
  pairs: readonly IdPair[],
  { bosId, eosId }: SpecialIds,
): void {
  const count = (side: keyof IdPair): number => pairs.reduce((sum, pair) => sum + pair[side].length + 1, 0);
  const [sourceTokens, targetTokens] = [count("source"), count("target")];
  const source = heap.integers(batch.source.tokens, sourceTokens);
  const target = heap.integers(batch.target.tokens, targetTokens);
  const labels = heap.integers(batch.labels, targetTokens);
  const sourceOffsets = heap.integers(batch.source.offsets, pairs.length + 1);
  const targetOffsets = heap.integers(batch.target.offsets, pairs.length + 1);
  let [s, t] = [0, 0];
  for (const [b, pair] of pairs.entries()) {
    [sourceOffsets[b], targetOffsets[b]] = [s, t];
    source.set(pair.source, s);
    s += pair.source.length;
    source[s++] = eosId;
    target[t] = bosId;
    target.set(pair.target, t + 1);
    labels.set(pair.target, t);
    t += pair.target.length;
    labels[t++] = eosId;
  }
  [sourceOffsets[pairs.length], targetOffsets[pairs.length]] = [s, t];
}

/** Lays pairs out in scratch. */
export function layOut(heap: Heap, arena: Arena, pairs: readonly IdPair[], special: SpecialIds): PairBatch {
  const count = (side: keyof IdPair): number => pairs.reduce((sum, pair) => sum + pair[side].length, 0);
  const batch = allocateBatch(arena, pairs.length, count("source"), count("target"));
  writeBatch(heap, batch, pairs, special);
  return batch;
}

/** Where each sentence starts and the last one ends, as a view: Int32[sentences + 1]. */
export function offsetsOf(heap: Heap, { offsets, sentences }: Sentences): Int32Array {
  return heap.integers(offsets, sentences + 1);
}

/** The tokens of all sentences together. */
export function countTokens(heap: Heap, side: Sentences): number {
  return offsetsOf(heap, side)[side.sentences]!;
}

/** What the random keys of dropout are made from, beside the sentence and the position. */
export interface DropoutKey {
  readonly seed: number;
  readonly step: number;
  /** The number of the batch's first sentence in its step: shards of a step have different ones. */
  readonly firstSentence: number;
}

/** What a run adds to sentences. */
export interface RaggedOptions {
  /** The last position a learned table has: later tokens share it. */
  readonly maxPosition?: number;
  /** The key of the dropout masks; none when nothing is dropped. */
  readonly dropout?: DropoutKey | undefined;
  /** 0 for sources, 1 for targets, whose masks are others. */
  readonly side?: 0 | 1;
}

/** Sentences as operations read them, with positions and row keys in scratch. */
export function raggedOf(
  { heap, arena }: { readonly heap: Heap; readonly arena: Arena },
  side: Sentences,
  { maxPosition = Number.POSITIVE_INFINITY, dropout, side: which = 0 }: RaggedOptions = {},
): Ragged {
  const { sentences, tokens: ids, offsets } = side;
  const tokens = countTokens(heap, side);
  const positions = arena.allocate(tokens);
  const rowKeys = dropout === undefined ? NONE : arena.allocate(2 * tokens);
  const places = heap.integers(positions, tokens);
  const keys = heap.integers(rowKeys, dropout === undefined ? 0 : 2 * tokens);
  const starts = offsetsOf(heap, side);
  let longest = 0;
  for (let b = 0; b < sentences; b++) {
    const start = starts[b]!;
    const length = starts[b + 1]! - start;
    longest = Math.max(longest, length);
    for (let i = 0; i < length; i++) places[start + i] = Math.min(i, maxPosition);
    if (dropout !== undefined)
      fillRowKeys(keys, start, length, dropout, 2 * (dropout.firstSentence + b) + which);
  }
  return { sentences, tokens, offsets, ids, positions, rowKeys, longest };
}

/** Two words a token, from (seed, step, sentence and side, position). */
function fillRowKeys(
  keys: Int32Array,
  start: number,
  length: number,
  key: DropoutKey,
  sentence: number,
): void {
  const first = mix32(mix32(key.seed ^ mix32(key.step)) + sentence);
  const second = mix32(first ^ mix32(key.step + 0x5bd1e995) ^ key.seed);
  for (let i = 0; i < length; i++) {
    keys[2 * (start + i)] = mix32(first + i);
    keys[2 * (start + i) + 1] = mix32(second ^ Math.imul(i + 1, 0x9e3779b9));
  }
}
