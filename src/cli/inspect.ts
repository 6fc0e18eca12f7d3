import type { Command } from "commander";
import { EXIT, type ExitCode } from "./exitCodes.ts";
import { debugOption, modelOption } from "./options.ts";
import type { Run } from "./program.ts";

interface InspectFlags {
  readonly model: string;
  readonly json?: boolean;
}

/** Adds `xformer inspect`. */
export function addInspect(program: Command, run: Run): void {
  program
    .command("inspect")
    .description("show what a checkpoint holds: configuration, tensors, parameter counts, training history")
    .addOption(modelOption())
    .option("--json", "one JSON object on stdout")
    .addOption(debugOption())
    .addHelpText(
      "after",
      `
Examples:
  $ npx xformer inspect --model runs/zh-en-1
  $ npx xformer inspect --model runs/zh-en-1/last.safetensors --json`,
    )
    .action(run(inspect));
}

async function inspect(flags: InspectFlags): Promise<ExitCode> {
  const [{ describeCheckpoint }, { inspection, inspectionText }, { print }, { coloursFor }] =
    await Promise.all([
      import("../training/checkpoint.ts"),
      import("./ui/inspection.ts"),
      import("./ui/output.ts"),
      import("./ui/colour.ts"),
    ]);
  const found = inspection(describeCheckpoint(flags.model));
  await print(flags.json ? `${JSON.stringify(found)}\n` : inspectionText(found, coloursFor(process.stdout)));
  return EXIT.done;
}
