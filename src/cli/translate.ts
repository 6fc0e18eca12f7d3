import type { Command } from "commander";
import type { DecodingOptions } from "../decoding/options.ts";
import type { TrainedModel } from "../trainedModel.ts";
import { addDecodingOptions, type DecodingFlags, decodingOptions } from "./decodingFlags.ts";
import { EXIT, type ExitCode } from "./exitCodes.ts";
import { countOption, debugOption, modelOption, pathOption } from "./options.ts";
import type { Run } from "./program.ts";
import type { LineSink } from "./sinks.ts";
import type { Warn } from "./ui/warnings.ts";
import type { UnknownWords } from "./unknownWords.ts";

/** Lines that a thread translates at a time, when they come fast enough. */
const LINES_PER_THREAD = 64;
/** When input pauses for so many milliseconds, what has come is translated. */
const PAUSE = 20;

interface TranslateFlags extends DecodingFlags {
  readonly model: string;
  readonly input?: string;
  readonly output?: string;
  readonly threads?: number;
  readonly quiet?: boolean;
}

/** Adds `xformer translate`. */
export function addTranslate(program: Command, run: Run): void {
  const command = program
    .command("translate")
    .description("translate lines from a file, a pipe or the keyboard; one line out for each line in")
    .addOption(modelOption())
    .addOption(pathOption("-i, --input <file>", "lines to translate (default: standard input)"))
    .addOption(pathOption("-o, --output <file>", "where translations go (default: standard output)"));
  addDecodingOptions(command)
    .addOption(countOption("--threads <n>", "threads to compute on", { to: 256 }))
    .option("-q, --quiet", "no warnings")
    .addOption(debugOption())
    .addHelpText(
      "after",
      `
Without --input and a pipe, type sentences; :quit or Ctrl-D leaves.

Examples:
  $ npx xformer translate --model runs/zh-en-1
  $ echo "我很好。" | npx xformer translate --model runs/zh-en-1
  $ echo "我很好。" | npx xformer translate --model runs/zh-en-1 --beam 5
  $ npx xformer translate --model runs/zh-en-1 --input data/zh-en/test.zh --output test.translated.en`,
    )
    .action(run(translate));
}

async function translate(flags: TranslateFlags): Promise<ExitCode> {
  const [{ loadModel }, { resolveDecoding }, { warnings }, { UnknownWords }, { openLines }] =
    await Promise.all([
      import("../trainedModel.ts"),
      import("../decoding/options.ts"),
      import("./ui/warnings.ts"),
      import("./unknownWords.ts"),
      import("./inputLines.ts"),
    ]);
  const warn = warnings(flags.quiet);
  const place = (line: number): string =>
    flags.input === undefined ? `line ${line}` : `${flags.input}:${line}`;
  const isPrompt = flags.input === undefined && flags.output === undefined && process.stdin.isTTY;
  const lines = openLines(flags.input, (line) => warn(`${place(line)}: invalid UTF-8, read as \ufffd.`));
  const model = await loadModel(flags.model, { threads: flags.threads });
  if (isPrompt) {
    const { promptLoop } = await import("./promptLoop.ts");
    return promptLoop(model);
  }
  const { openSink } = await import("./sinks.ts");
  const options = decodingOptions(flags);
  resolveDecoding(options);
  const sink = openSink(flags.output);
  const unknown = new UnknownWords(model.translator.sourceTokenizer);
  try {
    await translateAll(model, lines, options, sink, unknown, (line, tokens, most) =>
      warn(
        `${place(line)}: ${tokens} tokens, more than the ${most} the model was trained for; its translation may be poor.`,
      ),
    );
    sink.finish();
  } catch (error) {
    sink.discard();
    throw error;
  } finally {
    await model.close();
  }
  tellUnknown(unknown, warn);
  return EXIT.done;
}

async function translateAll(
  model: TrainedModel,
  lines: AsyncIterable<string>,
  options: DecodingOptions,
  sink: LineSink,
  unknown: UnknownWords,
  onOverLong: (line: number, tokens: number, most: number) => void,
): Promise<void> {
  const { inBursts } = await import("./bursts.ts");
  const { translator } = model;
  let line = 0;
  for await (const burst of inBursts(lines, LINES_PER_THREAD * translator.pool.threads, PAUSE)) {
    const translations = await translator.translate(burst, { ...options, firstLine: line + 1 });
    for (const [i, translation] of translations.entries()) {
      line++;
      unknown.add(burst[i]!, translation);
      if (translation.overLong) onOverLong(line, translation.sourceTokens, model.description.model.maxLength);
    }
    await sink.write(translations.map(({ text }) => `${text}\n`).join(""));
  }
}

function tellUnknown(unknown: UnknownWords, warn: Warn): void {
  if (unknown.count > 0) warn(unknown.summary);
}
