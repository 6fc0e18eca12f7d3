import type { Command } from "commander";
import { XformerError } from "../errors.ts";
import type { PageOfRun } from "../report/training.ts";
import type { TrainingEvent } from "../training/events.ts";
import type { TrainResult } from "../training/run.ts";
import { EXIT, type ExitCode, type Run, untilSignal } from "./exit.ts";
import { addTrainFlags, refuseContradictions, type TrainFlags } from "./trainFlags.ts";

/** Adds `xformer train`. */
export function addTrain(program: Command, run: Run): void {
  const command = program
    .command("train")
    .description("train a model; without a flag, on the bundled Chinese-English corpus")
    .argument("[corpus]", "as --train, or a folder with train and, if there are any, valid and test in it");
  addTrainFlags(command)
    .addHelpText(
      "after",
      `
Examples:
  $ npx xformer train
  $ npx xformer train --preset tiny --max-steps 300 --out runs/quick --force
  $ npx xformer train --train data/zh-en/train --valid data/zh-en/valid --source-lang en --target-lang zh --out runs/back
  $ npx xformer train --resume runs/quick --max-epochs 30
  $ npx xformer train --minutes 5
  $ npx xformer train data/zh-en-news --from runs/zh-en-1 --extend-vocabulary --freeze decoder
  $ npx xformer data make reverse
  $ npx xformer train data/reverse --preset tiny --tokenizer char
  $ npx xformer data make numbers
  $ npx xformer train --config examples/numbers.yaml --seed 2
  $ npx xformer train --config examples/numbers.yaml --print-config`,
    )
    .action(run(train));
}

async function train(corpus: string | undefined, flags: TrainFlags): Promise<ExitCode> {
  refuseContradictions(flags, corpus);
  const { givenSettings, namedOrigins, newRunOf, printConfig, resumedOf } = await import("./trainConfig.ts");
  const given = await givenSettings(flags, corpus);
  if (flags.printConfig) {
    await printConfig(flags, given);
    return EXIT.done;
  }
  const [training, { createTrainingReport }] = await Promise.all([
    import("../training/train.ts"),
    import("./ui/trainingReport.ts"),
  ]);
  const report = createTrainingReport(flags, namedOrigins(given));
  const { result, exitCode } = await untilSignal(
    withSignal(async (signal) => {
      const { force, profile, prepare } = flags;
      const common = { profile, prepare, signal, onEvent: report.onEvent };
      return flags.resume === undefined
        ? await training.train({ ...newRunOf(given), ...common, force: force ?? false })
        : await training.resume(flags.resume, { ...resumedOf(given), ...common });
    }),
    report.onSignal,
    report.close,
  );
  if (result === null) {
    process.stderr.write("Stopped before training had begun: nothing has changed.\n");
    return exitCode;
  }
  const isAtEnd = !result.interrupted && !result.prepared;
  const page = isAtEnd && flags.report ? await pageOf(result, report.onEvent) : null;
  report.finish(result, page);
  return result.interrupted ? exitCode : EXIT.done;
}

/** Leaves a page about the run in its directory. The run is done: nothing that keeps the page from being is its failure. */
async function pageOf(
  result: TrainResult,
  onEvent: (event: TrainingEvent) => void,
): Promise<PageOfRun | null> {
  const { pageAtEnd } = await import("./pageAtEnd.ts");
  try {
    return await pageAtEnd(result);
  } catch (error) {
    const reason = error instanceof XformerError ? error.oneLine : String(error);
    onEvent({ type: "warning", message: `there is no report of the run: ${reason}` });
    return null;
  }
}

/** Gives null for work that a signal has ended before there was anything to save. */
function withSignal<T>(
  work: (signal: AbortSignal) => Promise<T>,
): (signal: AbortSignal) => Promise<T | null> {
  return async (signal) => {
    try {
      return await work(signal);
    } catch (error) {
      if (signal.aborted && error === signal.reason) return null;
      throw error;
    }
  };
}
