import type { Command } from "commander";
import { XformerError } from "../errors.ts";
import type { Tokenizer, TokenizerKind } from "../text/tokenizer.ts";
import { EXIT, type ExitCode, type Run } from "./exit.ts";
import { choiceOption, countOption, debugOption, modelOption, pathOption } from "./options.ts";

const KINDS: readonly TokenizerKind[] = ["bpe", "word", "char"];

interface LearnFlags {
  readonly input: readonly string[];
  readonly output: string;
  readonly kind?: TokenizerKind;
  readonly vocabSize?: number;
  readonly minFrequency?: number;
  readonly lowercase?: boolean;
  readonly language?: string;
  readonly tag?: readonly string[];
}

interface ExportFlags {
  readonly model?: string;
  readonly tokenizer?: string;
  readonly side?: Side;
  readonly output: string;
}

interface EncodeFlags {
  readonly model?: string;
  readonly tokenizer?: string;
  readonly side?: Side;
  readonly tokens?: boolean;
}

type Side = "source" | "target";

/** Adds `xformer tokenizer` with its commands. */
export function addTokenizer(program: Command, run: Run): void {
  const tokenizer = program
    .command("tokenizer")
    .description("make, export and try tokenizers")
    .addHelpText(
      "after",
      `
Examples:
  $ npx xformer tokenizer learn --input train.en train.de --vocab-size 10000 --output tokenizer.json
  $ echo "A dog runs." | npx xformer tokenizer encode --tokenizer tokenizer.json --tokens`,
    );
  tokenizer
    .command("learn")
    .description("learn a tokenizer from text and write it as Hugging Face's tokenizer.json")
    .requiredOption(
      "--input <file...>",
      "text, one sentence a line; of a .tsv its first column; several files for a joint vocabulary",
    )
    .addOption(pathOption("--output <file>", "where tokenizer.json goes").makeOptionMandatory())
    .addOption(choiceOption("--kind <kind>", "what the tokens are", KINDS, "bpe"))
    .addOption(
      countOption(
        "--vocab-size <n>",
        "most entries of the vocabulary (default: 8000 for bpe, else no limit)",
      ),
    )
    .addOption(
      countOption(
        "--min-frequency <n>",
        "bpe: pairs seen less often are not merged (default: 2); else tokens seen less often become <unk>",
      ),
    )
    .option("--lowercase", "lowercase everything")
    .option("--language <tag>", "language of the text, for the words and letters of word and char")
    .option("--tag <tag...>", "tokens that are never cut, for sources that begin with one, as <2de>")
    .addOption(debugOption())
    .addHelpText(
      "after",
      `
Examples:
  $ npx xformer tokenizer learn --input train.en train.de --vocab-size 10000 --output tokenizer.json`,
    )
    .action(run(learn));
  tokenizer
    .command("export")
    .description("write the tokenizer of a model, or a SentencePiece model, as Hugging Face's tokenizer.json")
    .addOption(modelOption())
    .addOption(pathOption("--tokenizer <file>", "a SentencePiece model or tokenizer.json instead of a model"))
    .addOption(sideOption())
    .addOption(pathOption("--output <file>", "where tokenizer.json goes").makeOptionMandatory())
    .addOption(debugOption())
    .addHelpText(
      "after",
      `
Examples:
  $ npx xformer tokenizer export --model runs/zh-en-1 --side target --output tokenizer.json
  $ npx xformer tokenizer export --tokenizer spm.model --output tokenizer.json`,
    )
    .action(run(exportTokenizer));
  tokenizer
    .command("encode")
    .description("turn lines of standard input into ids")
    .addOption(pathOption("--tokenizer <file>", "a tokenizer.json or SentencePiece model"))
    .addOption(
      pathOption("-m, --model <path>", "a run directory or checkpoint file, for the tokenizer in it"),
    )
    .addOption(sideOption())
    .option("--tokens", "tokens instead of ids")
    .addOption(debugOption())
    .addHelpText(
      "after",
      `
Examples:
  $ echo "A dog runs." | npx xformer tokenizer encode --tokenizer tokenizer.json --tokens
  $ cat train.en | npx xformer tokenizer encode --model runs/zh-en-1 --side target`,
    )
    .action(run(encode));
}

