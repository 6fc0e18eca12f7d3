import type { Command } from "commander";
import { EXIT, type ExitCode } from "./exitCodes.ts";
import { addTestPairsOptions, countOption, debugOption } from "./options.ts";
import type { Run } from "./program.ts";
import type { TestFlags } from "./testPairs.ts";

/** Pairs scored at a time: enough for all threads, few enough to see the first numbers soon. */
const PAIRS = 256;

/** Adds `xformer score`. */
export function addScore(program: Command, run: Run): void {
  const command = program
    .command("score")
    .description(
      "print the natural-log probability of each target, with its END, given the source; one number a line",
    );
  addTestPairsOptions(command)
    .addOption(countOption("--threads <n>", "threads to compute on", { to: 256 }))
    .addOption(debugOption())
    .addHelpText(
      "after",
      `
Examples:
  $ npx xformer score --model runs/zh-en-1 --test data/zh-en/test
  $ npx xformer score --model runs/zh-en-1 --test data/zh-en/test | sort -n | head`,
    )
    .action(run(score));
}

async function score(flags: TestFlags): Promise<ExitCode> {
  const [{ loadModel }, { loadTestPairs }, { print }] = await Promise.all([
    import("../trainedModel.ts"),
    import("./testPairs.ts"),
    import("./ui/output.ts"),
  ]);
  const model = await loadModel(flags.model, { threads: flags.threads });
  const { source, target } = loadTestPairs(flags, model.description);
  for (let first = 0; first < source.length; first += PAIRS) {
    const end = first + PAIRS;
    const scores = await model.translator.score(source.slice(first, end), target.slice(first, end));
    await print(scores.map(({ logProbability }) => `${logProbability}\n`).join(""));
  }
  await model.close();
  return EXIT.done;
}
