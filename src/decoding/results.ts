import type { AttentionWeights } from "./crossAttention.ts";
import { makePairScore, type PairScore } from "./scorer.ts";

// How threads hand results over: as 64-bit floats in the shared memory, of a size that both sides know.

/** A target that was found, without BEGIN and END. */
export interface FoundTarget {
  readonly ids: readonly number[];
  /** The natural log of each token's probability, END's included. */
  readonly logProbabilities: readonly number[];
  /** Whether it has come to its END; if not, the limit cut it short. */
  readonly ended: boolean;
}

/** The 64-bit words that the results of a sentence take: up to `most` targets of up to `limit` tokens. */
export function resultWords(most: number, limit: number): number {
  return 1 + most * targetWords(limit);
}

/** Whether ended, how many tokens, their ids, and the log-probabilities of these and END. */
function targetWords(limit: number): number {
  return 2 + 2 * limit;
}

/** Leaves what was found for a sentence where {@link readResults} reads it. */
export function writeResults(words: Float64Array, found: readonly FoundTarget[], limit: number): void {
  words[0] = found.length;
  for (const [i, { ids, logProbabilities, ended }] of found.entries())
    words.set([ended ? 1 : 0, ids.length, ...ids, ...logProbabilities], 1 + i * targetWords(limit));
}

/** What {@link writeResults} has left. */
export function readResults(words: Float64Array, limit: number): FoundTarget[] {
  return Array.from({ length: words[0]! }, (_, i) => {
    const first = 1 + i * targetWords(limit);
    const ended = words[first] === 1;
    const end = first + 2 + words[first + 1]!;
    return {
      ids: [...words.subarray(first + 2, end)],
      logProbabilities: [...words.subarray(end, end + words[first + 1]! + (ended ? 1 : 0))],
      ended,
    };
  });
}

/** The 64-bit words that the score of a target of so many tokens takes. */
export function scoreWords(targetTokens: number): number {
  return 1 + targetTokens + 1;
}

/** Leaves a pair's score where {@link readScore} reads it. */
export function writeScore(words: Float64Array, { correct, tokenLogProbabilities }: PairScore): void {
  words.set([correct, ...tokenLogProbabilities]);
}

/** What {@link writeScore} has left. */
export function readScore(words: Float64Array): PairScore {
  return makePairScore([...words.subarray(1)], words[0]!);
}

/** The 64-bit words that the attention of a pair takes: END of both sides included. */
export function attentionWords(targetTokens: number, sourceTokens: number): number {
  return (targetTokens + 1) * (sourceTokens + 1);
}

/** Leaves a pair's attention where {@link readAttention} reads it. */
export function writeAttention(words: Float64Array, { values }: AttentionWeights): void {
  words.set(values);
}

/** What {@link writeAttention} has left. */
export function readAttention(
  words: Float64Array,
  targetTokens: number,
  sourceTokens: number,
): AttentionWeights {
  return { rows: targetTokens + 1, columns: sourceTokens + 1, values: Float32Array.from(words) };
}
