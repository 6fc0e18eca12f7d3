import type { Command } from "commander";
import { XformerError } from "../errors.ts";
import type { LoadedModel } from "../loadedModel.ts";
import { addComputingOptions, type ComputingFlags, openModel } from "./computing.ts";
import { tagOption } from "./decodingFlags.ts";
import { EXIT, type ExitCode, type Run } from "./exit.ts";
import type { NBestEntry } from "./nBestList.ts";
import { debugOption, modelOption, numberOption, pathOption } from "./options.ts";

/** Pairs scored at a time: enough for all threads, few enough to see the first numbers soon. */
const PAIRS = 256;

interface ScoreFlags extends ComputingFlags {
  readonly model?: string;
  readonly reverseModel?: string;
  readonly test?: string;
  readonly sourceLang?: string;
  readonly targetLang?: string;
  readonly nbest?: string;
  readonly input?: string;
  readonly perToken?: boolean;
  readonly lengthPenalty?: number;
  readonly tag?: string;
}

/** Adds `xformer score`. */
export function addScore(program: Command, run: Run): void {
  const command = program
    .command("score")
    .description(
      "print the natural-log probability of each target, with its END, given the source; or rank an n-best list anew",
    )
    .addOption(modelOption())
    .addOption(pathOption("--reverse-model <path>", "a model of the other direction: score both"))
    .addOption(pathOption("--test <path>", "pairs: a .tsv of two columns, or a prefix of two files"))
    .option("--source-lang <tag>", "file ending of the source (default: the model's source language)")
    .option("--target-lang <tag>", "file ending of the target (default: the model's target language)")
    .option("--per-token", "add the mean of the tokens, and the log-probability of each")
    .addOption(
      pathOption("--nbest <file>", "n-best list in Moses' format to rank anew; - for standard input"),
    )
    .addOption(pathOption("-i, --input <file>", "of --nbest: the lines that were translated"))
    .addOption(
      numberOption("--length-penalty <a>", "of --nbest: alpha, as in translate (default: 1)", { from: 0 }),
    );
  addComputingOptions(command.addOption(tagOption()))
    .addOption(debugOption())
    .addHelpText(
      "after",
      `
Examples:
  $ npx xformer score --model runs/zh-en-1 --test data/zh-en/test
  $ npx xformer score --model runs/zh-en-1 --test data/zh-en/test --per-token | sort -n | head -3
  $ npx xformer translate --model runs/zh-en-1 --input data/zh-en/test.zh --beam 5 --n-best 5 --output list.txt
  $ npx xformer score --model runs/zh-en-1 --nbest list.txt --input data/zh-en/test.zh`,
    )
    .action(run(score));
}

async function score(flags: ScoreFlags): Promise<ExitCode> {
  const { test, nbest, input } = flags;
  if ((test === undefined) === (nbest === undefined)) {
    throw new XformerError("USAGE", "there has to be either --test or --nbest", {
      hint: "Give pairs with --test, or an n-best list with --nbest and --input.",
    });
  }
  if ((nbest === undefined) !== (input === undefined)) {
    throw new XformerError("USAGE", "--nbest and --input go together", {
      hint: "Name the list and the lines of which it is.",
    });
  }
  const warn = (await import("./ui/terminal.ts")).warnings(false);
  const { modelOrNewest } = await import("./newestRun.ts");
  const forward = await openModel(await modelOrNewest(flags.model), flags, warn);
  const backward =
    flags.reverseModel === undefined ? undefined : await openModel(flags.reverseModel, flags, warn);
  if (test !== undefined) await scorePairs({ ...flags, test }, forward, backward);
  else await rerankList(nbest!, input!, flags, forward, backward);
  await Promise.all([forward.close(), backward?.close()]);
  return EXIT.done;
}

async function scorePairs(
  flags: ScoreFlags & { readonly test: string },
  forward: LoadedModel,
  backward: LoadedModel | undefined,
): Promise<void> {
  const [{ loadTestPairs }, { print }, { formatScores, scoreBothWays }] = await Promise.all([
    import("./input.ts"),
    import("./ui/terminal.ts"),
    import("./scoreLines.ts"),
  ]);
  const { source, target } = loadTestPairs(flags, forward.description);
  for (let first = 0; first < source.length; first += PAIRS) {
    const end = first + PAIRS;
    const [sources, targets] = [source.slice(first, end), target.slice(first, end)];
    const scores = await scoreBothWays(forward.translator, backward?.translator, sources, targets, flags.tag);
    await print(scores.map((both) => formatScores(both, flags.perToken ?? false)).join(""));
  }
}

async function rerankList(
  file: string,
  input: string,
  { lengthPenalty = 1, tag }: ScoreFlags,
  forward: LoadedModel,
  backward: LoadedModel | undefined,
): Promise<void> {
  const [
    { readLines },
    { openLines },
    { parseNBest },
    { rerank, scoreBothWays },
    { print, shownLines, warnings },
  ] = await Promise.all([
    import("../io/lines.ts"),
    import("./input.ts"),
    import("./nBestList.ts"),
    import("./scoreLines.ts"),
    import("./ui/terminal.ts"),
  ]);
  const lines = readLines(input);
  const name = file === "-" ? "standard input" : file;
  const warn = warnings(false);
  const finish = async (entries: readonly NBestEntry[]): Promise<void> => {
    const sources = entries.map((entry) => lines[entry.line]!);
    const targets = entries.map(({ text }) => text);
    const scores = await scoreBothWays(forward.translator, backward?.translator, sources, targets, tag);
    await print(shownLines(rerank(entries, scores, lengthPenalty)));
  };
  let entries: NBestEntry[] = [];
  let number = 0;
  const onInvalid = (line: number): void => warn(`${name}:${line}: invalid UTF-8, read as \ufffd.`);
  for await (const text of openLines(file === "-" ? undefined : file, onInvalid)) {
    const entry = parseNBest(text, { file: name, line: ++number }, lines.length);
    // A list may be cut only where another source line begins.
    if (entries.length >= PAIRS && entries.at(-1)!.line !== entry.line) {
      await finish(entries);
      entries = [];
    }
    entries.push(entry);
  }
  await finish(entries);
}
