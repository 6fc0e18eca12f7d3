import { mix32 } from "../random.ts";
import type { Arena, SharedMemory } from "../tensor/memory.ts";
import type { Ragged } from "../tensor/tensor.ts";

/** Token ids of sentences one behind the other, outside the shared memory. */
export interface TokenBatch {
  readonly tokens: Int32Array;
  /** Where each sentence starts, and where the last one ends. */
  readonly offsets: Int32Array;
}

/** What the random keys of dropout are made from, beside the sentence and the position. */
export interface DropoutKey {
  readonly seed: number;
  readonly step: number;
  /** The number of the batch's first sentence in its step: shards of a step have different ones. */
  readonly firstSentence: number;
}

/**
 * Puts sentences into scratch memory.
 *
 * @param maxPosition the last position a learned table has; later tokens share it
 * @param dropout the key of the dropout masks, or none when nothing is dropped
 */
export function placeRagged(
  memory: SharedMemory,
  arena: Arena,
  batch: TokenBatch,
  maxPosition = Number.POSITIVE_INFINITY,
  dropout?: DropoutKey | undefined,
  side = 0,
): Ragged {
  const tokens = batch.tokens.length;
  const sentences = batch.offsets.length - 1;
  const ids = arena.allocate(tokens);
  const offsets = arena.allocate(sentences + 1);
  const positions = arena.allocate(tokens);
  const rowKeys = dropout === undefined ? 0 : arena.allocate(2 * tokens);
  memory.integers(ids, tokens).set(batch.tokens);
  memory.integers(offsets, sentences + 1).set(batch.offsets);
  const places = memory.integers(positions, tokens);
  const keys = memory.integers(rowKeys, dropout === undefined ? 0 : 2 * tokens);
  let longest = 0;
  for (let b = 0; b < sentences; b++) {
    const start = batch.offsets[b]!;
    const length = batch.offsets[b + 1]! - start;
    longest = Math.max(longest, length);
    for (let i = 0; i < length; i++) places[start + i] = Math.min(i, maxPosition);
    if (dropout !== undefined)
      fillRowKeys(keys, start, length, dropout, 2 * (dropout.firstSentence + b) + side);
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
