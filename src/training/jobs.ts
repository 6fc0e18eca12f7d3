import type { Pointer } from "../kernels/kernels.ts";
import { dropoutsOf } from "../model/config.ts";
import type { DropoutKey } from "../model/raggedInMemory.ts";
import { type SpecialIds, teacherForcedLoss } from "../model/teacherForcing.ts";
import type { Job } from "../replicas/control.ts";
import type { Replica } from "../replicas/replica.ts";
import { type SharedPairs, viewPairs } from "../replicas/sharedPairs.ts";
import { Computation } from "../tensor/computation.ts";
import { type AdamStep, adamSlice } from "./adam.ts";

/** Floats of parameters that reducing and updating take at a time; 128 KiB of each region fit the L2 cache. */
export const SLICE = 2 ** 15;

/** Forward and backward over the shards of a step, each into a gradient region of its own. */
interface GradientsJob extends Job {
  readonly kind: "gradients";
  readonly special: SpecialIds;
  readonly shards: readonly {
    readonly pairs: SharedPairs;
    readonly key: DropoutKey;
    readonly gradients: Pointer;
    /** Float64[3]: where the {@link LossSums} of the shard go. */
    readonly sums: Pointer;
  }[];
  readonly smoothing: number;
  /** 1 / target tokens of the step. */
  readonly scale: number;
  /** Which weights they are; see `WeightPacks.useVersion`. */
  readonly weights: number;
  /** Whether packed weights are kept from shard to shard. */
  readonly keepPacks: boolean;
}

/** Sums the shards' gradients into the first region, a slice an item. */
interface ReduceJob extends Job {
  readonly kind: "reduce";
  readonly gradients: readonly Pointer[];
  readonly size: number;
  /** Float64[items]: where the slices' sums of squares go. */
  readonly squares: Pointer;
}

/** Adam, a slice an item. */
interface UpdateJob extends Job {
  readonly kind: "update";
  readonly adam: AdamStep;
  readonly size: number;
}

export type TrainingJob = GradientsJob | ReduceJob | UpdateJob;

export function isTrainingJob(job: Job): job is TrainingJob {
  return job.kind === "gradients" || job.kind === "reduce" || job.kind === "update";
}

/** Does an item of a training job. */
export function performTraining(replica: Replica, job: TrainingJob, item: number): void {
  if (job.kind === "gradients") shardGradients(replica, job, item);
  else if (job.kind === "reduce") reduceSlice(replica, job, item);
  else updateSlice(replica, job, item);
}

function updateSlice({ workbench: { kernels, profile } }: Replica, job: UpdateJob, item: number): void {
  profile?.begin("adam");
  adamSlice(kernels, job.adam, ...sliceOf(job, item));
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
  const { memory, arena } = workbench;
  const { pairs, key, gradients, sums } = job.shards[item]!;
  workbench.profile?.begin("clearing gradients");
  workbench.kernels.clear(gradients, model.parameters.size);
  const dropout = dropoutsOf(model.config);
  workbench.packs.useVersion(job.weights);
  const run = new Computation(workbench, { gradients, dropout, keepPacks: job.keepPacks });
  const masks = Math.max(...Object.values(dropout)) > 0 ? key : undefined;
  const rows = teacherForcedLoss(
    model,
    run,
    viewPairs(memory, pairs),
    job.special,
    job.smoothing,
    job.scale,
    masks,
  );
  let loss = 0;
  let nll = 0;
  for (let i = 0; i < rows.length; i += 3) {
    loss += rows[i]!;
    nll += rows[i + 1]!;
  }
  memory.doubles(sums, 3).set([loss, nll, rows.length / 3]);
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
