import { EXIT, type ExitCode, type Run, report } from "./exit.ts";
import { createProgram } from "./program.ts";

/** Runs the command line and sets the exit code of the process, the only place that does. */
export async function main(argv: readonly string[]): Promise<void> {
  let code: ExitCode = EXIT.done;
  const run: Run =
    (command) =>
    async (...args) => {
      code = await command(...args);
    };
  leaveWhenOutputCloses();
  const help: [text: string, stream: NodeJS.WriteStream][] = [];
  try {
    await createProgram(run, (text, stream) => help.push([text, stream])).parseAsync(argv);
  } catch (error) {
    code = await report(error, argv.includes("--debug"));
  }
  if (help.length > 0) {
    const { shownHelp } = await import("./ui/help.ts");
    for (const [text, stream] of help) stream.write(shownHelp(text));
  }
  process.exitCode = code;
}

/**
 * The reader of a pipe that has seen enough (`| head -1`) is no failure, and a command that listens for it may
 * go on; a full disk is one.
 */
function leaveWhenOutputCloses(): void {
  const leave = (error: unknown): void => {
    const closed = error instanceof Error && "code" in error && error.code === "EPIPE";
    if (closed && process.stdout.listenerCount("error") > 1) return;
    if (closed) process.exit(EXIT.done);
    report(error, false, "standard output").then((code) => process.exit(code));
  };
  process.stdout.on("error", leave);
  process.stderr.on("error", () => {}); // nobody is left to tell
}
