import type { WriteStream } from "node:tty";
import { Chalk, type ChalkInstance, supportsColor, supportsColorStderr } from "chalk";

/**
 * Text that a terminal shows as it is: control characters, which could move the cursor or worse, become the
 * pictures Unicode has for them.
 */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? "\u2421" : "\ufffd";
  });
}

/** Writes data to stdout, and waits when its reader is slower than we are. */
export async function print(text: string): Promise<void> {
  if (process.stdout.write(text)) return;
  // Not `once` of node:events, which listens for errors too: those are main's.
  await new Promise((resolve) => process.stdout.once("drain", resolve));
}

/**
 * The colours for a stream: none where it is not a terminal, or where NO_COLOR is set (https://no-color.org,
 * which chalk leaves to its users).
 */
export function coloursFor(stream: WriteStream): ChalkInstance {
  const { NO_COLOR } = process.env;
  if (NO_COLOR !== undefined && NO_COLOR !== "") return new Chalk({ level: 0 });
  const support = stream === process.stderr ? supportsColorStderr : supportsColor;
  return new Chalk({ level: support === false ? 0 : support.level });
}

/** Whether a terminal takes nothing but text: no cursor that moves, no line that is drawn again. */
export function isPlainTerminal(stream: WriteStream): boolean {
  const { TERM } = process.env;
  return !stream.isTTY || TERM === "dumb";
}

/** Tells what may be amiss, a line each; says nothing when quiet. */
export type Warn = (message: string) => void;

/** Warnings on stderr. */
export function warnings(quiet: boolean | undefined): Warn {
  if (quiet) return () => {};
  const colours = coloursFor(process.stderr);
  return (message) => void process.stderr.write(`${colours.yellow(`warning: ${printable(message)}`)}\n`);
}
