import { XformerError } from "../errors.ts";
import type { NamedTensor } from "../io/safetensors.ts";
import { floatsIn } from "../model/parameters.ts";
import { Transformer } from "../model/transformer.ts";
import { type Checkpoint, loadCheckpoint, writeCheckpoint } from "./checkpoint.ts";

/**
 * Averages the weights of checkpoints of one model, and writes the mean as a checkpoint of its own: it is often
 * better than any of them (Vaswani et al. 2017, section 6.1). Sums are in double precision. Everything but the
 * weights is that of the first checkpoint.
 *
 * @param paths checkpoint files or run directories; one of them is in memory at a time
 * @param output the file to write
 * @throws XformerError CHECKPOINT or IO when one cannot be read, or is of another model than the first
 */
export function averageCheckpoints(paths: readonly [string, ...string[]], output: string): void {
  const first = loadCheckpoint(paths[0]);
  const declared = Transformer.declare(first.model);
  const sums = declared.map(({ shape }) => new Float64Array(floatsIn(shape)));
  for (const [i, path] of paths.entries()) {
    const checkpoint = i === 0 ? first : loadCheckpoint(path);
    refuseOther(checkpoint, first);
    for (const [j, { name }] of declared.entries()) addTo(sums[j]!, checkpoint, name);
  }
  const tensors: NamedTensor[] = declared.map(({ name, shape }, j) => ({
    name,
    shape,
    data: Float32Array.from(sums[j]!, (sum) => sum / paths.length),
  }));
  writeCheckpoint(output, tensors, first);
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

/** Weights can be averaged only where they mean the same: in one model over one vocabulary. */
function refuseOther(checkpoint: Checkpoint, first: Checkpoint): void {
  const parts = [
    ["model", checkpoint.model, first.model],
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
