import type { BatchSize, EncodedPair } from "../data/batches.ts";
import { type EpochPlan, planEpoch, type WeightedCorpus } from "../data/epochPlan.ts";
import { XformerError } from "../errors.ts";
import type { Pointer } from "../kernels/kernels.ts";
import { allocateBatch, type PairBatch, type SpecialIds, writeBatch } from "../model/batch.ts";
import type { ModelConfig } from "../model/config.ts";
import { createRandom } from "../random.ts";
import type { Job } from "../replicas/control.ts";
import type { Pool } from "../replicas/pool.ts";
import { type PairSource, type Replica, type SharedJson, shareJson } from "../replicas/replica.ts";
import { Arena } from "../tensor/heap.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { Side, TrainingConfig } from "./config.ts";
import { replaceRare, takeSignatures, type UnknownReplacement } from "./unknownReplacement.ts";

/** Where a batch stands in a run: an epoch and a batch of it, both from 0. */
export interface BatchPosition {
  readonly epoch: number;
  readonly batch: number;
}

/** A training corpus: lengths to plan by, and pairs to read. */
export interface TrainingCorpus extends PairSource {
  readonly pairs: number;
  sourceLength(pair: number): number;
  targetLength(pair: number): number;
}

/** What a {@link BatchFeed} takes batches from, and how. */
export interface FeedOptions extends BatchSize, Pick<TrainingConfig, "batching" | "seed" | "maxEpochs"> {
  /** What the corpus is made of, where its parts have weights. */
  readonly corpora?: readonly WeightedCorpus[] | undefined;
  readonly special: SpecialIds;
  /** Shards a batch is cut into, when it has so many sentences. */
  readonly shards: number;
  readonly maxLength: number;
  /** Probability with which BPE passes over a merge on each side; 0 for never. */
  readonly bpeDropout: { readonly source: number; readonly target: number };
  /** Probability with which rare tokens of a pair become unknown; 0 for never. */
  readonly unkReplace: number;
}

/**
 * The batches of a run. Which pairs are in a batch follows from lengths, seed and epoch; reading and laying them
 * out is work for the threads, which do it while the batch before is computed, into the other of two arenas.
 */
export class BatchFeed {
  readonly #pool: Pool;
  readonly #corpus: TrainingCorpus;
  #options: FeedOptions;
  readonly #tokenizers: { readonly source: SharedJson; readonly target: SharedJson } | undefined;
  readonly #unknown: Pick<UnknownReplacement, "unkIds" | "signatures"> | undefined;
  #arenas: readonly [busy: Arena, idle: Arena];
  #plans: ReadonlyMap<number, EpochPlan> = new Map();
  #laidOut: (BatchPosition & { readonly job: LayOutJob }) | undefined;

