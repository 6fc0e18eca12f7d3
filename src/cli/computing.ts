import type { Command } from "commander";
import { KERNEL_SETS, type KernelSetName } from "../kernels/kernels.ts";
import type { LoadedModel } from "../loadedModel.ts";
import { choiceOption, countOption } from "./options.ts";
import type { Warn } from "./ui/terminal.ts";

/** The flags that say on what to compute. */
export interface ComputingFlags {
  readonly threads?: number;
  readonly kernels?: KernelSetName;
}

/** Gives a command that computes with a model its `--threads` and `--kernels`. */
export function addComputingOptions(command: Command): Command {
  return command
    .addOption(countOption("--threads <n>", "threads to compute on", { to: 256 }))
    .addOption(choiceOption("--kernels <set>", "what computes", KERNEL_SETS, "the fastest there are"));
}

/** Loads a model, or several as an ensemble, to compute with it as the flags say. */
export async function openModel(
  path: string | readonly string[],
  { threads, kernels }: ComputingFlags,
  warn: Warn,
): Promise<LoadedModel> {
  const { loadFiles } = await import("../loadedModel.ts");
  const model = await loadFiles(path, { threads, kernels });
  if (model.warning !== undefined) warn(model.warning);
  return model;
}
