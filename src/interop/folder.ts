import { fileSystemError } from "../errors.ts";
import { atomicWrite } from "../io/atomicWrite.ts";
import { makeDirectory } from "../io/makeDirectory.ts";

/** What an export has left in its directory. */
export interface Exported {
  /** Names of the files, from the directory on. */
  readonly files: readonly string[];
  /** What is not quite the same there, each a sentence. */
  readonly notes: readonly string[];
}

/** Makes the directory that an export goes to, where it is not there. */
export function makeFolder(directory: string): void {
  try {
    makeDirectory(directory);
  } catch (error) {
    throw fileSystemError(error, directory);
  }
}

/** Writes JSON as people write it, with a line a field. */
export function writeJSON(path: string, value: unknown): void {
  atomicWrite(path, (write) => write(`${JSON.stringify(value, undefined, 2)}\n`));
}
