import { CommanderError } from "commander";
import { fileSystemError, XformerError } from "../errors.ts";

/** What the process says to its parent when it ends. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  /** 128 + the number of the signal, as shells have it. */
  interrupted: 130,
  terminated: 143,
} as const;

/** One of {@link EXIT}. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Makes commander's action of a command, which gives an exit code back. */
export type Run = <A extends unknown[]>(
  command: (...args: A) => Promise<ExitCode>,
) => (...args: A) => Promise<void>;

/** SIGBREAK is Ctrl-Break on Windows, where nobody can send SIGTERM. */
const SIGNALS = [
  "SIGINT",
  "SIGTERM",
  ...(process.platform === "win32" ? (["SIGBREAK"] as const) : []),
] as const;
const EXIT_CODES = {
  SIGINT: EXIT.interrupted,
  SIGBREAK: EXIT.interrupted,
  SIGTERM: EXIT.terminated,
} as const;

/**
 * Does some work that SIGINT or SIGTERM asks to stop when it can; a second signal ends the process at once.
 *
 * @param onSignal told of the first signal
 * @param close leaves the terminal as it was; called in any case, before a second signal ends the process too
 * @returns what the work gave, and the exit code of the signal that came, if one did
 */
export async function untilSignal<T>(
  work: (signal: AbortSignal) => Promise<T>,
  onSignal: () => void,
  close: () => void,
): Promise<{ readonly result: T; readonly exitCode: ExitCode }> {
  const controller = new AbortController();
  let exitCode: ExitCode = EXIT.done;
  const listener = (name: (typeof SIGNALS)[number]): void => {
    if (controller.signal.aborted) {
      close();
      dieOf(name);
    }
    exitCode = EXIT_CODES[name];
    controller.abort();
    onSignal();
  };
  for (const name of SIGNALS) process.on(name, listener);
  try {
    return { result: await work(controller.signal), exitCode };
  } finally {
    for (const name of SIGNALS) process.off(name, listener);
    close();
  }
}

/**
 * Ends the process as a signal does that nobody listens to, with all that is done when it exits. Node's own end would
 * wait for its threads, and one that opens a pipe into which nobody writes waits for ever.
 */
export function dieOf(signal: (typeof SIGNALS)[number]): void {
  process.emit("exit", EXIT_CODES[signal]);
  process.removeAllListeners(signal);
  // On Windows there is no dying of a signal: whoever waits gets the exit code that shells would make of it.
  if (process.platform === "win32") process.exit(EXIT_CODES[signal]);
  process.kill(process.pid, signal);
}

/**
 * Prints what went wrong as one line on stderr.
 *
 * @param debug whether to print the stack as well
 * @param place what was worked on, for errors that do not say
 * @returns the exit code that fits
 */
export async function report(error: unknown, debug: boolean, place = ""): Promise<ExitCode> {
  if (error instanceof CommanderError && isHelp(error)) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  const known = asXformerError(error, place);
  const [{ asInvoked }, { coloursFor, printable }] = await Promise.all([
    import("./invocation.ts"),
    import("./ui/terminal.ts"),
  ]);
  process.stderr.write(`${coloursFor(process.stderr).red(shortened(printable(asInvoked(known.oneLine))))}\n`);
  if (debug && error instanceof Error) process.stderr.write(`${error.stack ?? error.message}\n`);
  return known.code === "USAGE" ? EXIT.usage : EXIT.failed;
}

/** Files say what they are to be quoted with, which may be a megabyte. */
const LONGEST_LINE = 2000;

function shortened(line: string): string {
  if (line.length <= LONGEST_LINE) return line;
  return `${line.slice(0, LONGEST_LINE / 2)} ... ${line.slice(-LONGEST_LINE / 2)}`;
}

/** What V8 says when memory has run out, or less of it could never do. */
const OUT_OF_MEMORY =
  /allocation failed|could not allocate|Invalid (typed )?array (buffer )?length|Invalid string length|out of memory/i;

/** Help and version come as errors too; without a command the help is an answer to wrong usage. */
function isHelp({ code }: CommanderError): boolean {
  return code === "commander.help" || code === "commander.helpDisplayed" || code === "commander.version";
}

function asXformerError(error: unknown, place: string): XformerError {
  if (error instanceof CommanderError) return usageError(error.message);
  const known = fileSystemError(error, place);
  if (known instanceof XformerError) return known;
  const problem = error instanceof Error ? error.message : String(error);
  if (error instanceof RangeError && OUT_OF_MEMORY.test(problem)) {
    const file = place === "" ? undefined : place;
    const hint = "Use smaller files, a smaller model or fewer --threads, or raise `ulimit -v`.";
    return new XformerError("IO", "memory ran out", { file, hint, cause: error });
  }
  return new XformerError("IO", `unexpected error: ${problem}`, {
    hint: "Run it again with --debug to see where, and report it.",
    cause: error,
  });
}

/** Commander's `error: unknown option '--presett'\n(Did you mean --preset?)` as one of ours. */
function usageError(message: string): XformerError {
  const [problem = "", suggestion] = message.replace(/^error: /, "").split("\n");
  const hint = suggestion?.replace(/^\(|\)$/g, "") ?? "Run it with --help to see how it is used.";
  return new XformerError("USAGE", problem.replaceAll("'", '"'), { hint });
}
