import { statSync, writeFileSync } from "node:fs";
import { fileSystemError, XformerError } from "../errors.ts";
import { AtomicFile } from "../io/atomicWrite.ts";
import { dieOf } from "./exit.ts";
import { print, shownLines } from "./ui/terminal.ts";

/** Where translations go. */
export interface LineSink {
  /** Takes whole lines. */
  write(lines: string): Promise<void>;
  /** Everything has been written. */
  finish(): void;
  /** Something failed: nothing half-done may stay. */
  discard(): void;
}

/**
 * A file that appears when it is complete, or standard output without one.
 *
 * @throws XformerError IO when the file cannot be written
 */
export function openSink(file: string | undefined): LineSink {
  if (file === undefined) return standardOutput();
  try {
    const kind = statSync(file, { throwIfNoEntry: false });
    if (kind === undefined) return fileSink(file);
    if (kind.isDirectory()) {
      throw new XformerError("IO", "this is a directory, a file is needed", {
        file,
        hint: "Name a file inside it.",
      });
    }
    // A device or a named pipe has every line as soon as it is there.
    return kind.isFile() ? fileSink(file) : device(file);
  } catch (error) {
    throw fileSystemError(error, file);
  }
}

function standardOutput(): LineSink {
  // What a model says must not be able to steer the terminal; columns may.
  return { write: (lines) => print(shownLines(lines)), finish: () => {}, discard: () => {} };
}

function device(path: string): LineSink {
  const write = async (lines: string): Promise<void> => {
    try {
      writeFileSync(path, lines, { flag: "a" });
    } catch (error) {
      throw fileSystemError(error, path);
    }
  };
  return { write, finish: () => {}, discard: () => {} };
}

function fileSink(path: string): LineSink {
  const file = new AtomicFile(path);
  const discard = (): void => file.discard();
  const interrupt = (): void => dieOf("SIGINT");
  const terminate = (): void => dieOf("SIGTERM");
  process.once("exit", discard);
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", terminate);
  return {
    write: async (lines) => file.write(lines),
    finish: () => {
      file.commit();
      process.off("exit", discard);
      process.off("SIGINT", interrupt);
      process.off("SIGTERM", terminate);
    },
    discard,
  };
}
