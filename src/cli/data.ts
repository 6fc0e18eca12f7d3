import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { fileSystemError, XformerError } from "../errors.ts";
import { atomicWrite } from "../io/atomicWrite.ts";
import { makeDirectory } from "../io/makeDirectory.ts";
import { EXIT, type ExitCode, type Run } from "./exit.ts";
import { asInvoked } from "./invocation.ts";
import { choiceArgument, countOption, debugOption, pathOption } from "./options.ts";

/** The tasks by name; the tasks themselves are loaded when one is made. */
const TASKS = ["reverse", "copy", "sort", "dates", "numbers", "sounds", "zh-en", "zh-en-news"] as const;

interface MakeFlags {
  readonly out?: string;
  readonly seed?: number;
  readonly train?: number;
  readonly valid?: number;
  readonly test?: number;
  readonly lengths?: readonly [number, number];
  readonly force?: boolean;
}

/** They are made in memory. */
const MOST_PAIRS = 1_000_000;

/** Adds `xformer data` with its commands. */
export function addData(program: Command, run: Run): void {
  const data = program.command("data").description("make corpora");
  data
    .command("make")
    .description("write a corpus of any size, the same for the same seed")
    .addArgument(choiceArgument("<task>", `what to learn (${TASKS.join(", ")})`, TASKS))
    .addOption(pathOption("--out <directory>", "where its files go (default: data/<task>)"))
    .addOption(countOption("--seed <n>", "where every random number starts", { from: 0, to: 0xffff_ffff }))
    .addOption(
      countOption("--train <n>", "training pairs (default: 10000; 200 for zh-en-news)", { to: MOST_PAIRS }),
    )
    .addOption(
      countOption("--valid <n>", "validation pairs (default: 500; 100 for zh-en-news)", {
        from: 0,
        to: MOST_PAIRS,
      }),
    )
    .addOption(
      countOption("--test <n>", "held-out pairs (default: 500; 200 for zh-en-news)", {
        from: 0,
        to: MOST_PAIRS,
      }),
    )
    .addOption(lengthsOption())
    .option("--force", "overwrite files that are there")
    .addOption(debugOption())
    .addHelpText(
      "after",
      `
  reverse, copy, sort   sequences of letters and digits
  dates                 dates as people write them, to ISO 8601
  numbers               digits to English words
  sounds                spellings of made-up words to phonemes
  zh-en                 Chinese sentences to English; without flags the corpus that comes with xformer
  zh-en-news            200 such sentences in the style of a newspaper, to adapt a model to

Examples:
  $ npx xformer data make sort
  $ npx xformer data make dates --train 20000 --out data/many-dates
  $ npx xformer data make copy --lengths 13-20 --out data/longer`,
    )
    .action(run(make));
}

/** `--lengths 13-20`, of tasks whose sequences can have any. */
function lengthsOption(): Option {
  const option = new Option(
    "--lengths <from-to>",
    "symbols of a sequence of reverse, copy or sort (default: 3-12)",
  );
  return option.argParser((text): readonly [number, number] => {
    const [, shortest, longest] = /^(\d{1,4})-(\d{1,4})$/.exec(text) ?? [];
    if (shortest !== undefined && longest !== undefined) return [Number(shortest), Number(longest)];
    throw new XformerError("USAGE", `--lengths: expected two whole numbers such as 3-12, got "${text}"`);
  });
}

async function make(name: (typeof TASKS)[number], flags: MakeFlags): Promise<ExitCode> {
  const [
    { corpusFiles, findTask, makeSplits, usualSizes },
    { counted, shellWord },
    { print, printable, shownLines },
  ] = await Promise.all([
    import("../tasks/tasks.ts"),
    import("../report/format.ts"),
    import("./ui/terminal.ts"),
  ]);
  const { out = `data/${name}`, force = false } = flags;
  const task = findTask(name);
  const usual = usualSizes(task);
  const { seed = usual.seed, train = usual.train, valid = usual.valid, test = usual.test, lengths } = flags;
  const splits = makeSplits(task, { seed, train, valid, test, lengths });
  const files = corpusFiles(task, splits).filter(({ content }) => content !== "");
  writeCorpus(out, files, force);
  const parts = ["train", "valid", "test"] as const;
  const flagsOfParts = parts
    .filter((part) => splits[part].length > 0)
    .map((part) => `--${part} ${shellWord(`${out}/${part}`)}`);
  process.stderr.write(
    `${printable(out)}: ${parts.map((part) => `${counted(splits[part].length, "pair")} in ${part}`).join(", ")}. Learn them with:\n`,
  );
  await print(
    shownLines(
      `${asInvoked("npx xformer train")} ${flagsOfParts.join(" ")} --source-lang ${task.sourceLang} --target-lang ${task.targetLang}${task.flags === undefined ? "" : ` ${task.flags}`}\n`,
    ),
  );
  return EXIT.done;
}

/**
 * Writes the files of a corpus into a directory, which is made when it is not there.
 *
 * @param force whether files that are there and say something else may be overwritten
 * @throws XformerError when one is there and may not, or the file system refuses
 */
function writeCorpus(
  directory: string,
  files: readonly { readonly name: string; readonly content: string }[],
  force: boolean,
): void {
  const places = files.map(({ name, content }) => ({ file: join(directory, name), content }));
  try {
    const taken = places.find(({ file, content }) => existsSync(file) && !holds(file, content));
    if (taken !== undefined && !force) {
      throw new XformerError("IO", "this file is there already, with other pairs", {
        file: taken.file,
        hint: "Choose another --out, or overwrite it with --force.",
      });
    }
    makeDirectory(directory);
  } catch (error) {
    throw fileSystemError(error, directory);
  }
  for (const { file, content } of places) atomicWrite(file, (write) => write(content));
}

/** Whether a file has this content and nothing else. */
function holds(file: string, content: string): boolean {
  return statSync(file).size === Buffer.byteLength(content) && readFileSync(file, "utf8") === content;
}
