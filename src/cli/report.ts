import type { Command } from "commander";
import { XformerError } from "../errors.ts";
import type { RunReport } from "../report/runReport.ts";
import { addComputingOptions, type ComputingFlags } from "./computing.ts";
import { EXIT, type ExitCode, type Run } from "./exit.ts";
import { debugOption, pathOption } from "./options.ts";
import { addPageOptions, halfOption, hand, type PageFlags, printBlocks } from "./pages.ts";
import type { OpenedRun, TestPairs } from "./runReport.ts";
import type { Warn } from "./ui/terminal.ts";

interface ReportFlags extends PageFlags, ComputingFlags {
  readonly test?: string;
  readonly model: boolean;
  readonly half?: boolean;
  readonly source?: string;
  readonly json?: boolean;
}

/** Adds `xformer report`. */
export function addReport(program: Command, run: Run): void {
  const command = program
    .command("report")
    .description("make a page about a run, with its model inside, or one that compares runs; offline")
    .argument(
      "[runs...]",
      "run directories; the first is what others are held against (default: the newest run)",
    )
    .addOption(
      pathOption(
        "--test <path>",
        "held-out pairs: a .tsv of two columns, or a prefix (default: the run's own)",
      ),
    )
    .option("-s, --source <text>", "the sentence that the explorer begins with (default: one of the report)")
    .option("--no-model", "leave the model and its explorer out: a page of 0.2 MB")
    .addOption(halfOption());
  addComputingOptions(addPageOptions(command, "report.html"))
    .option("--json", "the same as JSON on stdout, and no page")
    .addOption(debugOption())
    .addHelpText(
      "after",
      `
Examples:
  $ npx xformer report
  $ npx xformer report runs/zh-en-1 --no-open
  $ npx xformer report runs/zh-en-1 --test data/zh-en/valid --half --output half.html --no-open
  $ npx xformer report runs/zh-en-1 runs/zh-en-2 --output compared.html --no-open
  $ npx xformer report runs/zh-en-1 --json`,
    )
    .action(run(report));
}

async function report(paths: readonly string[], flags: ReportFlags): Promise<ExitCode> {
  refuseContradictions(paths, flags);
  const [{ modelOrNewest }, { openRun }, { warnings }] = await Promise.all([
    import("./newestRun.ts"),
    import("./runReport.ts"),
    import("./ui/terminal.ts"),
  ]);
  const notes: string[] = [];
  const warn = warnings(false);
  const note: Warn = (message) => void notes.push(message);
  const names = paths.length === 0 ? [await modelOrNewest(undefined, false, "")] : paths;
  const runs: OpenedRun[] = [];
  for (const name of names) runs.push(await openRun(name, note));
  const pairs = await testPairs(runs, flags, note);
  const found = await gather(runs, pairs, flags, notes, warn);
  for (const each of found.notes) warn(each);
  await tell(found, runs, pairs, flags);
  return EXIT.done;
}

/** @throws XformerError USAGE for flags that mean nothing for so many runs */
function refuseContradictions(
  paths: readonly string[],
  { half, model, source, output, json }: ReportFlags,
): void {
  const refuse = (problem: string): never => {
    throw new XformerError("USAGE", problem, { hint: "Leave it out." });
  };
  const twice = paths.find((path, i) => paths.indexOf(path) !== i);
  if (twice !== undefined) refuse(`${twice}: this run is named a second time`);
  if (json && output !== undefined) refuse("--output: with --json there is no page");
  const explained = half ? "--half" : source === undefined ? undefined : "--source";
  if (explained === undefined) return;
  if (json) refuse(`${explained}: with --json there is no page`);
  if (paths.length > 1) refuse(`${explained}: a page that compares runs has no model in it`);
  if (!model) refuse(`${explained}: with --no-model there is none`);
}

/** The pairs that all runs are held against: those that are named, or those of the first. */
async function testPairs(
  runs: readonly OpenedRun[],
  { test }: ReportFlags,
  note: Warn,
): Promise<TestPairs | null> {
  const [first, ...others] = runs as [OpenedRun, ...OpenedRun[]];
  const [{ pairsOf }, { loadTestPairs }] = await Promise.all([
    import("./runReport.ts"),
    import("./input.ts"),
  ]);
  if (test !== undefined) return { ...loadTestPairs({ test }, first.checkpoint), from: test };
  const pairs = await pairsOf(first, note);
  for (const other of others) {
    const theirs = await pairsOf(other, note);
    if (pairs === null || JSON.stringify(theirs?.source) === JSON.stringify(pairs.source)) continue;
    note(
      `${other.name} has other held-out pairs than ${first.name}, and may have been trained on some of these; --test names pairs for both.`,
    );
  }
  return pairs;
}

/** Has every run's model translate the pairs, and puts together what there is to say. */
async function gather(
  runs: readonly OpenedRun[],
  pairs: TestPairs | null,
  flags: ReportFlags,
  notes: readonly string[],
  warn: Warn,
): Promise<RunReport> {
  const { measureRun, reportOf, reportOfAll } = await import("./runReport.ts");
  const lowercase = runs.some(({ checkpoint }) => checkpoint.targetTokenizer.lowercase);
  const measured = [];
  for (const run of pairs === null ? [] : runs)
    measured.push(await measureRun(run, pairs!, lowercase, flags, warn));
  const [first, ...others] = runs as [OpenedRun, ...OpenedRun[]];
  if (others.length === 0) {
    const [own] = measured;
    return reportOf(first, own === undefined ? null : { ...own, from: pairs!.from }, notes);
  }
  return reportOfAll(
    runs,
    pairs,
    measured.map((each) => each.measured),
    notes,
  );
}

/** Prints the report as JSON, or writes its page. */
async function tell(
  found: RunReport,
  [run]: readonly OpenedRun[],
  pairs: TestPairs | null,
  flags: ReportFlags,
): Promise<void> {
  const { json, model, half = false, source } = flags;
  if (json) {
    const { jsonLines, print } = await import("./ui/terminal.ts");
    await print(jsonLines(found));
    return;
  }
  const [{ reportPage, sentenceOf }, { loadCheckpoint }] = await Promise.all([
    import("./webPage.ts"),
    import("../training/checkpoint.ts"),
  ]);
  if (found.run === null || !model) {
    await hand(reportPage(found, null), "report.html", flags);
    return;
  }
  const checkpoint = loadCheckpoint(run!.name);
  const sentence = source ?? sentenceOf(found, checkpoint);
  if (!half) {
    await hand(reportPage(found, { checkpoint, half, sentence }), "report.html", flags);
    return;
  }
  const { halfScoresDocument, withHalfWeights } = await import("./halfScores.ts");
  const narrow = withHalfWeights(checkpoint);
  await hand(reportPage(found, { checkpoint: narrow, half, sentence }), "report.html", flags);
  await printBlocks(await halfScoresDocument(checkpoint, narrow, pairs, sentence));
}
