import type { Command } from "commander";
import type { Exported } from "../interop/folder.ts";
import type { Checkpoint } from "../training/checkpointFormat.ts";
import { EXIT, type ExitCode, type Run } from "./exit.ts";
import { debugOption, modelOption, pathOption } from "./options.ts";

interface ExportFlags {
  readonly model?: string;
  readonly output: string;
}

/** Adds `xformer export` with its commands. */
export function addExport(program: Command, run: Run): void {
  const command = program
    .command("export")
    .description("write a model for other programs: transformers, onnxruntime")
    .addHelpText(
      "after",
      `
Examples:
  $ npx xformer export huggingface --model runs/zh-en-1 --output exported
  $ npx xformer export onnx --model runs/zh-en-1 --output exported-onnx`,
    );
  const add = (
    name: string,
    description: string,
    more: string,
    work: (flags: ExportFlags) => Promise<ExitCode>,
  ) =>
    command
      .command(name)
      .description(description)
      .addOption(modelOption())
      .addOption(pathOption("-o, --output <directory>", "where the files go").makeOptionMandatory())
      .addOption(debugOption())
      .addHelpText("after", more)
      .action(run(work));
  add(
    "huggingface",
    "write what AutoModelForSeq2SeqLM and AutoTokenizer of Hugging Face's transformers open",
    `
Models with their norms after the sublayers become Marian's, with norms before them Pegasus's.
docs/interop.md says what becomes what, and how to go on with CTranslate2, Optimum and transformers.js.

Examples:
  $ npx xformer export huggingface --model runs/zh-en-1 --output exported`,
    exportTo(async (checkpoint, directory) =>
      (await import("../interop/huggingface/export.ts")).exportHuggingFace(checkpoint, directory),
    ),
  );
  add(
    "onnx",
    "write the encoder, and the decoder with its cache, as ONNX graphs for onnxruntime",
    `
examples/onnx/translate.py and translate.mjs translate with them.

Examples:
  $ npx xformer export onnx --model runs/zh-en-1 --output exported-onnx`,
    exportTo(async (checkpoint, directory) =>
      (await import("../interop/onnx/export.ts")).exportOnnx(checkpoint, directory),
    ),
  );
}

/** A command that exports, and says what it has written. */
function exportTo(
  write: (checkpoint: Checkpoint, directory: string) => Promise<Exported>,
): (flags: ExportFlags) => Promise<ExitCode> {
  return async ({ model, output }) => {
    const [{ modelOrNewest }, { loadCheckpoint }, { print, printable, warnings }] = await Promise.all([
      import("./newestRun.ts"),
      import("../training/checkpoint.ts"),
      import("./ui/terminal.ts"),
    ]);
    const { files, notes } = await write(loadCheckpoint(await modelOrNewest(model)), output);
    const warn = warnings(false);
    for (const note of notes) warn(`${note}.`);
    await print(
      `Exported to ${printable(output)}:\n${files.map((file) => `  ${printable(file)}\n`).join("")}`,
    );
    return EXIT.done;
  };
}
