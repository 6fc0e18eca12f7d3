import { at, type Pointer } from "../kernels/kernels.ts";
import { countTokens, type DropoutKey, type PairBatch } from "../model/batch.ts";
import { dropoutsOf } from "../model/config.ts";
import { type Objective, teacherForcedLoss } from "../model/teacherForcing.ts";
import type { Job } from "../replicas/control.ts";
import type { Pool } from "../replicas/pool.ts";
import type { Replica } from "../replicas/replica.ts";
import { add, clear, copy, lerp, sumSquares } from "../tensor/calls.ts";
import { Computation, type Dropouts } from "../tensor/computation.ts";
import { Adam, type AdamStep, adamSlice, clipScale } from "./adam.ts";
import type { TrainingConfig } from "./config.ts";
import { type LayOutJob, layOutShard } from "./feed.ts";
import { frozenParameters } from "./freeze.ts";

/** What the model is trained for. */
const objective: Objective = teacherForcedLoss;

/**
 * Shards a batch is cut into, whatever the number of threads: their gradients are summed in a fixed order, so
 * that the result does not depend on who computed which. A large model has fewer, as each holds all gradients;
 * nor are its weights kept packed, which would take twice their memory and save nothing that could be measured.
 */
const SHARDS = 4;
const SHARDS_OF_LARGE = 2;
const LARGE = 10_000_000;

/** How often a model's parameters, so many numbers, lie in memory in training: itself, its moments, average, gradients. */
export function copiesInTraining(parameters: number, { ema }: TrainingConfig): number {
  return 3 + (ema > 0 ? 1 : 0) + shardsFor(parameters);
}

/** The most shards that a batch of a model with so many parameters is cut into. */
export function shardsFor(parameters: number): number {
  return parameters > LARGE ? SHARDS_OF_LARGE : SHARDS;
}

/** Whether a model of so many parameters keeps its packed weights in training. */
export function keepsPacks(parameters: number): boolean {
  return shardsFor(parameters) === SHARDS;
}

/** Floats of parameters that a thread sums up or updates at a time; 128 KiB of each region fit the L2 cache. */
export const SLICE = 2 ** 15;

/** What of the objective may change from one step to the next. */
interface ObjectiveSettings {
  readonly smoothing: number;
  readonly dropouts: Dropouts;
}

/** A batch to learn from, in shards of about as many tokens each. */
export interface StepBatch {
  readonly shards: readonly PairBatch[];
  /** The laying out of the batch to come, which is done meanwhile. */
  readonly next: LayOutJob | null;
}

/** What a step adds up to. */
export interface StepGradients {
  /** The summed label-smoothed cross-entropy. */
  readonly loss: number;
  /** ENDs included. */
  readonly sourceTokens: number;
  readonly targetTokens: number;
  /** The norm of the gradient of the mean loss over the step's target tokens. */
  readonly norm: number;
}

/** Whether a step's gradients can be learned from. */
export function isLearnable({ loss, norm }: StepGradients): boolean {
  return Number.isFinite(loss) && Number.isFinite(norm);
}

/** Steps of training: forward and backward over shards in parallel, the sum of their gradients, clipping and Adam. */
export class TrainingStep {
  readonly adam: Adam;
  /** The moving average of the weights, laid out as they are; none when it is not kept. */
  readonly movingAverage: Pointer | undefined;
  readonly #pool: Pool;
  readonly #config: TrainingConfig;
  /** A region a shard, laid out as the parameters. */
  readonly #gradients: readonly Pointer[];
  /** Float64[shards] */
  readonly #losses: Pointer;
  /** Float64[slices] */
  readonly #squares: Pointer;
  readonly #slices: number;
  #objective: ObjectiveSettings;
  /** The parameters, by offset, that stay as they are. */
  readonly #frozen: readonly number[];

  /** The moving average starts from the weights that the model has now. */
  constructor(pool: Pool, config: TrainingConfig) {
    const { model, workbench } = pool.main;
    const { heap } = workbench;
    const { size, count } = model.parameters;
    this.#pool = pool;
    this.#config = config;
    this.#objective = { smoothing: config.labelSmoothing, dropouts: dropoutsOf(model.config) };
    this.#frozen = frozenParameters(config.freeze, model.parameters.list).map(({ offset }) => offset);
    this.adam = new Adam(model.parameters, heap);
    const shards = shardsFor(count);
    this.#gradients = Array.from({ length: shards }, () => heap.reserve(4 * size));
    this.#slices = Math.ceil(size / SLICE);
    this.#losses = heap.reserve(8 * shards);
    this.#squares = heap.reserve(8 * this.#slices);
    if (config.ema > 0) this.movingAverage = heap.reserve(4 * size);
    this.#beginAverage();
  }

  /** Learns in another way from the next step on; moments and averages stay. */
  change(objective: ObjectiveSettings): void {
    this.#objective = objective;
  }

