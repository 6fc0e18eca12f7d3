import { setImmediate } from "node:timers/promises";
import { XformerError } from "../errors.ts";
import { averaging, keptCheckpoints } from "../training/checkpointAverage.ts";
import type { CallOptions } from "./calls.ts";

/** Checkpoints that a run has kept. */
export interface KeptCheckpoints {
  readonly run: string;
  readonly which: "best" | "last";
  readonly count: number;
}

/**
 * Averages the weights of checkpoints of one model, and writes the mean as a checkpoint of its own: it is often better
 * than any of them (Vaswani et al. 2017, section 6.1).
 *
 * @param checkpoints files or run directories, or those that a run has kept
 * @param output the file to write
 * @returns the files whose mean it is
 * @throws XformerError CHECKPOINT or IO when one cannot be read, or is of another model than the first; USAGE without any;
 *   the reason of the signal when it aborts, and then nothing is written
 *
 * @example
 * await average({ run: "runs/kept", which: "best", count: 5 }, "average.safetensors");
 */
export async function average(
  checkpoints: readonly string[] | KeptCheckpoints,
  output: string,
  { signal, onProgress }: CallOptions = {},
): Promise<readonly string[]> {
  const files =
    "run" in checkpoints
      ? keptCheckpoints(checkpoints.run, checkpoints.which, checkpoints.count)
      : checkpoints;
  if (files.length === 0)
    throw new XformerError("USAGE", "there is nothing to average", { hint: "Name checkpoints." });
  signal?.throwIfAborted();
  let done = 0;
  for (const _ of averaging(files, output)) {
    onProgress?.({ unit: "checkpoints", done: ++done, total: files.length });
    await setImmediate();
    signal?.throwIfAborted();
  }
  return files;
}
