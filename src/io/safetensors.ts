import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";
import { fileSystemError } from "../errors.ts";
import { atomicWrite } from "./atomicWrite.ts";
import {
  type ByteSource,
  byteLength,
  encodeParts,
  type NamedTensor,
  readAll,
  readHeader,
  type Safetensors,
  type SafetensorsHeader,
} from "./safetensorsFormat.ts";

export type { NamedTensor, Safetensors } from "./safetensorsFormat.ts";

const MAX_BYTES_PER_CALL = 2 ** 30;

/**
 * Writes a safetensors file, atomically and from the tensors' own memory; the same tensors and metadata
 * always give the same bytes.
 *
 * Numbers are little-endian in the format and in memory on every machine that Node.js supports with
 * WebAssembly threads, so nothing is converted.
 *
 * @param path the file to create or replace
 * @param tensors in the order in which they are to lie in the file
 * @param metadata strings of any length; names that begin with `xformer.` and end in `_crc32` are reserved
 * @throws XformerError "IO" when the file cannot be written; the previous file is then untouched
 * @throws RangeError when a name occurs twice or a shape does not fit its data
 * @see https://huggingface.co/docs/safetensors/index#format
 */
export function writeSafetensors(
  path: string,
  tensors: Iterable<NamedTensor>,
  metadata: Readonly<Record<string, string>>,
): void {
  const list = [...tensors];
  checkTensors(list);
  const parts = encodeParts(list, metadata, crc32);
  atomicWrite(path, (write) => {
    for (const part of parts) write(part);
  });
}

/**
 * Reads a safetensors file of 32-bit floats and verifies all of it: structure, sizes and, in files that
 * xformer wrote, checksums.
 *
 * @throws XformerError "IO" when the file cannot be read, "CHECKPOINT" when it is not a whole and sound
 *   safetensors file
 */
export function readSafetensors(path: string): Safetensors {
  return withFile(path, (source) => readAll(source, path, crc32));
}

/**
 * Reads what a safetensors file says about itself without reading its data: names, shapes and metadata.
 * The header and the size of the file are verified, the data is not.
 *
 * @throws XformerError as {@link readSafetensors}
 */
export function readSafetensorsHeader(path: string): SafetensorsHeader {
  return withFile(path, (source) => readHeader(source, path, crc32).header);
}

/** Fills `bytes` from a position of the file as far as the file goes, and returns how far that was. */
function readAt(descriptor: number, bytes: Uint8Array, position: number): number {
  let filled = 0;
  while (filled < bytes.length) {
    const length = Math.min(bytes.length - filled, MAX_BYTES_PER_CALL);
    const count = readSync(descriptor, bytes, filled, length, position + filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

function withFile<T>(path: string, use: (source: ByteSource) => T): T {
  try {
    const descriptor = openSync(path, "r");
    try {
      return use({
        size: fstatSync(descriptor).size,
        read: (bytes, position) => readAt(descriptor, bytes, position),
      });
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw fileSystemError(error, path);
  }
}

/** Mistakes of the caller, which a reader would otherwise find much later. */
function checkTensors(tensors: readonly NamedTensor[]): void {
  const names = new Set<string>(["__metadata__"]);
  for (const { name, shape, data } of tensors) {
    if (names.has(name)) throw new RangeError(`two tensors named ${name}`);
    names.add(name);
    if (byteLength(shape) !== data.byteLength) {
      throw new RangeError(`tensor ${name} of shape [${shape.join(", ")}] has ${data.length} values`);
    }
  }
}
