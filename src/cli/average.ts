import type { Command } from "commander";
import { XformerError } from "../errors.ts";
import { EXIT, type ExitCode, type Run } from "./exit.ts";
import { countOption, debugOption, pathOption } from "./options.ts";

interface AverageFlags {
  readonly output?: string;
  readonly run?: string;
  readonly last?: number;
  readonly best?: number;
  readonly quiet?: boolean;
}

/** Adds `xformer average`. */
export function addAverage(program: Command, run: Run): void {
  program
    .command("average")
    .description("average the weights of checkpoints of one model into one")
    .argument("[checkpoints...]", "checkpoint files or run directories")
    .addOption(pathOption("-o, --output <file>", "where it goes (with --run: its average.safetensors)"))
    .addOption(pathOption("--run <directory>", "average checkpoints that a run has kept"))
    .addOption(countOption("--last <n>", "with --run: the last n"))
    .addOption(countOption("--best <n>", "with --run: the best n"))
    .option("-q, --quiet", "no word about what was averaged")
    .addOption(debugOption())
    .addHelpText(
      "after",
      `
A run keeps as many as --keep-last and --keep-best of \`xformer train\` say.

Examples:
  $ npx xformer train --keep-best 5 --validate-every 100 --out runs/kept
  $ npx xformer average --run runs/kept --best 5
  $ npx xformer average runs/kept/best.safetensors runs/kept/last.safetensors --output both.safetensors`,
    )
    .action(run(average));
}

async function average(paths: readonly string[], flags: AverageFlags): Promise<ExitCode> {
  const { averageCheckpoints } = await import("../training/checkpointAverage.ts");
  const { files, output } =
    flags.run === undefined ? named(paths, flags) : await kept(flags.run, paths, flags);
  averageCheckpoints(files, output);
  if (flags.quiet) return EXIT.done;
  const { print, printable } = await import("./ui/terminal.ts");
  await print(
    `Averaged into ${printable(output)}:\n${files.map((file) => `  ${printable(file)}\n`).join("")}`,
  );
  return EXIT.done;
}

interface Plan {
  readonly files: readonly string[];
  readonly output: string;
}

function named(paths: readonly string[], { last, best, output }: AverageFlags): Plan {
  if (last !== undefined) throw refused("--last: it takes a run to choose from", "Give --run.");
  if (best !== undefined) throw refused("--best: it takes a run to choose from", "Give --run.");
  if (paths.length === 0)
    throw refused("there is nothing to average", "Name checkpoints, or a run with --run.");
  if (output === undefined) throw refused("it is not said where the average goes", "Give --output.");
  return { files: paths, output };
}

async function kept(
  run: string,
  paths: readonly string[],
  { last, best, output }: AverageFlags,
): Promise<Plan> {
  if (paths.length > 0) throw refused("--run: checkpoints are named as well", "Leave one of the two out.");
  if (last !== undefined && best !== undefined)
    throw refused("--last: --best is given as well", "Leave one of the two out.");
  const count = last ?? best;
  if (count === undefined)
    throw refused("--run: it is not said which of its checkpoints", "Give --last or --best, and how many.");
  const [{ keptCheckpoints }, { RunDirectory }] = await Promise.all([
    import("../training/checkpointAverage.ts"),
    import("../training/runDirectory.ts"),
  ]);
  const files = keptCheckpoints(run, last === undefined ? "best" : "last", count);
  return { files, output: output ?? new RunDirectory(run).average };
}

function refused(problem: string, hint: string): XformerError {
  return new XformerError("USAGE", problem, { hint });
}
