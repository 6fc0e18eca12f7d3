import { setImmediate } from "node:timers/promises";
import { assembleBatch, batchesInOrder, type EncodedPair } from "../data/batches.ts";
import type { Pointer } from "../kernels/kernels.ts";
import type { ReplicaPool } from "../replicas/pool.ts";
import { sharePairs } from "../replicas/sharedPairs.ts";
import { Arena } from "../tensor/memory.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { PairScore } from "./scorer.ts";

/** Tokens a thread works on at a time, on the longer side. */
const BATCH_TOKENS = 1024;
/** Batches of a thread between two moments at which the process listens to signals and timers. */
const BATCHES_PER_THREAD = 4;

/** One line, translated. */
export interface Translation {
  readonly text: string;
  /** Source tokens. */
  readonly sourceTokens: number;
  /** Source tokens that are not in the vocabulary. */
  readonly unknownTokens: number;
  /** Whether the source is longer than any sentence that was trained on could be. */
  readonly overLong: boolean;
}

/** What is to be done with batches. */
type WorkOnBatches = { readonly kind: "greedy"; readonly limit: number } | { readonly kind: "score" };

/** A trained model with its tokenizers: text in, text out. */
export class Translator {
  readonly pool: ReplicaPool;
  readonly sourceTokenizer: Tokenizer;
  readonly targetTokenizer: Tokenizer;
  /** The most tokens a translation may have. */
  readonly outputLimit: number;
  /** Holds batches and results while the threads work on them. */
  readonly #arena: Arena;
  /** Settled when the call before is done: calls take turns, as threads and arena serve one at a time. */
  #turn: Promise<void> = Promise.resolve();

  constructor(
    pool: ReplicaPool,
    sourceTokenizer: Tokenizer,
    targetTokenizer: Tokenizer,
    outputLimit: number,
  ) {
    this.pool = pool;
    this.sourceTokenizer = sourceTokenizer;
    this.targetTokenizer = targetTokenizer;
    this.outputLimit = outputLimit;
    this.#arena = new Arena(pool.main.workbench.memory);
  }

  /** Translates lines, one for one and in order, greedily. A line without a token gives an empty line. */
  async translate(lines: readonly string[]): Promise<Translation[]> {
    const { memory } = this.pool.main.workbench;
    const sources = lines.map((line) => this.sourceTokenizer.encode(line));
    const texts: string[] = lines.map(() => "");
    const limit = this.outputLimit;
    const wanted = sources.flatMap((source, index) =>
      source.length === 0 ? [] : [{ source, target: new Int32Array(0), index }],
    );
    await this.#inBatches(wanted, limit + 1, { kind: "greedy", limit }, (results, pairs) => {
      const rows = memory.integers(results, pairs.length * (limit + 1));
      for (const [i, { index }] of pairs.entries()) {
        const first = i * (limit + 1) + 1;
        texts[index] = this.targetTokenizer.decode(rows.subarray(first, first + rows[first - 1]!));
      }
    });
    return sources.map((source, i) => ({
      text: texts[i]!,
      sourceTokens: source.length,
      unknownTokens: this.sourceTokenizer.vocabulary.countUnknown(source),
      overLong: source.length > this.pool.main.model.config.maxLength,
    }));
  }

  /** Scores pairs of lines by teacher forcing, one for one and in order. */
  async score(sources: readonly string[], targets: readonly string[]): Promise<PairScore[]> {
    const { memory } = this.pool.main.workbench;
    const pairs = sources.map((source, index) => ({
      source: this.sourceTokenizer.encode(source),
      target: this.targetTokenizer.encode(targets[index]!),
      index,
    }));
    const scores: PairScore[] = [];
    await this.#inBatches(pairs, 2 * 3, { kind: "score" }, (results, batch) => {
      const rows = memory.doubles(results, 3 * batch.length);
      for (let i = 0; i < rows.length; i += 3) {
        scores.push({ logProbability: rows[i]!, tokens: rows[i + 1]!, correct: rows[i + 2]! });
      }
    });
    return scores;
  }

  /**
   * Shares batches of pairs out among the threads and reads their results in order, when it is its turn.
   *
   * @param width 32-bit words of results for a pair
   */
  #inBatches(
    pairs: readonly EncodedPair[],
    width: number,
    job: WorkOnBatches,
    read: (results: Pointer, batch: readonly EncodedPair[]) => void,
  ): Promise<void> {
    const work = this.#turn.then(() => this.#runBatches(pairs, width, job, read));
    // Whoever comes next waits for the end, not for success.
    this.#turn = work.catch(() => {});
    return work;
  }

  async #runBatches(
    pairs: readonly EncodedPair[],
    width: number,
    job: WorkOnBatches,
    read: (results: Pointer, batch: readonly EncodedPair[]) => void,
  ): Promise<void> {
    const { memory } = this.pool.main.workbench;
    const { bosId, eosId } = this.targetTokenizer.vocabulary;
    const special = { bosId, eosId };
    const parts = batchesInOrder(pairs, BATCH_TOKENS);
    const atATime = BATCHES_PER_THREAD * this.pool.threads;
    for (let first = 0; first < parts.length; first += atATime) {
      const group = parts.slice(first, first + atATime);
      const batches = group.map((part) => ({
        pairs: sharePairs(memory, this.#arena, assembleBatch(part, eosId)),
        results: this.#arena.allocate(width * part.length),
      }));
      await this.pool.run({ ...job, items: batches.length, special, weights: this.pool.weights, batches });
      for (const [i, part] of group.entries()) read(batches[i]!.results, part);
      this.#arena.release();
      await setImmediate();
    }
  }
}
