import { statSync } from "node:fs";
import { fileSystemError, XformerError } from "../errors.ts";

/**
 * Refuses a pipe, which gives what it has once and makes whoever opens it wait for a writer, deaf to signals.
 *
 * @throws XformerError DATA for a pipe, IO when the file system refuses
 */
export function refusePipe(file: string): void {
  try {
    if (!statSync(file, { throwIfNoEntry: false })?.isFIFO()) return;
  } catch (error) {
    throw fileSystemError(error, file);
  }
  const hint = "Write it to a file first.";
  throw new XformerError("DATA", "this is a pipe, but it is read more than once", { file, hint });
}