  /** Begins anew from the weights that the model has now: with moments of 0, and an average of these weights alone. */
  beginAnew(): void {
    const { model, workbench } = this.#pool.main;
    const { size: count } = model.parameters;
    for (const moments of [this.adam.m, this.adam.v]) clear(workbench, { pointer: moments, count });
    this.#beginAverage();
    this.#pool.weightsChanged();
  }

  #beginAverage(): void {
    if (this.movingAverage === undefined) return;
    const { model, workbench } = this.#pool.main;
    const { pointer, size } = model.parameters;
    copy(workbench, { to: this.movingAverage, from: pointer, count: size });
  }

  /** The most shards a batch may be cut into. */
  get shards(): number {
    return this.#gradients.length;
  }

  /**
   * One step, from its batches to the new weights. Every job is shared out among the threads.
   *
   * @param batches whose gradients are added up
   * @param step from 1; the dropout masks depend on it
   * @param learn how to learn from the gradients; without it, or when they are not finite, the weights stay
   */
  async take(
    batches: Iterable<StepBatch> | AsyncIterable<StepBatch>,
    step: number,
    learn?: { readonly update: number; readonly rate: number },
  ): Promise<StepGradients> {
    const { heap } = this.#pool.main.workbench;
    const { size } = this.#pool.main.model.parameters;
    let [loss, sourceTokens, targetTokens, sentences, used] = [0, 0, 0, 0, 0];
    for await (const { shards, next } of batches) {
      // Forward, loss and backward of every shard, each into gradients of its own: see shardGradients.
      await this.#pool.run(this.#gradientsJob(shards, next, { step, sentences, used }));
      for (const part of heap.doubles(this.#losses, shards.length)) loss += part;
      for (const { source, target } of shards) {
        sourceTokens += countTokens(heap, source);
        targetTokens += countTokens(heap, target);
        sentences += source.sentences;
      }
      used = Math.max(used, shards.length);
    }
    // The sum of the shards, and its norm: see sumSlice.
    const gradients = this.#gradients.slice(0, used);
    await this.#pool.run({ kind: "sum", items: this.#slices, gradients, size, squares: this.#squares });
    const squares = heap.doubles(this.#squares, this.#slices).reduce((sum, x) => sum + x, 0);
    const result = { loss, sourceTokens, targetTokens, norm: Math.sqrt(squares) / targetTokens };
    // Clipping and Adam: see updateSlice.
    if (learn !== undefined && isLearnable(result)) await this.update(learn.update, learn.rate, result);
    return result;
  }

  /**
   * Clips and applies the gradients at hand.
   *
   * @param update updates with this one, from 1
   */
  async update(update: number, rate: number, { norm, targetTokens }: StepGradients): Promise<void> {
    const { pointer, size } = this.#pool.main.model.parameters;
    const { beta1, beta2, epsilon, weightDecay, clipNorm, ema } = this.#config;
    const adam = {
      parameters: pointer,
      gradients: this.#gradients[0]!,
      m: this.adam.m,
      v: this.adam.v,
      beta1,
      beta2,
      epsilon,
      weightDecay,
      update,
      rate,
      frozen: this.#frozen,
      gradientScale: clipScale(norm, clipNorm) / targetTokens,
    };
    // The first steps say little about where the weights will be: the average forgets them sooner.
    const share = 1 - Math.min(ema, (1 + update) / (10 + update));
    const movingAverage = this.movingAverage === undefined ? null : { pointer: this.movingAverage, share };
    await this.#pool.run({ kind: "update", items: this.#slices, adam, movingAverage, size });
    this.#pool.weightsChanged();
  }

  /** Does some work between two steps with the averaged weights in the model, when an average is kept. */
  async withMovingAverage<T>(work: () => Promise<T>): Promise<T> {
    if (this.movingAverage === undefined) return work();
    const { model, workbench } = this.#pool.main;
    const { pointer, size: count } = model.parameters;
    const aside = this.#gradients[0]!; // nobody needs it between two steps
    copy(workbench, { to: aside, from: pointer, count });
    copy(workbench, { to: pointer, from: this.movingAverage, count });
    this.#pool.weightsChanged();
    try {
      return await work();
    } finally {
      copy(workbench, { to: pointer, from: aside, count });
      this.#pool.weightsChanged();
    }
  }

  /** @param before what the batches of the step before this one had: sentences, and gradients with something in them */
  #gradientsJob(
    shards: readonly PairBatch[],
    next: LayOutJob | null,
    before: { readonly step: number; readonly sentences: number; readonly used: number },
  ): GradientsJob {
    const { seed } = this.#config;
    let firstSentence = before.sentences;
    const works = shards.map((batch, i) => {
      const key = { seed, step: before.step, firstSentence };
      firstSentence += batch.source.sentences;
      const loss = at(this.#losses, 2 * i);
      return { batch, key, gradients: this.#gradients[i]!, first: i >= before.used, loss };
    });
    return {
      kind: "gradients",
      items: shards.length + (next?.items ?? 0),
      shards: works,
      objective: this.#objective,
      frozen: this.#frozen,
      next,
      weightsVersion: this.#pool.weightsVersion,
      keepPacks: keepsPacks(this.#pool.main.model.parameters.count),
    };
  }
}

/**
 * Forward and backward over the shards of a batch, each into a gradient region of its own; whoever has no shard
 * left lays out those of the next batch.
 */
interface GradientsJob extends Job {
  readonly kind: "gradients";
  readonly shards: readonly {
    readonly batch: PairBatch;
    readonly key: DropoutKey;
    readonly gradients: Pointer;
    /** Whether the gradients begin with this batch; else they are added to those of batches before. */
    readonly first: boolean;
    /** Float64[1]: where the loss of the shard goes. */
    readonly loss: Pointer;
  }[];
  readonly objective: ObjectiveSettings;
  /** The parameters, by offset, that are not learned. */
  readonly frozen: readonly number[];
  /** Which weights they are; see `WeightPacks.useVersion`. */
  readonly weightsVersion: number;
  /** Whether packed weights are kept from shard to shard. */
  readonly keepPacks: boolean;
  readonly next: LayOutJob | null;
}

function shardGradients(replica: Replica, job: GradientsJob, item: number): void {
  if (item >= job.shards.length) {
    layOutShard(replica, job.next!, item - job.shards.length);
    return;
  }
  const { model, workbench } = replica;
  const { batch, key, gradients, first, loss } = job.shards[item]!;
  workbench.packs.useVersion(job.weightsVersion);
  const { keepPacks, frozen } = job;
  const { smoothing, dropouts } = job.objective;
  const run = new Computation(workbench, {
    gradients,
    freshGradients: first,
    dropout: dropouts,
    keepPacks,
    frozen,
  });
  const dropout = Math.max(...Object.values(dropouts)) > 0 ? key : undefined;
  // Gradients are of the sum over tokens; how many tokens the whole step has is known when it is over.
  const rows = objective(model, run, batch, { smoothing, scale: 1, dropout });
  let sum = 0;
  for (let i = 0; i < rows.length; i += 3) sum += rows[i]!;
  workbench.heap.doubles(loss, 1)[0] = sum;
  run.tape?.backward();
  run.completeGradients(model.parameters.list);
  workbench.arena.release();
}

/** Sums the shards' gradients into the first region, a slice an item. */
interface SumJob extends Job {
  readonly kind: "sum";
  readonly gradients: readonly Pointer[];
  readonly size: number;
  /** Float64[items]: where the slices' sums of squares go. */
  readonly squares: Pointer;
}

function sumSlice({ workbench }: Replica, job: SumJob, item: number): void {
  const [first, count] = sliceOf(job, item);
  workbench.profile?.begin("sum of shards");
  const slices = job.gradients.map((gradients) => at(gradients, first));
  sumTree(slices, (to, from) => add(workbench, { to, from, count }));
  const squares = sumSquares(workbench, { pointer: slices[0]!, count });
  workbench.heap.doubles(job.squares, job.items)[item] = squares;
}

/** Adds all regions to the first in the order of a binary tree: (0 + 1) + (2 + 3), and so on. */
function sumTree(regions: readonly Pointer[], addTo: (to: Pointer, from: Pointer) => void): void {
  for (let distance = 1; distance < regions.length; distance *= 2) {
    for (let i = 0; i + distance < regions.length; i += 2 * distance)
      addTo(regions[i]!, regions[i + distance]!);
  }
}

/** Adam, and the moving average of the weights when there is one, a slice an item. */
interface UpdateJob extends Job {
  readonly kind: "update";
  readonly adam: AdamStep;
  readonly movingAverage: { readonly pointer: Pointer; readonly share: number } | null;
  readonly size: number;
}

function updateSlice({ model, workbench }: Replica, job: UpdateJob, item: number): void {
  const [first, count] = sliceOf(job, item);
  workbench.profile?.begin("adam");
  adamSlice(workbench, job.adam, model.parameters.list, first, count);
  if (job.movingAverage === null) return;
  const { pointer, share } = job.movingAverage;
  lerp(workbench, { to: at(pointer, first), from: at(job.adam.parameters, first), share, count });
}

/** The first float of a slice, and how many it has. */
function sliceOf({ size }: { readonly size: number }, item: number): [first: number, count: number] {
  return [item * SLICE, Math.min(SLICE, size - item * SLICE)];
}

/** What a thread of a pool does for a step, by the kind of job. */
export const STEP_JOBS = { gradients: shardGradients, sum: sumSlice, update: updateSlice };
