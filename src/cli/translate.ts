import type { Command } from "commander";
import { ALIGNMENT_UNITS, type AlignmentUnit, type DecodingOptions } from "../decoding/options.ts";
import type { Translation } from "../decoding/translation.ts";
import type { LoadedModel } from "../loadedModel.ts";
import { addComputingOptions, type ComputingFlags } from "./computing.ts";
import { addDecodingOptions, type DecodingFlags, decodingOptions, modelsOption } from "./decodingFlags.ts";
import { EXIT, type ExitCode, type Run } from "./exit.ts";
import type { InputRow } from "./input.ts";
import { choiceOption, countOption, debugOption, pathOption } from "./options.ts";
import type { LineSink } from "./sinks.ts";
import type { OutputFlags } from "./translationOutput.ts";

/** Lines that a thread translates at a time, when they come fast enough. */
const LINES_PER_THREAD = 64;
/** When input pauses for so many milliseconds, what has come is translated. */
const PAUSE = 20;

interface TranslateFlags extends ComputingFlags, DecodingFlags, OutputFlags {
  readonly model?: readonly string[];
  readonly input?: string;
  readonly output?: string;
  readonly prefixColumn?: number;
  readonly alignments?: AlignmentUnit;
  readonly nBest?: number;
  readonly quiet?: boolean;
}

/** Adds `xformer translate`. */
export function addTranslate(program: Command, run: Run): void {
  const command = program
    .command("translate")
    .description("translate lines from a file, a pipe or the keyboard; one line out for each line in")
    .addOption(modelsOption())
    .addOption(pathOption("-i, --input <file>", "lines to translate (default: standard input)"))
    .addOption(pathOption("-o, --output <file>", "where translations go (default: standard output)"));
  addComputingOptions(addDecodingOptions(command))
    .addOption(countOption("--prefix-column <n>", "column of tab-separated input with a prefix", { from: 2 }))
    .option("--scores", "add columns: the log-probability, and the same over the length penalty")
    .addOption(choiceOption("--alignments <unit>", "add a column: source and target places", ALIGNMENT_UNITS))
    .option("--json", "one JSON object a line, with everything")
    .option("-q, --quiet", "no warnings")
    .addOption(debugOption())
    .addHelpText(
      "after",
      `
Without --input and a pipe, type sentences. There :attention draws a heat map of what the translation looked at,
:alternatives shows others with their scores, :help lists all; Ctrl-C ends a search, :quit or Ctrl-D leaves.

Examples:
  $ npx xformer translate --model runs/zh-en-1
  $ echo "我很好。" | npx xformer translate --model runs/zh-en-1 --beam 5 --scores
  $ echo "我很好。" | npx xformer translate --model runs/zh-en-1 --beam 5 --n-best 3
  $ echo "我很好。" | npx xformer translate --model runs/zh-en-1 --sample --top-p 0.9 --n-best 3
  $ printf '我很好。\\tgood\\n' | npx xformer translate --model runs/zh-en-1 --beam 5 --constraints
  $ npx xformer translate --model runs/zh-en-1 --input data/zh-en/test.zh --output test.translated.en`,
    )
    .action(run(translate));
}

async function translate(flags: TranslateFlags): Promise<ExitCode> {
  const [
    { openModel },
    { resolveDecoding },
    { warnings },
    { aboutLongLine, aboutUnmet, UnknownWords, unknownWords },
    { openRows },
    { modelOrNewest },
  ] = await Promise.all([
    import("./computing.ts"),
    import("../decoding/options.ts"),
    import("./ui/terminal.ts"),
    import("./doubts.ts"),
    import("./input.ts"),
    import("./newestRun.ts"),
  ]);
  const options = { ...decodingOptions(flags), alignments: flags.alignments };
  resolveDecoding(options); // what is wrong with it is said before a model is loaded
  const warn = warnings(flags.quiet);
  const place = (line: number): string =>
    flags.input === undefined ? `line ${line}` : `${flags.input}:${line}`;
  const isPrompt = flags.input === undefined && flags.output === undefined && process.stdin.isTTY;
  const columns = { prefix: flags.prefixColumn, constraints: flags.constraints !== undefined };
  const rows = openRows(flags.input, columns, (line) =>
    warn(`${place(line)}: invalid UTF-8, read as \ufffd.`),
  );
  const path = flags.model ?? (await modelOrNewest(undefined, flags.quiet));
  const model = await openModel(path, flags, warn);
  if (isPrompt) {
    const { promptLoop } = await import("./promptLoop.ts");
    return promptLoop(model, options);
  }
  const [{ openSink }, { formatTranslation }] = await Promise.all([
    import("./sinks.ts"),
    import("./translationOutput.ts"),
  ]);
  const sink = openSink(flags.output);
  const unknown = new UnknownWords(model.translator.sourceTokenizer);
  const checkPrefix = (where: string, prefix = ""): void => {
    const words = unknownWords(model.translator.targetTokenizer, prefix);
    if (words.length > 0) warn(`${where}: the prefix has words unknown to the model: ${words.join(", ")}.`);
  };
  checkPrefix("--prefix", flags.prefix);
  const print = (line: number, { source, prefix }: InputRow, translation: Translation): string => {
    checkPrefix(place(line), prefix);
    unknown.add(source, translation);
    for (const doubt of aboutUnmet(translation, model.translator.targetTokenizer))
      warn(`${place(line)}: ${doubt}`);
    if (translation.overLong)
      warn(`${place(line)}: ${aboutLongLine(translation, model.translator.limits, options)}`);
    return formatTranslation(line, source, translation, flags);
  };
  try {
    await translateAll(model, rows, options, sink, print);
    sink.finish();
  } catch (error) {
    sink.discard();
    throw error;
  } finally {
    await model.close();
  }
  if (unknown.count > 0) warn(unknown.summary);
  return EXIT.done;
}

async function translateAll(
  model: LoadedModel,
  rows: AsyncIterable<InputRow>,
  options: DecodingOptions,
  sink: LineSink,
  print: (line: number, row: InputRow, translation: Translation) => string,
): Promise<void> {
  const { inBursts } = await import("../data/bursts.ts");
  const { translator } = model;
  let line = 1;
  for await (const burst of inBursts(rows, LINES_PER_THREAD * translator.pool.threads, PAUSE)) {
    const sources = burst.map(({ source }) => source);
    const prefix = burst.map((row) => row.prefix ?? options.prefix?.toString() ?? "");
    const constraints = burst.map((row) => row.constraints);
    const asked = { ...options, prefix, constraints, firstLine: line };
    const translations = await translator.translate(sources, asked);
    const texts = translations.map((translation, i) => print(line + i, burst[i]!, translation));
    line += burst.length;
    await sink.write(texts.join(""));
  }
}
