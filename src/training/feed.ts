import type { EncodedCorpus } from "../data/encodedCorpus.ts";
import { type EpochPlan, planEpoch } from "../data/epochPlan.ts";
import type { ReplicaPool } from "../replicas/pool.ts";
import { type SharedJson, shareJson } from "../replicas/resources.ts";
import { allocatePairs, type SharedPairs, shareIntegers } from "../replicas/sharedPairs.ts";
import { Arena } from "../tensor/memory.ts";
import type { AssembleJob, PieceDropout } from "./assembly.ts";
import type { TrainingConfig } from "./config.ts";
import type { Tokenizers } from "./prepare.ts";

/** A batch in the shared memory, cut into shards of about as many tokens each. */
export interface ShardedBatch {
  readonly shards: readonly SharedPairs[];
}

/** Where a batch stands in a run: an epoch and a batch of it, both from 0. */
export interface BatchPosition {
  readonly epoch: number;
  readonly batch: number;
}

interface PlannedBatch extends BatchPosition, ShardedBatch {
  readonly job: AssembleJob;
}

/** What a {@link BatchFeed} takes batches from, and how. */
export interface FeedOptions extends Pick<TrainingConfig, "batchTokens" | "batching" | "seed" | "maxEpochs"> {
  readonly eosId: number;
  /** Shards a batch is cut into, when it has so many sentences. */
  readonly shards: number;
  readonly maxLength: number;
  /** Probability with which BPE passes over a merge; 0 for never. */
  readonly bpeDropout: number;
}

/**
 * The batches of a run. Which pairs are in a batch follows from lengths, seed and epoch; reading and laying them
 * out is work for the threads, which do it while the batch before is computed, into the other of two arenas.
 */
export class BatchFeed {
  readonly #pool: ReplicaPool;
  readonly #corpus: EncodedCorpus;
  readonly #options: FeedOptions;
  readonly #tokenizers: { readonly source: SharedJson; readonly target: SharedJson } | undefined;
  #arenas: readonly [busy: Arena, idle: Arena];
  #plans: ReadonlyMap<number, EpochPlan> = new Map();
  #assembled: PlannedBatch | undefined;

  constructor(
    pool: ReplicaPool,
    corpus: EncodedCorpus,
    { source, target }: Tokenizers,
    options: FeedOptions,
  ) {
    const { memory } = pool.main.workbench;
    this.#pool = pool;
    this.#corpus = corpus;
    this.#options = options;
    this.#arenas = [new Arena(memory), new Arena(memory)];
    if (options.bpeDropout > 0) {
      const shared = shareJson(memory, source.toJSON());
      this.#tokenizers = {
        source: shared,
        target: source === target ? shared : shareJson(memory, target.toJSON()),
      };
    }
  }

  /** Batches of an epoch. */
  batchesIn(epoch: number): number {
    return this.#plan(epoch).batches;
  }

  /** A batch: the one that was assembled in advance, or else assembled now. It is good until two further ones are. */
  async at(position: BatchPosition): Promise<ShardedBatch> {
    if (!isAt(this.#assembled, position)) {
      const planned = this.#planBatch(position);
      await this.#pool.run(planned.job);
      this.#assembled = planned;
    }
    return this.#assembled!;
  }

  /**
   * The work of assembling the batch after this one, to be done together with this one's; null after the last.
   * The next call of {@link at} takes it to be done.
   */
  prepareNext({ epoch, batch }: BatchPosition): AssembleJob | null {
    const within = batch + 1 < this.batchesIn(epoch);
    const next = within ? { epoch, batch: batch + 1 } : { epoch: epoch + 1, batch: 0 };
    if (next.epoch === this.#options.maxEpochs) return null;
    this.#assembled = this.#planBatch(next);
    return this.#assembled.job;
  }

  #plan(epoch: number): EpochPlan {
    const known = this.#plans.get(epoch);
    if (known !== undefined) return known;
    const { batchTokens, batching, seed } = this.#options;
    const plan = planEpoch(this.#corpus, { batchTokens, batching, seed, epoch });
    // The epoch before may still be under way; those before it never come again.
    const before = this.#plans.get(epoch - 1);
    this.#plans = new Map([...(before === undefined ? [] : [[epoch - 1, before] as const]), [epoch, plan]]);
    return plan;
  }

  /** Chooses the pairs of a batch, cuts it into shards and finds room for them in the arena that is idle. */
  #planBatch(position: BatchPosition): PlannedBatch {
    const { memory } = this.#pool.main.workbench;
    const [busy, arena] = this.#arenas;
    this.#arenas = [arena, busy];
    arena.release();
    const indices = this.#plan(position.epoch).batch(position.batch);
    const tokensOf = (pair: number): number =>
      this.#corpus.sourceLength(pair) + this.#corpus.targetLength(pair) + 2;
    const shards = cutShards(Array.from(indices, tokensOf), this.#options.shards).map(([first, end]) => {
      const part = indices.subarray(first, end);
      return {
        indices: shareIntegers(memory, arena, part),
        pairs: allocatePairs(
          arena,
          part.length,
          this.#room(part, (pair) => this.#corpus.sourceLength(pair)) + part.length,
          this.#room(part, (pair) => this.#corpus.targetLength(pair)),
        ),
      };
    });
    return {
      ...position,
      shards: shards.map(({ pairs }) => pairs),
      job: {
        ...{ kind: "assemble", items: shards.length, shards },
        ...{ corpus: this.#corpus.file, eosId: this.#options.eosId },
        dropout: this.#dropout(position.epoch),
      },
    };
  }

  /** The most tokens that a side of these pairs can have; how many pieces BPE dropout makes is not known yet. */
  #room(pairs: Int32Array, lengthOf: (pair: number) => number): number {
    if (this.#options.bpeDropout > 0) return pairs.length * this.#options.maxLength;
    return pairs.reduce((sum, pair) => sum + lengthOf(pair), 0);
  }

  #dropout(epoch: number): PieceDropout | null {
    if (this.#tokenizers === undefined) return null;
    const { bpeDropout: probability, seed, maxLength } = this.#options;
    return { probability, seed, epoch, maxLength, ...this.#tokenizers };
  }
}

function isAt(planned: PlannedBatch | undefined, { epoch, batch }: BatchPosition): boolean {
  return planned?.epoch === epoch && planned.batch === batch;
}

/**
 * Cuts sentences into up to `count` runs of about the same weight.
 *
 * @returns where each run begins and ends; none is empty
 */
export function cutShards(weights: readonly number[], count: number): [first: number, end: number][] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const ends = new Array<number>(count).fill(0);
  let seen = 0;
  for (const [i, weight] of weights.entries()) {
    const shard = Math.min(count - 1, Math.floor((count * (seen + weight / 2)) / total));
    ends.fill(i + 1, shard);
    seen += weight;
  }
  return ends
    .map((end, shard): [number, number] => [shard === 0 ? 0 : ends[shard - 1]!, end])
    .filter(([first, end]) => first < end);
}
