import type { WriteStream } from "node:tty";
import { Chalk, type ChalkInstance, supportsColor, supportsColorStderr } from "chalk";

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
