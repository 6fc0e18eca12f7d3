import { CommanderError } from "commander";
import { fileSystemError, XformerError } from "../../errors.ts";
import { EXIT, type ExitCode } from "../exitCodes.ts";
import { printable } from "./format.ts";

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
  const { coloursFor } = await import("./colour.ts");
  process.stderr.write(`${coloursFor(process.stderr).red(printable(known.oneLine))}\n`);
  if (debug && error instanceof Error) process.stderr.write(`${error.stack ?? error.message}\n`);
  return known.code === "USAGE" ? EXIT.usage : EXIT.failed;
}

/** Help and version come as errors too; without a command the help is an answer to wrong usage. */
function isHelp({ code }: CommanderError): boolean {
  return code === "commander.help" || code === "commander.helpDisplayed" || code === "commander.version";
}

function asXformerError(error: unknown, place: string): XformerError {
  if (error instanceof CommanderError) return usageError(error.message);
  const known = fileSystemError(error, place);
  if (known instanceof XformerError) return known;
  const problem = error instanceof Error ? error.message : String(error);
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
