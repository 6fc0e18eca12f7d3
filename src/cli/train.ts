import type { Command } from "commander";
import { EXIT, type ExitCode } from "./exitCodes.ts";
import type { Run } from "./program.ts";
import { untilSignal } from "./signals.ts";
import {
  addTrainFlags,
  dataOf,
  newRunOf,
  refuseContradictions,
  settingsOf,
  type TrainFlags,
} from "./trainFlags.ts";

/** Adds `xformer train`. */
export function addTrain(program: Command, run: Run): void {
  const command = program
    .command("train")
    .description("train a model; without a flag, on the bundled Chinese-English corpus");
  addTrainFlags(command)
    .addHelpText(
      "after",
      `
Examples:
  $ npx xformer train
  $ npx xformer train --preset tiny --max-steps 300 --out runs/quick --force
  $ npx xformer train --train data/reverse/train --valid data/reverse/valid --test data/reverse/test --source-lang src --target-lang tgt
  $ npx xformer train --resume runs/zh-en-1 --max-epochs 30

\`xformer data make reverse\` writes the corpus of the third.`,
    )
    .action(run(train));
}

async function train(flags: TrainFlags): Promise<ExitCode> {
  refuseContradictions(flags);
  const [training, { createTrainingReport }] = await Promise.all([
    import("../training/train.ts"),
    import("./ui/trainingReport.ts"),
  ]);
  const report = createTrainingReport(flags);
  const { result, exitCode } = await untilSignal(
    async (signal) => {
      const common = { ...settingsOf(flags), signal, onEvent: report.onEvent };
      return flags.resume === undefined
        ? await training.train({ ...common, ...newRunOf(flags) })
        : await training.resume(flags.resume, { ...common, data: dataOf(flags) });
    },
    report.onSignal,
    report.close,
  );
  report.finish(result);
  return result.interrupted ? exitCode : EXIT.done;
}
