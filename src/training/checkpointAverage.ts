import { existsSync } from "node:fs";
import { XformerError } from "../errors.ts";
import type { NamedTensor } from "../io/safetensors.ts";
import { ARCHITECTURE, type ModelConfig } from "../model/config.ts";
import { floatsIn } from "../model/parameters.ts";
import { Transformer } from "../model/transformer.ts";
import { describeCheckpoint, loadCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import type { Checkpoint } from "./checkpointFormat.ts";
import { RunDirectory } from "./runDirectory.ts";

/**
 * Averages the weights of checkpoints of one model, and writes the mean as a checkpoint of its own: it is often
 * better than any of them (Vaswani et al. 2017, section 6.1). Sums are in double precision. Everything but the
 * weights is that of the first checkpoint.
 *
 * @param paths checkpoint files or run directories, at least one; two of them are in memory at a time
 * @param output the file to write
 * @throws XformerError CHECKPOINT or IO when one cannot be read, or is of another model than the first
 * @throws RangeError when there is none
 */
export function averageCheckpoints(paths: readonly string[], output: string): void {
  for (const _ of averaging(paths, output));
}

/** The same, with a step for each checkpoint. */
export function* averaging(paths: readonly string[], output: string): Generator<void, void, undefined> {
  if (paths[0] === undefined) throw new RangeError("there is nothing to average");
  const first = loadCheckpoint(paths[0]);
  const declared = new Transformer(first.model).parameters.list;
  const sums = declared.map(({ shape }) => new Float64Array(floatsIn(shape)));
  for (const [i, path] of paths.entries()) {
    const checkpoint = i === 0 ? first : loadCheckpoint(path);
    refuseOther(checkpoint, first);
    for (const [j, { name }] of declared.entries()) addTo(sums[j]!, checkpoint, name);
    yield;
  }
  const tensors: NamedTensor[] = declared.map(({ name, shape }, j) => ({
    name,
    shape,
    data: Float32Array.from(sums[j]!, (sum) => sum / paths.length),
  }));
  writeCheckpoint(output, tensors, first);
}

/**
 * The checkpoints that a run has kept, the newest or the best first.
 *
 * @param directory the run
 * @param count how many of them
 * @throws XformerError CHECKPOINT when it has kept fewer
 */
export function keptCheckpoints(directory: string, which: "best" | "last", count: number): string[] {
  const run = new RunDirectory(directory);
  const { kept } = describeCheckpoint(run.last).training;
  const files = kept[which].map((step) => run.checkpoint(step)).filter(existsSync);
  if (files.length >= count) return files.slice(0, count);
  const has = files.length === 1 ? "1 checkpoint" : `${files.length} checkpoints`;
  throw new XformerError("CHECKPOINT", `this run has kept ${has} of the ${which}, not ${count}`, {
    file: directory,
    hint: `Train with --keep-${which} ${count}.`,
  });
}

function addTo(sum: Float64Array, { file, tensors }: Checkpoint, name: string): void {
  const data = tensors.get(name)?.data;
  if (data?.length !== sum.length) {
    throw new XformerError("CHECKPOINT", `tensor ${name} is missing or has another shape than its model`, {
      file,
      hint: "Use another copy, or train again.",
    });
  }
  for (let i = 0; i < sum.length; i++) sum[i]! += data[i]!;
}

/** What of a model says what its weights mean: one that was started from another may have been trained with other dropouts. */
function weightsOf(model: ModelConfig): unknown[] {
  return [...ARCHITECTURE, "sourceVocabSize" as const, "targetVocabSize" as const].map(
    (field) => model[field],
  );
}

/** Weights can be averaged only where they mean the same: in one model over one vocabulary. */
function refuseOther(checkpoint: Checkpoint, first: Checkpoint): void {
  const parts = [
    ["model", weightsOf(checkpoint.model), weightsOf(first.model)],
    ["source tokenizer", checkpoint.sourceTokenizer, first.sourceTokenizer],
    ["target tokenizer", checkpoint.targetTokenizer, first.targetTokenizer],
  ] as const;
  for (const [what, own, wanted] of parts) {
    if (JSON.stringify(own) === JSON.stringify(wanted)) continue;
    throw new XformerError("CHECKPOINT", `its ${what} is not that of ${first.file}`, {
      file: checkpoint.file,
      hint: "Average checkpoints of one run.",
    });
  }
}
