import { createInterface } from "node:readline/promises";
import type { DecodingOptions } from "../decoding/options.ts";
import { XformerError } from "../errors.ts";
import type { TrainedModel } from "../trainedModel.ts";
import { aboutLongLine, unknownWords } from "./doubts.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { inBursts } from "./input.ts";
import { commandIn, type PromptState, runCommand } from "./promptCommands.ts";
import { coloursFor, printable } from "./ui/terminal.ts";

/** Lines that follow each other faster than this, in milliseconds, were pasted: they are translated together. */
const PASTE_PAUSE = 20;
/** The most of them at a time. */
const PASTED_LINES = 256;
/** The columns of a terminal that does not say how many it has. */
const USUAL_WIDTH = 80;

/** Translates what is typed, a line at a time, until `:quit` or Ctrl-D (then done) or Ctrl-C (then interrupted). */
export async function promptLoop(model: TrainedModel, options: DecodingOptions): Promise<ExitCode> {
  const { sourceLanguage, targetLanguage } = model.description;
  const notes = coloursFor(process.stderr);
  const note = (text: string): void => void process.stderr.write(`${notes.dim(printable(text))}\n`);
  const from = sourceLanguage || "source";
  note(
    `Type a line of ${from}, get it in ${targetLanguage || "target"}. :help tells more, :quit or Ctrl-D leaves.`,
  );
  const terminal = createInterface({
    input: process.stdin,
    output: process.stderr,
    prompt: notes.cyan(`${from}> `),
  });
  let code: ExitCode = EXIT.done;
  terminal.on("SIGINT", () => {
    code = EXIT.interrupted;
    terminal.close();
  });
  const state: PromptState = { model, options, last: undefined };
  terminal.prompt();
  let asked = false;
  for await (const lines of inBursts(terminal, PASTED_LINES, PASTE_PAUSE)) {
    asked = await answer(lines, state, note);
    if (asked) break;
    terminal.prompt();
  }
  terminal.close();
  await model.close();
  if (!asked) process.stderr.write("\n"); // Ctrl-D and Ctrl-C leave the cursor behind the prompt
  return code;
}

/**
 * Answers lines that came together: runs of text between commands are translated at a time.
 *
 * @returns whether one of them was `:quit`
 */
async function answer(
  lines: readonly string[],
  state: PromptState,
  note: (text: string) => void,
): Promise<boolean> {
  let text: string[] = [];
  const flush = async (): Promise<void> => {
    await translateLines(text, state, note);
    text = [];
  };
  for (const line of lines) {
    const command = commandIn(line);
    if (command === undefined) {
      if (line.trim() !== "") text.push(line);
      continue;
    }
    await flush();
    if (command.name === ":quit") return true;
    await telling(note, async () => {
      for (const shown of await runCommand(state, command, process.stderr.columns ?? USUAL_WIDTH))
        note(shown);
    });
  }
  await flush();
  return false;
}

async function translateLines(
  lines: readonly string[],
  state: PromptState,
  note: (text: string) => void,
): Promise<void> {
  const { translator } = state.model;
  const translations = await translator.translate(lines, state.options);
  const colours = coloursFor(process.stdout);
  for (const [i, translation] of translations.entries()) {
    const { text } = translation;
    process.stdout.write(`${process.stdout.isTTY ? colours.bold(printable(text)) : text}\n`);
    state.last = { line: lines[i]!, translation };
    const unknown = unknownWords(translator.sourceTokenizer, lines[i]!);
    if (unknown.length > 0) note(`unknown to the model: ${unknown.join(", ")}`);
    if (translation.overLong) note(aboutLongLine(translation, translator.limits, state.options));
  }
}

/** Does something; what a user can mend is told, and the prompt goes on. */
async function telling(note: (text: string) => void, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof XformerError)) throw error;
    note(error.oneLine);
  }
}
