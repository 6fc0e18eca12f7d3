import type { Command } from "commander";
import { EXIT, type ExitCode, type Run } from "./exit.ts";
import { debugOption, modelOption } from "./options.ts";

interface InspectFlags {
  readonly model?: string;
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
  const [
    { modelOrNewest },
    { describeCheckpoint },
    { inspection, inspectionDocument },
    { canvasFor, render },
    { jsonLines, print },
  ] = await Promise.all([
    import("./newestRun.ts"),
    import("../training/checkpoint.ts"),
    import("../report/inspection.ts"),
    import("./ui/render.ts"),
    import("./ui/terminal.ts"),
  ]);
  const found = inspection(describeCheckpoint(await modelOrNewest(flags.model)));
  await print(flags.json ? jsonLines(found) : render(inspectionDocument(found), canvasFor(process.stdout)));
  return EXIT.done;
}
