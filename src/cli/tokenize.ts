import type { Command } from "commander";
import { XformerError } from "../errors.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { EXIT, type ExitCode, type Run } from "./exit.ts";
import { choiceOption, debugOption, modelOption } from "./options.ts";

interface TokenizeFlags {
  readonly model?: string;
  readonly side: "source" | "target";
  readonly ids?: boolean;
  readonly decode?: boolean;
}

/** Adds `xformer tokenize`. */
export function addTokenize(program: Command, run: Run): void {
  program
    .command("tokenize")
    .description("turn lines of standard input into the tokens that a model sees, or back into text")
    .addOption(modelOption())
    .addOption(choiceOption("--side <side>", "whose tokenizer", ["source", "target"]).makeOptionMandatory())
    .option("--ids", "ids instead of tokens")
    .option("--decode", "the other way: tokens, or with --ids their ids, to text")
    .addOption(debugOption())
    .addHelpText(
      "after",
      `
Examples:
  $ echo "我很好。" | npx xformer tokenize --model runs/zh-en-1 --side source
  $ echo "I am good." | npx xformer tokenize --model runs/zh-en-1 --side target --ids
  $ echo "I am good." | npx xformer tokenize --model runs/zh-en-1 --side target | npx xformer tokenize --model runs/zh-en-1 --side target --decode`,
    )
    .action(run(tokenize));
}

async function tokenize(flags: TokenizeFlags): Promise<ExitCode> {
  const [
    { modelOrNewest },
    { describeCheckpoint },
    { openLines },
    { onOneLine, print, shownLines, warnings },
  ] = await Promise.all([
    import("./newestRun.ts"),
    import("../training/checkpoint.ts"),
    import("./input.ts"),
    import("./ui/terminal.ts"),
  ]);
  const { sourceTokenizer, targetTokenizer } = describeCheckpoint(await modelOrNewest(flags.model));
  const tokenizer = flags.side === "source" ? sourceTokenizer : targetTokenizer;
  const warn = warnings(false);
  let number = 0;
  for await (const line of openLines(undefined, (at) => warn(`line ${at}: invalid UTF-8, read as \ufffd.`))) {
    number++;
    const text = flags.decode
      ? decode(tokenizer, line, number, flags.ids)
      : encode(tokenizer, line, flags.ids);
    await print(shownLines(`${onOneLine(text)}\n`));
  }
  return EXIT.done;
}

function encode(tokenizer: Tokenizer, line: string, ids = false): string {
  const tokens = Array.from(tokenizer.encode(line));
  return tokens.map((id) => (ids ? id : tokenizer.vocabulary.token(id))).join(" ");
}

function decode(tokenizer: Tokenizer, line: string, number: number, ids = false): string {
  const words = line.split(/\s+/).filter((word) => word !== "");
  const { vocabulary } = tokenizer;
  return tokenizer.decode(
    words.map((word) => (ids ? parseId(word, vocabulary.size, number) : vocabulary.id(word))),
  );
}

function parseId(word: string, size: number, line: number): number {
  const id = /^\d+$/.test(word) ? Number(word) : size;
  if (id < size) return id;
  throw new XformerError("DATA", `expected ids from 0 to ${size - 1}, got "${word}"`, {
    file: "standard input",
    line,
    hint: "Leave out --ids to decode tokens.",
  });
}
