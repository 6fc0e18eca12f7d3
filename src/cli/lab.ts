import { join } from "node:path";
import { type Command, Option } from "commander";
import { XformerError } from "../errors.ts";
import type { LabEnd } from "../lab/lab.ts";
import { isInRange, parseNumber } from "../valueType.ts";
import { EXIT, type ExitCode, type Run, untilSignal } from "./exit.ts";
import { countOption, debugOption, numberOption, pathOption } from "./options.ts";

interface LabFlags {
  readonly list?: boolean;
  readonly hours?: number;
  readonly steps?: number;
  readonly seeds?: readonly number[];
  readonly out?: string;
  readonly threads?: number;
  readonly atOnce?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Adds `xformer lab`. */
export function addLab(program: Command, run: Run): void {
  program
    .command("lab")
    .description("answer a question by experiment: a grid of settings and seeds, with confidence intervals")
    .argument("[experiment]", "a YAML file, or the name of one that comes along")
    .option("--list", "show the experiments that come along")
    .addOption(
      numberOption("--hours <n>", "train all runs for as many steps as let them fit into so many hours", {
        above: 0,
        to: 1000,
      }),
    )
    .addOption(
      countOption("--steps <n>", "steps of each run, instead of those of the experiment", { to: 1e9 }),
    )
    .addOption(seedsOption())
    .addOption(pathOption("--out <directory>", "where runs and results go (default: runs/lab/<experiment>)"))
    .addOption(countOption("--threads <n>", "threads in all (default: one a core)", { to: 256 }))
    .addOption(
      countOption("--at-once <n>", "runs at a time (default: one, or one a thread, whichever is sooner)", {
        to: 256,
      }).conflicts("list"),
    )
    .option("--json", "events and results as JSON lines on stdout")
    .option("-q, --quiet", "only errors and the table")
    .addOption(debugOption())
    .addHelpText(
      "after",
      `
A lab that was stopped or killed goes on when it is started again.

Examples:
  $ npx xformer lab --list
  $ npx xformer lab heads --steps 100 --seeds 1,2
  $ npx xformer lab examples/lab/heads.yaml --steps 100 --seeds 1,2 --json`,
    )
    .action(run(lab));
}

/** `--seeds 1,2,3`. */
function seedsOption(): Option {
  const option = new Option("--seeds <list>", "seeds of the runs, instead of those of the experiment");
  return option.argParser((text): readonly number[] => {
    const seeds = text.split(",").map((part) => parseNumber(part.trim()));
    const areSeeds = seeds.every((seed) => isInRange(seed, { whole: true, from: 0, to: 0xffff_ffff }));
    if (areSeeds && new Set(seeds).size === seeds.length) return seeds;
    throw new XformerError("USAGE", `--seeds: expected different whole numbers, got "${text}"`, {
      hint: "Put commas between them: 1,2,3.",
    });
  });
}

async function lab(given: string | undefined, flags: LabFlags): Promise<ExitCode> {
  if (flags.list) return list(given, flags);
  if (given === undefined) {
    throw new XformerError("USAGE", "no experiment is named", {
      hint: "Name a file, or one of those that `npx xformer lab --list` shows.",
    });
  }
  if (flags.hours !== undefined && flags.steps !== undefined) {
    throw new XformerError("USAGE", "--hours: the steps are given by --steps", {
      hint: "Give one of the two.",
    });
  }
  const [{ experimentFile, readExperiment }, { runLab }, { createLabReport }] = await Promise.all([
    import("../lab/experimentFile.ts"),
    import("../lab/lab.ts"),
    import("./ui/labReport.ts"),
  ]);
  const experiment = readExperiment(experimentFile(given));
  const { seeds = experiment.seeds, json: _, quiet: __, ...options } = flags;
  const report = createLabReport(flags, experiment.title);
  const { result, exitCode } = await untilSignal(
    (signal) => runLab({ ...experiment, seeds }, { ...options, signal, onEvent: report.onEvent }),
    report.onSignal,
    report.close,
  );
  await writePage(result);
  await report.finish(result);
  if (result.stopped === "signal") return exitCode;
  return result.failed > 0 ? EXIT.failed : EXIT.done;
}

/** Writes the page with the table and the curves. */
async function writePage({ directory, results }: LabEnd): Promise<void> {
  const [{ atomicWrite }, { labReport }, { RunDirectory }, { reportPage }] = await Promise.all([
    import("../io/atomicWrite.ts"),
    import("../report/lab.ts"),
    import("../training/runDirectory.ts"),
    import("./webPage.ts"),
  ]);
  const page = reportPage(
    labReport(results, (run) => new RunDirectory(run).records()),
    null,
  );
  atomicWrite(join(directory, "report.html"), (write) => write(page));
}

async function list(given: string | undefined, { json = false }: LabFlags): Promise<ExitCode> {
  if (given !== undefined) {
    throw new XformerError("USAGE", `--list shows all experiments, not ${given}`, { hint: "Leave it out." });
  }
  const [{ bundledExperiments }, { labListDocument }, { canvasFor, render }, terminal] = await Promise.all([
    import("../lab/experimentFile.ts"),
    import("../report/lab.ts"),
    import("./ui/render.ts"),
    import("./ui/terminal.ts"),
  ]);
  const experiments = bundledExperiments();
  const listed = experiments.map(({ name, title, about, minutes, file }) => ({
    ...{ name, title, about: about ?? null, minutes: minutes ?? null, file },
  }));
  await terminal.print(
    json ? terminal.jsonLines(listed) : render(labListDocument(experiments), canvasFor(process.stdout)),
  );
  return EXIT.done;
}
