import { totalmem } from "node:os";
import { XformerError } from "../errors.ts";
import { type ModelConfig, validateModelConfig } from "../model/config.ts";
import { Transformer } from "../model/transformer.ts";
import { MOST_BYTES } from "../tensor/heap.ts";
import type { TrainingConfig } from "./config.ts";
import { copiesInTraining } from "./step.ts";

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

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
