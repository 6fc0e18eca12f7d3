import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { fileSystemError } from "../errors.ts";

/** Appends bytes, or text as UTF-8, to the file being written. */
export type Write = (chunk: Uint8Array | string) => void;

/** One system call takes at most 2^31 - 1 bytes; a gibibyte stays clear of that on every platform. */
const MAX_BYTES_PER_CALL = 2 ** 30;

/**
 * Writes a file so that at any moment, even after a power cut, `path` holds either all of the new content
 * or all of the old: everything goes to a temporary file beside it, reaches the disk, and only then takes
 * its name.
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
  // In the same directory, because a rename is atomic only within one file system.
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const descriptor = openSync(temporary, "w");
    try {
      fill((chunk) => writeAll(descriptor, typeof chunk === "string" ? Buffer.from(chunk) : chunk));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  } catch (error) {
    removeQuietly(temporary);
    throw fileSystemError(error, path);
  }
  syncDirectory(dirname(path));
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