  constructor(
    pool: Pool,
    corpus: TrainingCorpus,
    { source, target }: { readonly source: Tokenizer; readonly target: Tokenizer },
    options: FeedOptions,
  ) {
    const { heap } = pool.main.workbench;
    this.#pool = pool;
    this.#corpus = corpus;
    this.#options = options;
    this.#arenas = [new Arena(heap), new Arena(heap)];
    if (options.unkReplace > 0) {
      const [from, to] = [source.vocabulary, target.vocabulary];
      this.#unknown = {
        unkIds: { source: from.unkId, target: to.unkId },
        signatures: takeSignatures(corpus, { source: from.size, target: to.size }, heap),
      };
    }
    if (Math.max(options.bpeDropout.source, options.bpeDropout.target) > 0) {
      const shared = shareJson(heap, source.toJSON());
      this.#tokenizers = {
        source: shared,
        target: source === target ? shared : shareJson(heap, target.toJSON()),
      };
    }
  }

  /** Makes batches of another size from now on: each epoch then has others. */
  resize(batchTokens: number): void {
    this.#options = { ...this.#options, batchTokens };
    this.#plans = new Map();
    this.#laidOut = undefined;
  }

  /** Batches of an epoch. */
  batchesIn(epoch: number): number {
    return this.#plan(epoch).batches;
  }

  /**
   * The shards of a batch: laid out in advance, or else now. They are good until two further batches are.
   */
  async at(position: BatchPosition): Promise<readonly PairBatch[]> {
    if (this.#laidOut?.epoch !== position.epoch || this.#laidOut.batch !== position.batch) {
      const job = this.#planBatch(position);
      await this.#pool.run(job);
      this.#laidOut = { ...position, job };
    }
    return this.#laidOut.job.shards.map(({ room }) => room);
  }

  /**
   * The work of laying out the batch after this one, to be done together with this one's; null after the last.
   * The next call of {@link at} takes it to be done.
   */
  prepareNext({ epoch, batch }: BatchPosition): LayOutJob | null {
    const within = batch + 1 < this.batchesIn(epoch);
    const next = within ? { epoch, batch: batch + 1 } : { epoch: epoch + 1, batch: 0 };
    if (next.epoch === this.#options.maxEpochs) return null;
    const job = this.#planBatch(next);
    this.#laidOut = { ...next, job };
    return job;
  }

  #plan(epoch: number): EpochPlan {
    const known = this.#plans.get(epoch);
    if (known !== undefined) return known;
    const plan = planEpoch(this.#corpus, { ...this.#options, epoch });
    // The epoch before may still be under way; those before it never come again.
    const before = this.#plans.get(epoch - 1);
    this.#plans = new Map([...(before === undefined ? [] : [[epoch - 1, before] as const]), [epoch, plan]]);
    return plan;
  }

  /** Chooses the pairs of a batch, cuts it into shards and finds room for them in the arena that is idle. */
  #planBatch({ epoch, batch }: BatchPosition): LayOutJob {
    const { heap } = this.#pool.main.workbench;
    const [busy, arena] = this.#arenas;
    this.#arenas = [arena, busy];
    arena.release();
    const all = this.#plan(epoch).batch(batch);
    const tokensOf = (pair: number): number =>
      this.#corpus.sourceLength(pair) + this.#corpus.targetLength(pair) + 2;
    const shards = cutShards(Array.from(all, tokensOf), this.#options.shards).map(([first, end]) => {
      const part = all.subarray(first, end);
      const sourceTokens = this.#room(part, "source", (pair) => this.#corpus.sourceLength(pair));
      const targetTokens = this.#room(part, "target", (pair) => this.#corpus.targetLength(pair));
      const pairs = arena.allocate(part.length);
      const room = allocateBatch(arena, part.length, sourceTokens, targetTokens);
      heap.integers(pairs, part.length).set(part);
      return { pairs, room };
    });
    const { special } = this.#options;
    const corpus = this.#corpus.file;
    const change = { dropout: this.#dropout(epoch), unknown: this.#replacement(epoch) };
    return { kind: "layOut", items: shards.length, shards, corpus, special, ...change };
  }

  /** The most tokens that a side of these pairs can have; how many pieces BPE dropout makes is not known yet. */
  #room(pairs: Int32Array, side: Side, lengthOf: (pair: number) => number): number {
    if (this.#options.bpeDropout[side] > 0) return pairs.length * this.#options.maxLength;
    return pairs.reduce((sum, pair) => sum + lengthOf(pair), 0);
  }

  #replacement(epoch: number): UnknownReplacement | null {
    const { unkReplace: probability, seed } = this.#options;
    return this.#unknown === undefined ? null : { probability, seed, epoch, ...this.#unknown };
  }

  #dropout(epoch: number): PieceDropout | null {
    if (this.#tokenizers === undefined) return null;
    const { bpeDropout: probability, seed, maxLength } = this.#options;
    return { probability, seed, epoch, maxLength, ...this.#tokenizers };
  }
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

/** Reads the pairs of a batch and lays them out in the heap, a shard an item. */
export interface LayOutJob extends Job {
  readonly kind: "layOut";
  /** The file of the encoded corpus. */
  readonly corpus: string;
  readonly special: SpecialIds;
  readonly shards: readonly {
    /** Int32: which pairs of the corpus, as many as the room has sentences. */
    readonly pairs: Pointer;
    readonly room: PairBatch;
  }[];
  readonly dropout: PieceDropout | null;
  readonly unknown: UnknownReplacement | null;
}

/** BPE dropout (Provilkov et al. 2020): every epoch cuts the words of a pair into pieces anew. */
interface PieceDropout {
  /** With which a merge is passed over, on each side. */
  readonly probability: { readonly source: number; readonly target: number };
  readonly seed: number;
  readonly epoch: number;
  /** A side that would have more pieces than this keeps those that it has in the corpus. */
  readonly maxLength: number;
  readonly source: SharedJson;
  readonly target: SharedJson;
}

/** Lays out a shard. */
export function layOutShard({ model, workbench, resources }: Replica, job: LayOutJob, item: number): void {
  const { heap, profile } = workbench;
  const { pairs: numbers, room } = job.shards[item]!;
  profile?.begin("next batch");
  const pairs = resources.corpus(job.corpus).read(heap.integers(numbers, room.source.sentences));
  refuseForeignIds(pairs, model.config, job.corpus);
  const { dropout } = job;
  const dropped =
    dropout === null
      ? pairs
      : pairs.map((pair) =>
          dropPieces(pair, resources.tokenizer(dropout.source), resources.tokenizer(dropout.target), dropout),
        );
  const { unknown } = job;
  const changed = unknown === null ? dropped : dropped.map((pair) => replaceRare(pair, unknown, heap));
  writeBatch(heap, room, changed, job.special);
}

/** Kernels look ids up without asking: one that is in no vocabulary would read what lies elsewhere in the memory. */
function refuseForeignIds(
  pairs: readonly EncodedPair[],
  { sourceVocabSize, targetVocabSize }: ModelConfig,
  file: string,
): void {
  const isForeign = (ids: Int32Array, size: number): boolean => ids.some((id) => id < 0 || id >= size);
  for (const { source, target } of pairs) {
    if (!isForeign(source, sourceVocabSize) && !isForeign(target, targetVocabSize)) continue;
    throw new XformerError("DATA", "this encoded corpus has ids that are in no vocabulary", {
      file,
      hint: "Delete it: it is made anew from the text.",
    });
  }
}

/** A pair in other pieces; the same for the same seed, epoch and pair, whichever thread does it. */
function dropPieces(
  { source, target, index }: EncodedPair,
  sourceTokenizer: Tokenizer,
  targetTokenizer: Tokenizer,
  { probability, seed, epoch, maxLength }: PieceDropout,
): EncodedPair {
  const cutAnew = (ids: Int32Array, tokenizer: Tokenizer, side: number, dropout: number): Int32Array => {
    if (dropout === 0) return ids;
    const random = createRandom(seed, epoch, index, side, 0x70696563);
    const pieces = tokenizer.encodeWithDropout?.(tokenizer.decode(ids), dropout, random) ?? ids;
    return pieces.length > maxLength ? ids : pieces;
  };
  return {
    source: cutAnew(source, sourceTokenizer, 0, probability.source),
    target: cutAnew(target, targetTokenizer, 1, probability.target),
    index,
  };
}

/** What a thread of a pool does for a feed, by the kind of job. */
export const FEED_JOBS = { layOut: layOutShard };
