import {
  closeSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { fileSystemError } from "../errors.ts";
import { patiently } from "./patiently.ts";

/** Appends bytes, or text as UTF-8, to the file being written. */
export type Write = (chunk: Uint8Array | string) => void;

/** One system call takes at most 2^31 - 1 bytes; a gibibyte stays clear of that on every platform. */
const MAX_BYTES_PER_CALL = 2 ** 30;

/**
 * Writes a file so that at any moment, even after a power cut, `path` holds either all of the new content
 * or all of the old: everything goes to a temporary file beside it, reaches the disk, and only then takes
 * its name. What a link leads to is replaced, not the link. A device or a pipe is no content that could be
 * replaced: it is written to.
 *
 * @param path the file to create or replace
 * @param fill calls `write` once for each piece of the content, in order
 * @throws XformerError "IO" where the file system refuses, and whatever `fill` throws; the previous file
 *   is untouched and the temporary one removed
 *
 * @example
 * atomicWrite("config.json", (write) => write(JSON.stringify(config)));
 */
export function atomicWrite(path: string, fill: (write: Write) => void): void {
  const file = new AtomicFile(path);
  try {
    fill((chunk) => file.write(chunk));
    file.commit();
  } catch (error) {
    file.discard();
    throw fileSystemError(error, path);
  }
}

/** A file as {@link atomicWrite} writes it, for content that comes bit by bit. */
export class AtomicFile {
  readonly #path: string;
  /** What the file is to be called, and is called until then; none of a device. */
  readonly #names: { readonly last: string; readonly first: string } | undefined;
  #descriptor: number | undefined;

  /** @throws XformerError "IO" when the temporary file cannot be made */
  constructor(path: string) {
    this.#path = path;
    this.#names = this.#guarded(() => namesFor(path));
    this.#descriptor = this.#guarded(() => openSync(this.#names?.first ?? path, "w"));
  }

  /** @throws XformerError "IO" where the file system refuses */
  write(chunk: Uint8Array | string): void {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    this.#guarded(() => writeAll(this.#descriptor!, bytes));
  }

  /**
   * Gives the file its name; nothing can be written afterwards.
   *
   * @throws XformerError "IO" where the file system refuses; {@link discard} then cleans up
   */
  commit(): void {
    const names = this.#names;
    if (names === undefined) {
      this.#guarded(() => this.#close());
      return;
    }
    this.#guarded(() => {
      fsyncSync(this.#descriptor!);
      this.#close();
      patiently(() => renameSync(names.first, names.last));
    });
    syncDirectory(dirname(names.last));
  }

  /** Removes what was written; the previous file is untouched. Does nothing after a commit. */
  discard(): void {
    try {
      this.#close();
    } catch {
      // The error that brought us here is the one worth telling.
    }
    if (this.#names !== undefined) removeQuietly(this.#names.first);
  }

  #close(): void {
    if (this.#descriptor === undefined) return;
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    closeSync(descriptor);
  }

  #guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw fileSystemError(error, this.#path);
    }
  }
}

/** What a file is called before and after it is complete; undefined for what there is no replacing. */
function namesFor(path: string): { readonly last: string; readonly first: string } | undefined {
  const there = statSync(path, { throwIfNoEntry: false });
  // Whoever may write in /dev could take the place of /dev/null.
  if (there !== undefined && !there.isFile() && !there.isDirectory()) return undefined;
  const last = there?.isFile() ? realpathSync(path) : path;
  // In the same directory, because a rename is atomic only within one file system.
  return { last, first: `${last}.${process.pid}.tmp` };
}

/** A single call may write less than it was given (a nearly full disk, a signal): go on until all is out. */
function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) {
    const length = Math.min(bytes.length - written, MAX_BYTES_PER_CALL);
    written += writeSync(descriptor, bytes, written, length);
  }
}

/** Removes a file without letting a second failure hide the first. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The error that brought us here is the one worth telling.
  }
}

/** Makes the rename itself survive a power cut. */
function syncDirectory(path: string): void {
  try {
    const descriptor = openSync(path, "r");
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // Windows and some network file systems cannot sync a directory. The file is complete either way.
  }
}
