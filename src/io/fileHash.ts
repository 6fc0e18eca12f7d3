import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { fileSystemError } from "../errors.ts";

/** Bytes that are read at a time. */
const CHUNK = 2 ** 20;

/**
 * SHA-256 of the content of a file, in hexadecimal.
 *
 * @throws XformerError IO when it cannot be read
 */
export function sha256Of(file: string): string {
  const hash = createHash("sha256");
  const chunk = Buffer.allocUnsafe(CHUNK);
  try {
    const descriptor = openSync(file, "r");
    try {
      for (let read = readSync(descriptor, chunk); read > 0; read = readSync(descriptor, chunk))
        hash.update(chunk.subarray(0, read));
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw fileSystemError(error, file);
  }
  return hash.digest("hex");
}