function sideOption() {
  return choiceOption("--side <side>", "whose tokenizer of the model", ["source", "target"], "source");
}

async function learn(flags: LearnFlags): Promise<ExitCode> {
  const [{ createTokenizerLearner }, { openLines }, { printable, warnings }, { count }] = await Promise.all([
    import("../text/tokenizerKinds.ts"),
    import("./input.ts"),
    import("./ui/terminal.ts"),
    import("../report/format.ts"),
  ]);
  const { kind = "bpe", vocabSize: vocabularySize, minFrequency, lowercase, language, tag: tags } = flags;
  const learner = createTokenizerLearner({ kind, vocabularySize, minFrequency, lowercase, language, tags });
  const warn = warnings(false);
  let lines = 0;
  for (const file of flags.input) {
    const onInvalid = (at: number): void => warn(`${printable(file)}:${at}: invalid UTF-8, read as \ufffd.`);
    for await (const line of openLines(file, onInvalid)) {
      learner.add(line);
      lines++;
    }
  }
  if (lines === 0) {
    const hint = "Put at least one line in it.";
    throw new XformerError("DATA", "there is no text to learn from", { file: flags.input.join(" "), hint });
  }
  const tokenizer = learner.finish();
  await writeTokenizer(tokenizer, flags.output);
  process.stderr.write(
    `${printable(flags.output)}: ${kind}, ${count(tokenizer.vocabulary.size)} entries from ${count(lines)} lines.\n`,
  );
  return EXIT.done;
}

async function exportTokenizer(flags: ExportFlags): Promise<ExitCode> {
  const isOfModel = flags.tokenizer === undefined;
  const tokenizer = isOfModel
    ? await tokenizerOfModel(flags.model, flags.side)
    : await chosenTokenizer(flags);
  await writeTokenizer(tokenizer, flags.output);
  return EXIT.done;
}

async function encode(flags: EncodeFlags): Promise<ExitCode> {
  const tokenizer = await chosenTokenizer(flags);
  const [{ openLines }, { onOneLine, print, shownLines, warnings }] = await Promise.all([
    import("./input.ts"),
    import("./ui/terminal.ts"),
  ]);
  const warn = warnings(false);
  const lines = openLines(undefined, (at) => warn(`line ${at}: invalid UTF-8, read as \ufffd.`));
  for await (const line of lines) {
    const ids = Array.from(tokenizer.encode(line));
    const tokens = ids.map((id) => (flags.tokens ? tokenizer.vocabulary.token(id) : id));
    await print(shownLines(`${onOneLine(tokens.join(" "))}\n`));
  }
  return EXIT.done;
}

async function chosenTokenizer({ model, tokenizer, side }: ExportFlags | EncodeFlags): Promise<Tokenizer> {
  if (model !== undefined && tokenizer === undefined) return tokenizerOfModel(model, side);
  if (tokenizer === undefined || model !== undefined) {
    throw new XformerError("USAGE", "which tokenizer is not clear", { hint: "Give --tokenizer or --model." });
  }
  if (side !== undefined) {
    throw new XformerError("USAGE", "--side: a tokenizer of its own has no sides", { hint: "Leave it out." });
  }
  const { readTokenizer } = await import("../io/tokenizerFile.ts");
  return readTokenizer(tokenizer);
}

async function tokenizerOfModel(model: string | undefined, side: Side = "source"): Promise<Tokenizer> {
  const [{ modelOrNewest }, { describeCheckpoint }] = await Promise.all([
    import("./newestRun.ts"),
    import("../training/checkpoint.ts"),
  ]);
  const { sourceTokenizer, targetTokenizer } = describeCheckpoint(await modelOrNewest(model));
  return side === "source" ? sourceTokenizer : targetTokenizer;
}

async function writeTokenizer(tokenizer: Tokenizer, file: string): Promise<void> {
  const { atomicWrite } = await import("../io/atomicWrite.ts");
  atomicWrite(file, (write) => write(`${JSON.stringify(tokenizer)}\n`));
}
