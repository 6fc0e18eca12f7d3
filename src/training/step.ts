import type { Pointer } from "../kernels/kernels.ts";
import type { SpecialIds } from "../model/teacherForcing.ts";
import type { ReplicaPool } from "../replicas/pool.ts";
import { viewPairs } from "../replicas/sharedPairs.ts";
import { Adam, clipScale } from "./adam.ts";
import type { AssembleJob } from "./assembly.ts";
import type { TrainingConfig } from "./config.ts";
import type { ShardedBatch } from "./feed.ts";
import { SLICE } from "./jobs.ts";

/**
 * Shards a batch is cut into, whatever the number of threads: their gradients are summed in a fixed order, so
 * that the result does not depend on who computed which. A large model has fewer, as each holds all gradients;
 * nor are its weights kept packed, which would take twice their memory and save next to nothing.
 */
const SHARDS = 4;
const SHARDS_OF_LARGE = 2;
const LARGE = 10_000_000;

/** What the batches of a step add up to. */
interface StepSums {
  /** The summed label-smoothed cross-entropy. */
  readonly loss: number;
  /** ENDs included. */
  readonly sourceTokens: number;
  readonly targetTokens: number;
}

/** The sums, and the norm of the gradient of the mean loss over the step's target tokens. */
export interface StepGradients extends StepSums {
  readonly norm: number;
}

const NOTHING: StepSums = { loss: 0, sourceTokens: 0, targetTokens: 0 };

/** Computes gradients over shards in parallel, adds them up over batches, and applies them. */
export class TrainingStep {
  readonly adam: Adam;
  /** The moving average of the weights, laid out as they are; none when it is not kept. */
  readonly average: Pointer | undefined;
  readonly #pool: ReplicaPool;
  readonly #special: SpecialIds;
  readonly #config: TrainingConfig;
  readonly #gradients: readonly Pointer[];
  /** Float64[shards] */
  readonly #losses: Pointer;
  /** Float64[slices] */
  readonly #squares: Pointer;
  readonly #slices: number;
  #sums = NOTHING;
  /** Sentences, and gradient regions with something in them, of the step so far. */
  #sentences = 0;
  #used = 0;

  /** The average starts from the weights that the model has now. */
  constructor(pool: ReplicaPool, { bosId, eosId }: SpecialIds, config: TrainingConfig) {
    const { model, workbench } = pool.main;
    const { memory, kernels } = workbench;
    const { pointer, size } = model.parameters;
    this.#pool = pool;
    this.#special = { bosId, eosId };
    this.#config = config;
    this.adam = new Adam(model.parameters, memory);
    const shards = model.parameters.count > LARGE ? SHARDS_OF_LARGE : SHARDS;
    this.#gradients = Array.from({ length: shards }, () => memory.reserve(4 * size));
    this.#slices = Math.ceil(size / SLICE);
    this.#losses = memory.reserve(8 * shards);
    this.#squares = memory.reserve(8 * this.#slices);
    if (config.ema > 0) {
      this.average = memory.reserve(4 * size);
      kernels.copy(this.average, pointer, size);
    }
  }

  /** The most shards a batch may be cut into. */
  get shards(): number {
    return this.#gradients.length;
  }

  /**
   * Forward and backward over a batch: its gradients are added to those of the step.
   *
   * @param step from 1; the dropout masks depend on it
   * @param next the batch to be assembled meanwhile
   */
  async add(batch: ShardedBatch, step: number, next: AssembleJob | null = null): Promise<void> {
    const { memory } = this.#pool.main.workbench;
    const { seed, labelSmoothing: smoothing } = this.#config;
    let { sourceTokens, targetTokens, loss } = this.#sums;
    const shards = batch.shards.map((pairs, i) => {
      const { sourceTokens: source, targetTokens: target, targetOffsets } = viewPairs(memory, pairs);
      const sentences = targetOffsets.length - 1;
      sourceTokens += source.length;
      targetTokens += target.length + sentences;
      const key = { seed, step, firstSentence: this.#sentences };
      this.#sentences += sentences;
      const [gradients, first] = [this.#gradients[i]!, i >= this.#used];
      return { pairs, key, gradients, first, loss: this.#losses + 8 * i };
    });
    const items = shards.length + (next?.items ?? 0);
    const packing = { weights: this.#pool.weights, keepPacks: this.shards === SHARDS };
    const job = { kind: "gradients", items, shards, special: this.#special, smoothing, ...packing, next };
    await this.#pool.run(job);
    for (const part of memory.doubles(this.#losses, shards.length)) loss += part;
    this.#used = Math.max(this.#used, shards.length);
    this.#sums = { loss, sourceTokens, targetTokens };
  }

  /** Adds up the shards: the gradients of the batches since the last call are then at hand for {@link update}. */
  async finish(): Promise<StepGradients> {
    const { model, workbench } = this.#pool.main;
    const { size } = model.parameters;
    const gradients = this.#gradients.slice(0, this.#used);
    await this.#pool.run({ kind: "reduce", items: this.#slices, gradients, size, squares: this.#squares });
    const sums = this.#sums;
    this.#sums = NOTHING;
    this.#used = this.#sentences = 0;
    const squares = workbench.memory.doubles(this.#squares, this.#slices).reduce((sum, x) => sum + x, 0);
    return { ...sums, norm: Math.sqrt(squares) / sums.targetTokens };
  }

  /**
   * Clips and applies the gradients by Adam.
   *
   * @param update updates with this one, from 1
   */
  async update(update: number, rate: number, { norm, targetTokens }: StepGradients): Promise<void> {
    const { pointer, size } = this.#pool.main.model.parameters;
    const { beta1, beta2, epsilon, weightDecay, clipNorm, ema } = this.#config;
    const adam = {
      ...{ parameters: pointer, gradients: this.#gradients[0]!, m: this.adam.m, v: this.adam.v },
      ...{ beta1, beta2, epsilon, weightDecay, update, rate },
      gradientScale: clipScale(norm, clipNorm) / targetTokens,
    };
    // The first steps say little about where the weights will be: the average forgets them sooner.
    const share = 1 - Math.min(ema, (1 + update) / (10 + update));
    const average = this.average === undefined ? null : { pointer: this.average, share };
    await this.#pool.run({ kind: "update", items: this.#slices, adam, average, size });
    this.#pool.weightsChanged();
  }

  /** Does some work between two steps with the averaged weights in the model, when an average is kept. */
  async withAverage<T>(work: () => Promise<T>): Promise<T> {
    if (this.average === undefined) return work();
    const { pointer, size } = this.#pool.main.model.parameters;
    const { kernels } = this.#pool.main.workbench;
    const aside = this.#gradients[0]!; // nobody needs it between two steps
    kernels.copy(aside, pointer, size);
    kernels.copy(pointer, this.average, size);
    this.#pool.weightsChanged();
    try {
      return await work();
    } finally {
      kernels.copy(pointer, aside, size);
      this.#pool.weightsChanged();
    }
  }
}
