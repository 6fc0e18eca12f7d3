import { EXIT, type ExitCode } from "./exitCodes.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
const EXIT_CODES = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated } as const;

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
      process.exit(EXIT_CODES[name]);
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
