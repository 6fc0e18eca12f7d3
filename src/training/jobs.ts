import type { Pointer } from "../kernels/kernels.ts";
import { dropoutsOf } from "../model/config.ts";
import type { DropoutKey } from "../model/raggedInMemory.ts";
import { type SpecialIds, teacherForcedLoss } from "../model/teacherForcing.ts";
import type { Job } from "../replicas/control.ts";
import type { Replica } from "../replicas/replica.ts";
import { type SharedPairs, viewPairs } from "../replicas/sharedPairs.ts";
import { Computation } from "../tensor/computation.ts";
import { type AdamStep, adamSlice } from "./adam.ts";
import { type AssembleJob, assembleShard } from "./assembly.ts";

/** Floats of parameters that reducing and updating take at a time; 128 KiB of each region fit the L2 cache. */
export const SLICE = 2 ** 15;

/**
 * Forward and backward over the shards of a batch, each into a gradient region of its own; whoever has no shard
 * left assembles those of the next batch.
 */
interface GradientsJob extends Job {
  readonly kind: "gradients";
  readonly special: SpecialIds;
  readonly shards: readonly {
    readonly pairs: SharedPairs;
    readonly key: DropoutKey;
    readonly gradients: Pointer;
    /** Whether the gradients begin with this batch; else they are added to those of batches before. */
    readonly first: boolean;
    /** Float64[1]: where the loss of the shard goes. */
    readonly loss: Pointer;
  }[];
  readonly smoothing: number;
  /** Which weights they are; see `WeightPacks.useVersion`. */
  readonly weights: number;
  /** Whether packed weights are kept from shard to shard. */
  readonly keepPacks: boolean;
  readonly next: AssembleJob | null;
}

/** Sums the shards' gradients into the first region, a slice an item. */
interface ReduceJob extends Job {
  readonly kind: "reduce";
  readonly gradients: readonly Pointer[];
  readonly size: number;
  /** Float64[items]: where the slices' sums of squares go. */
  readonly squares: Pointer;
}

/** Adam, and the moving average of the weights when there is one, a slice an item. */
interface UpdateJob extends Job {
  readonly kind: "update";
  readonly adam: AdamStep;
  readonly average: { readonly pointer: Pointer; readonly share: number } | null;
  readonly size: number;
}

export type TrainingJob = AssembleJob | GradientsJob | ReduceJob | UpdateJob;

const KINDS: readonly string[] = [
  "assemble",
  "gradients",
  "reduce",
  "update",
] satisfies TrainingJob["kind"][];

export function isTrainingJob(job: Job): job is TrainingJob {
  return KINDS.includes(job.kind);
}

/** Does an item of a training job. */
export function performTraining(replica: Replica, job: TrainingJob, item: number): void {
  if (job.kind === "assemble") assembleShard(replica, job, item);
  else if (job.kind === "reduce") reduceSlice(replica, job, item);
  else if (job.kind === "update") updateSlice(replica, job, item);
  else if (item < job.shards.length) shardGradients(replica, job, item);
  else assembleShard(replica, job.next!, item - job.shards.length);
}

function updateSlice({ model, workbench }: Replica, job: UpdateJob, item: number): void {
  const { kernels, profile } = workbench;
  const [first, count] = sliceOf(job, item);
  profile?.begin("adam");
  adamSlice(kernels, job.adam, model.parameters.list, first, count);
  if (job.average === null) return;
  const { pointer, share } = job.average;
  kernels.lerp(pointer + 4 * first, job.adam.parameters + 4 * first, share, count);
}

/** The first float of a slice, and how many it has. */
function sliceOf({ size }: { readonly size: number }, item: number): [first: number, count: number] {
  return [item * SLICE, Math.min(SLICE, size - item * SLICE)];
}

function reduceSlice(
  { workbench: { kernels, memory, profile } }: Replica,
  job: ReduceJob,
  item: number,
): void {
  const [first, count] = sliceOf(job, item);
  profile?.begin("sum of shards");
  const slices = job.gradients.map((gradients) => gradients + 4 * first);
  sumTree(slices, (to, from) => kernels.add(to, from, count));
  memory.doubles(job.squares, job.items)[item] = kernels.sumSquares(slices[0]!, count);
}

function shardGradients({ model, workbench }: Replica, job: GradientsJob, item: number): void {
  const { kernels, memory, arena, profile } = workbench;
  const { pairs, key, gradients, first, loss } = job.shards[item]!;
  if (first) {
    profile?.begin("clearing gradients");
    kernels.clear(gradients, model.parameters.size);
  }
  const dropout = dropoutsOf(model.config);
  workbench.packs.useVersion(job.weights);
  const run = new Computation(workbench, { gradients, dropout, keepPacks: job.keepPacks });
  const masks = Math.max(...Object.values(dropout)) > 0 ? key : undefined;
  const batch = viewPairs(memory, pairs);
  // Gradients are of the sum over tokens; how many tokens the whole step has is known when it is over.
  const rows = teacherForcedLoss(model, run, batch, job.special, job.smoothing, 1, masks);
  let sum = 0;
  for (let i = 0; i < rows.length; i += 3) sum += rows[i]!;
  memory.doubles(loss, 1)[0] = sum;
  run.tape?.backward();
  arena.release();
}

/** Adds all regions to the first in the order of a binary tree: (0 + 1) + (2 + 3), and so on. */
function sumTree(regions: readonly Pointer[], add: (to: Pointer, from: Pointer) => void): void {
  for (let distance = 1; distance < regions.length; distance *= 2) {
    for (let i = 0; i + distance < regions.length; i += 2 * distance)
      add(regions[i]!, regions[i + distance]!);
  }
}
