import { createInterface, type Interface } from "node:readline";
import type { ReadStream, WriteStream } from "node:tty";
import type { DecodingOptions } from "../decoding/options.ts";
import { XformerError } from "../errors.ts";
import type { LoadedModel } from "../loadedModel.ts";
import { tagged } from "../text/tags.ts";
import { aboutLongLine, aboutUnmet, unknownWords } from "./doubts.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { Keyboard } from "./keyboard.ts";
import { commandIn, type PromptState, runCommand } from "./promptCommands.ts";
import { coloursFor, isPlainTerminal, printable } from "./ui/terminal.ts";

/** The columns of a terminal that does not say how many it has. */
const USUAL_WIDTH = 80;

/** Where the prompt is: by default at the terminal of the process. */
export interface PromptStreams {
  readonly stdin: ReadStream;
  /** Gets the translations. */
  readonly stdout: WriteStream;
  /** Gets the prompt, what is typed and everything else. */
  readonly stderr: WriteStream;
}

/**
 * Translates what is typed, a line at a time, until `:quit` or Ctrl-D (then done) or Ctrl-C on an empty line (then
 * interrupted). Otherwise Ctrl-C ends the search, or clears the line.
 */
export async function promptLoop(
  model: LoadedModel,
  options: DecodingOptions,
  streams: PromptStreams = process,
): Promise<ExitCode> {
  const { sourceLanguage, targetLanguage } = model.description;
  const { stderr } = streams;
  const notes = coloursFor(stderr);
  const note = (text: string): void => void stderr.write(`${notes.dim(printable(text))}\n`);
  const from = sourceLanguage || "source";
  note(
    `Type a line of ${from}, get it in ${targetLanguage || "target"}. :help tells more, :quit or Ctrl-D leaves.`,
  );
  const prompt = new Prompt(model, options, streams, note);
  const code = await prompt.run(notes.cyan(`${from}> `));
  await model.close();
  return code;
}

/** A prompt and what has been said at it. */
class Prompt {
  readonly #state: PromptState;
  readonly #streams: PromptStreams;
  readonly #note: (text: string) => void;
  /** Ends the search under way. */
  #search: AbortController | undefined;

  constructor(
    model: LoadedModel,
    options: DecodingOptions,
    streams: PromptStreams,
    note: (text: string) => void,
  ) {
    this.#state = { model, options, last: undefined };
    this.#streams = streams;
    this.#note = note;
  }

  run(prompt: string): Promise<ExitCode> {
    const { stdin, stderr } = this.#streams;
    // A terminal that knows no cursor edits lines by itself.
    const keyboard = isPlainTerminal(stderr) ? undefined : new Keyboard(stdin);
    const terminal = createInterface({
      ...{ input: keyboard ?? stdin, output: stderr, prompt },
      terminal: keyboard !== undefined,
    });
    const ask = (): void => {
      terminal.prompt();
      keyboard?.nextLine();
    };
    return new Promise((resolve, reject) => {
      let code: ExitCode = EXIT.done;
      let hasQuit = false;
      let isClosed = false;
      let turn = Promise.resolve();
      const interrupt = (): void => {
        if (this.#interrupt(terminal)) return;
        code = EXIT.interrupted;
        terminal.close();
      };
      const answer = async (line: string): Promise<void> => {
        if (hasQuit) return;
        hasQuit = await this.#answer(line);
        if (hasQuit) terminal.close();
        else if (!isClosed) ask();
      };
      const leave = (): void => {
        process.off("SIGINT", interrupt);
        keyboard?.close();
        if (!hasQuit) stderr.write("\n"); // Ctrl-D and Ctrl-C leave the cursor behind the prompt
        isClosed = true;
        turn.then(() => resolve(code), reject);
      };
      process.on("SIGINT", interrupt);
      terminal.on("SIGINT", interrupt);
      terminal.on("SIGCONT", () => terminal.resume()); // Node pauses it when the process has been stopped
      terminal.on("close", leave);
      terminal.on("line", (line) => {
        // A plain terminal, which holds nothing back, may have a line before the one before it is answered.
        turn = turn.then(() => answer(line));
        turn.catch(() => terminal.close());
      });
      ask();
    });
  }

  /** Ends the search or clears the line; gives false when there was neither. */
  #interrupt(terminal: Interface): boolean {
    if (this.#search !== undefined) this.#search.abort();
    else if (terminal.line.length > 0) {
      terminal.write(null, { ctrl: true, name: "e" });
      terminal.write(null, { ctrl: true, name: "u" });
    } else return false;
    return true;
  }

  /**
   * Translates a line, or does what it says; what a user can mend is told.
   *
   * @returns whether it was `:quit`
   */
  async #answer(line: string): Promise<boolean> {
    const command = commandIn(line);
    if (command?.name === ":quit") return true;
    const search = new AbortController();
    const { signal } = search;
    this.#search = search;
    try {
      if (command !== undefined) {
        const width = this.#streams.stderr.columns ?? USUAL_WIDTH;
        for (const shown of await runCommand(this.#state, command, width, signal)) this.#note(shown);
      } else if (line.trim() !== "") await this.#translate(line, signal);
    } catch (error) {
      if (signal.aborted && error === signal.reason) this.#note("interrupted");
      else if (error instanceof XformerError) this.#note(error.oneLine);
      else throw error;
    } finally {
      this.#search = undefined;
    }
    return false;
  }

  async #translate(line: string, signal: AbortSignal): Promise<void> {
    const { model, options } = this.#state;
    const { translator } = model;
    // With --constraints a line is a row of a table, as in a file.
    const [source, ...constraints] = options.orderedConstraints === undefined ? [line] : line.split("\t");
    const [translation] = await translator.translate([source!], { ...options, constraints, signal });
    const { stdout } = this.#streams;
    const { text } = translation!;
    stdout.write(`${stdout.isTTY ? coloursFor(stdout).bold(printable(text)) : text}\n`);
    const asRead = tagged(source!, options.tag, translator.sourceTokenizer);
    this.#state.last = { line: asRead, constraints, translation: translation! };
    for (const doubt of aboutUnmet(translation!, translator.targetTokenizer)) this.#note(doubt);
    const unknown = unknownWords(translator.sourceTokenizer, source!);
    if (unknown.length > 0) this.#note(`unknown to the model: ${unknown.join(", ")}`);
    if (translation!.overLong) this.#note(aboutLongLine(translation!, translator.limits, options));
  }
}
