import { totalmem } from "node:os";
import type { CorpusStatistics } from "../data/encodedCorpusFile.ts";
import { XformerError } from "../errors.ts";
import { type ModelConfig, validateModelConfig } from "../model/config.ts";
import { Transformer } from "../model/transformer.ts";
import { MOST_BYTES } from "../tensor/heap.ts";
import { shardMemory } from "./batchMemory.ts";
import type { TrainingConfig } from "./config.ts";
import { copiesInTraining, keepsPacks, shardsFor } from "./step.ts";

/**
 * Refuses a training that cannot fit into memory before anything of it is allocated.
 *
 * @throws XformerError CONFIG saying what it would take, and what there is
 */
export function refuseTooLarge(model: ModelConfig, training: TrainingConfig): void {
  const { count, size } = new Transformer(validateModelConfig(model)).parameters;
  const bytes = 4 * size * copiesInTraining(count, training);
  const machine = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  if (bytes <= Math.min(MOST_BYTES, machine)) return;
  const limit =
    bytes > MOST_BYTES
      ? `no more than ${gibibytes(MOST_BYTES)} can be used`
      : `the machine has ${gibibytes(machine)}`;
  const problem = `to train its ${count.toLocaleString("en")} parameters takes ${gibibytes(bytes)} of memory, but ${limit}`;
  throw new XformerError("CONFIG", `the model is too large: ${problem}`, {
    hint: "Choose a smaller --preset, or fewer layers, narrower ones or a smaller vocabulary.",
  });
}

/** Batches are of a multiple of so many tokens. */
const STEP = 32;
/** Panels of packed weights may be wider than the weights: by so much at most, where matrices are not tiny. */
const PANELS = 1.1;

/**
 * The largest batches that fit where memory is said: as many tokens a side as leave room for the weights, their gradients
 * and moments, and all shards at a time, whatever the number of threads and the kernels.
 *
 * @throws XformerError CONFIG when the longest pair alone does not fit
 */
export function fitToMemory(
  model: ModelConfig,
  training: TrainingConfig,
  { longestSource, longestTarget }: Pick<CorpusStatistics, "longestSource" | "longestTarget">,
): TrainingConfig & { readonly memory: null } {
  const { memory, ...rest } = training;
  if (memory === null) return { ...rest, memory };
  const { count, size } = new Transformer(validateModelConfig(model)).parameters;
  const shards = shardsFor(count);
  const { source, target, once } = shardMemory(model);
  const packs = keepsPacks(count) ? shards * 2 * PANELS * 4 * size : 0;
  // A shard may have a sentence more than its share.
  const slack = shards * (source * (longestSource + 1) + target * (longestTarget + 1));
  const fixed = 4 * size * copiesInTraining(count, training) + packs + shards * once + slack;
  const mostTokens = STEP * Math.floor((memory * 2 ** 20 - fixed) / (source + target) / STEP);
  const longest = Math.max(longestSource, longestTarget) + 1;
  if (mostTokens >= longest) return { ...rest, batchTokens: mostTokens, memory: null };
  const least = fixed + (source + target) * STEP * Math.ceil(longest / STEP);
  const problem = `memory is ${memory} MiB, but the model and its longest pair take ${Math.ceil(least / 2 ** 20)}`;
  throw new XformerError("CONFIG", problem, {
    hint: "Raise --memory, or choose a smaller --preset or a smaller --max-length.",
  });
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
