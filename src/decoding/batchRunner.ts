import { batchesInOrder, type EncodedPair } from "../data/batches.ts";
import { at, type Pointer } from "../kernels/kernels.ts";
import { layOut, type PairBatch, type SpecialIds } from "../model/batch.ts";
import type { Pool } from "../replicas/pool.ts";
import { Arena } from "../tensor/heap.ts";
import type { DecodingJob, SharedBatch } from "./decodingJobs.ts";

/** Batches of a thread between two moments at which the process listens to signals and timers. */
const BATCHES_PER_THREAD = 4;

/** What is done with pairs, a batch at a time. */
export interface BatchWork<Batch extends SharedBatch, Result> {
  /** The most tokens of a batch, on the longer side. */
  readonly batchTokens: number;
  /** The 64-bit words of results for a pair. */
  readonly words: (pair: EncodedPair) => number;
  /** Describes a batch to the threads. */
  readonly describe: (batch: SharedBatch, part: readonly EncodedPair[]) => Batch;
  /** The job of some batches. */
  readonly job: (batches: readonly Batch[], common: JobCommon) => DecodingJob;
  /** Reads the result of a pair. */
  readonly read: (words: Float64Array, pair: EncodedPair) => Result;
}

/** What all jobs say. */
interface JobCommon {
  readonly items: number;
  readonly weightsVersion: number;
}

/** Shares batches out among the threads of a pool and collects their results in order. */
export class BatchRunner {
  readonly #pool: Pool;
  readonly #special: SpecialIds;
  /** Holds batches and results while the threads work on them. */
  readonly #arena: Arena;
  /** Settled when the call before is done: calls take turns, as threads and arena serve one at a time. */
  #turn: Promise<void> = Promise.resolve();

  constructor(pool: Pool, special: SpecialIds) {
    this.#pool = pool;
    this.#special = special;
    this.#arena = new Arena(pool.main.workbench.heap);
  }

  /**
   * Works on pairs when it is its turn.
   *
   * @param pairs numbered from 0 by their `index`
   * @param signal ends the work when it aborts
   * @returns the result of each pair, in their order
   * @throws the reason of the signal
   */
  run<Batch extends SharedBatch, Result>(
    pairs: readonly EncodedPair[],
    work: BatchWork<Batch, Result>,
    signal?: AbortSignal,
  ): Promise<Result[]> {
    return this.alone(() => this.#run(pairs, work, signal));
  }

  /** Does some work when it is its turn: nobody else uses threads, scratch or what is shared until it is done. */
  alone<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(async () => {
      try {
        return await work();
      } finally {
        this.#arena.release();
      }
    });
    // Whoever comes next waits for the end, not for success.
    this.#turn = done.then(
      () => {},
      () => {},
    );
    return done;
  }

  /** Lays pairs out where all threads see them, until the batches of which they are part are done. */
  share(pairs: readonly EncodedPair[]): PairBatch {
    return layOut(this.#pool.main.workbench.heap, this.#arena, pairs, this.#special);
  }

  /** Copies integers to where all threads see them, as long as {@link share} does. */
  shareIntegers(values: readonly number[]): Pointer {
    const pointer = this.#arena.allocate(values.length);
    this.#pool.main.workbench.heap.integers(pointer, values.length).set(values);
    return pointer;
  }

  async #run<Batch extends SharedBatch, Result>(
    pairs: readonly EncodedPair[],
    work: BatchWork<Batch, Result>,
    signal: AbortSignal | undefined,
  ): Promise<Result[]> {
    const parts = evenBatches(pairs, work.batchTokens, this.#pool.threads);
    const results = new Array<Result>(pairs.length);
    const atATime = BATCHES_PER_THREAD * this.#pool.threads;
    for (let first = 0; first < parts.length; first += atATime) {
      try {
        await this.#runSome(parts.slice(first, first + atATime), work, results, signal);
      } finally {
        this.#arena.release();
      }
      await this.#pool.pause();
    }
    return results;
  }

  /** Works on as many batches as there is room for at a time. */
  async #runSome<Batch extends SharedBatch, Result>(
    group: readonly (readonly EncodedPair[])[],
    work: BatchWork<Batch, Result>,
    results: Result[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { heap } = this.#pool.main.workbench;
    const batches = group.map((part) => {
      const words = part.reduce((sum, pair) => sum + work.words(pair), 0);
      return work.describe({ pairs: this.share(part), results: this.#arena.allocate(2 * words) }, part);
    });
    const { weightsVersion } = this.#pool;
    await this.#pool.run(work.job(batches, { items: batches.length, weightsVersion }), signal);
    for (const [i, part] of group.entries()) {
      let next = batches[i]!.results;
      for (const pair of part) {
        const words = work.words(pair);
        results[pair.index] = work.read(heap.doubles(next, words), pair);
        next = at(next, 2 * words);
      }
    }
  }
}

/**
 * Batches for several threads: sentences of like length together, so that those of a batch are finished at about the
 * same time, and as many batches for each thread, about equally large.
 *
 * @param most tokens of a batch, on the longer side, give or take a sentence
 */
function evenBatches(pairs: readonly EncodedPair[], most: number, threads: number): EncodedPair[][] {
  const lengthOf = ({ source, target }: EncodedPair): number => Math.max(source.length, target.length) + 1;
  const longestFirst = [...pairs].sort((a, b) => lengthOf(b) - lengthOf(a));
  const total = pairs.reduce((sum, pair) => sum + lengthOf(pair), 0);
  const count = threads * Math.ceil(total / (threads * most));
  if (total === 0) return [];
  // Half a sentence more, as batches end between sentences.
  return batchesInOrder(longestFirst, Math.ceil(total / count + total / pairs.length / 2));
}
