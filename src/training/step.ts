import type { EncodedPair } from "../data/batches.ts";
import { assembleBatch } from "../data/batches.ts";
import type { Pointer } from "../kernels/kernels.ts";
import type { SpecialIds } from "../model/teacherForcing.ts";
import type { ReplicaPool } from "../replicas/pool.ts";
import { sharePairs } from "../replicas/sharedPairs.ts";
import { Arena } from "../tensor/memory.ts";
import { Adam, clipScale } from "./adam.ts";
import type { TrainingConfig } from "./config.ts";
import { SLICE } from "./jobs.ts";

/**
 * Shards a step is cut into, whatever the number of threads: their gradients are summed in a fixed order, so
 * that the result does not depend on who computed which. A large model has fewer, as each holds all gradients;
 * nor are its weights kept packed, which would take twice their memory and save next to nothing.
 */
const SHARDS = 4;
const SHARDS_OF_LARGE = 2;
const LARGE = 10_000_000;

/** Gradients of a batch: sums over its tokens, and the norm of the mean loss's gradient. */
export interface BatchGradients {
  /** The summed label-smoothed cross-entropy. */
  readonly loss: number;
  readonly sourceTokens: number;
  readonly targetTokens: number;
  readonly norm: number;
}

/** Computes gradients over shards in parallel, and applies them. */
export class TrainingStep {
  readonly adam: Adam;
  readonly #pool: ReplicaPool;
  readonly #special: SpecialIds;
  readonly #config: TrainingConfig;
  readonly #gradients: readonly Pointer[];
  /** Float64[shards, 3] */
  readonly #sums: Pointer;
  /** Float64[slices] */
  readonly #squares: Pointer;
  readonly #slices: number;
  /** Holds the batch while the threads work on it. */
  readonly #arena: Arena;

  constructor(pool: ReplicaPool, special: SpecialIds, config: TrainingConfig) {
    const { model, workbench } = pool.main;
    const { memory } = workbench;
    const { size } = model.parameters;
    this.#pool = pool;
    this.#special = special;
    this.#config = config;
    this.adam = new Adam(model.parameters, memory);
    const shards = model.parameters.count > LARGE ? SHARDS_OF_LARGE : SHARDS;
    this.#gradients = Array.from({ length: shards }, () => memory.reserve(4 * size));
    this.#slices = Math.ceil(size / SLICE);
    this.#sums = memory.reserve(8 * 3 * shards);
    this.#squares = memory.reserve(8 * this.#slices);
    this.#arena = new Arena(memory);
  }

  /** Forward and backward: the gradient of the mean loss over the batch is then at hand for {@link update}. */
  async gradients(pairs: readonly EncodedPair[], step: number): Promise<BatchGradients> {
    const { model, workbench } = this.#pool.main;
    const { memory } = workbench;
    const { seed, labelSmoothing: smoothing } = this.#config;
    const parts = shardsOf(pairs, this.#gradients.length);
    const sourceTokens = pairs.reduce((sum, { source }) => sum + source.length + 1, 0);
    const targetTokens = pairs.reduce((sum, { target }) => sum + target.length + 1, 0);
    let firstSentence = 0;
    const shards = parts.map((part, i) => {
      const batch = sharePairs(memory, this.#arena, assembleBatch(part, this.#special.eosId));
      const key = { seed, step, firstSentence };
      firstSentence += part.length;
      return { pairs: batch, key, gradients: this.#gradients[i]!, sums: this.#sums + 24 * i };
    });
    const { bosId, eosId } = this.#special;
    const common = {
      ...{ special: { bosId, eosId }, smoothing, scale: 1 / targetTokens },
      ...{ weights: this.#pool.weights, keepPacks: this.#gradients.length === SHARDS },
    };
    await this.#pool.run({ kind: "gradients", items: shards.length, shards, ...common });
    this.#arena.release();
    const gradients = shards.map((shard) => shard.gradients);
    const { size } = model.parameters;
    await this.#pool.run({ kind: "reduce", items: this.#slices, gradients, size, squares: this.#squares });
    const sums = memory.doubles(this.#sums, 3 * shards.length);
    const loss = shards.reduce((sum, _, i) => sum + sums[3 * i]!, 0);
    const squares = memory.doubles(this.#squares, this.#slices).reduce((sum, square) => sum + square, 0);
    return { loss, sourceTokens, targetTokens, norm: Math.sqrt(squares) };
  }

  /**
   * Clips and applies the gradients by Adam.
   *
   * @param step from 1
   * @param norm the norm of the gradients
   */
  async update(step: number, rate: number, norm: number): Promise<void> {
    const { parameters } = this.#pool.main.model;
    const { m, v } = this.adam;
    const adam = {
      ...{ parameters: parameters.pointer, gradients: this.#gradients[0]!, m, v, step, rate },
      gradientScale: clipScale(norm, this.#config.clipNorm),
    };
    await this.#pool.run({ kind: "update", items: this.#slices, adam, size: parameters.size });
    this.#pool.weightsChanged();
  }
}

/** Cuts a batch into up to `count` runs of sentences with about as many tokens each. */
function shardsOf(pairs: readonly EncodedPair[], count: number): EncodedPair[][] {
  const weigh = ({ source, target }: EncodedPair): number => source.length + target.length + 2;
  const total = pairs.reduce((sum, pair) => sum + weigh(pair), 0);
  const shards: EncodedPair[][] = Array.from({ length: count }, () => []);
  let seen = 0;
  for (const pair of pairs) {
    const shard = Math.min(count - 1, Math.floor((count * (seen + weigh(pair) / 2)) / total));
    shards[shard]!.push(pair);
    seen += weigh(pair);
  }
  return shards.filter((shard) => shard.length > 0);
}
