import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";
import { fileSystemError, XformerError } from "../errors.ts";
import { atomicWrite } from "./atomicWrite.ts";
import {
  byteLength,
  checksumDiffers,
  damaged,
  decodeHeader,
  encodeHeader,
  formatChecksum,
  MAX_HEADER_BYTES,
  type SafetensorsHeader,
} from "./safetensorsHeader.ts";

/** A tensor to be written; `data` is in row-major order and may be a view of shared memory. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A tensor that was read, in row-major order. */
export interface StoredTensor {
  readonly dtype: "F32";
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** The content of a safetensors file. */
export interface Safetensors {
  /** In the order of the file. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The file begins with the length of its header: an unsigned 64-bit little-endian integer. */
const PREFIX_BYTES = 8;
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
  const dataChecksum = list.reduce((crc, { data }) => crc32(bytesOf(data), crc), 0);
  const header = encodeHeader(list, metadata, formatChecksum(dataChecksum));
  if (header.length > MAX_HEADER_BYTES)
    throw new RangeError(`a header of ${header.length} bytes is over the limit`);
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeBigUInt64LE(BigInt(header.length));
  atomicWrite(path, (write) => {
    write(prefix);
    write(header);
    for (const { data } of list) write(bytesOf(data));
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
  return withFile(path, (descriptor) => {
    const { header, dataStart } = readHeader(descriptor, path);
    const tensors = new Map<string, StoredTensor>();
    let crc = 0;
    for (const [name, { dtype, shape, begin, end }] of header.tensors) {
      const data = new Float32Array((end - begin) / Float32Array.BYTES_PER_ELEMENT);
      const bytes = bytesOf(data);
      if (readAt(descriptor, bytes, dataStart + begin) < bytes.length) {
        throw damaged(path, `the file ended while tensor ${name} was being read`);
      }
      crc = crc32(bytes, crc);
      tensors.set(name, { dtype, shape, data });
    }
    if (header.dataChecksum !== undefined && header.dataChecksum !== formatChecksum(crc)) {
      throw checksumDiffers(path, "data");
    }
    return { tensors, metadata: header.metadata };
  });
}

/**
 * Reads what a safetensors file says about itself without reading its data: names, shapes and metadata.
 * The header and the size of the file are verified, the data is not.
 *
 * @throws XformerError as {@link readSafetensors}
 */
export function readSafetensorsHeader(path: string): SafetensorsHeader {
  return withFile(path, (descriptor) => readHeader(descriptor, path).header);
}

function readHeader(descriptor: number, path: string): { header: SafetensorsHeader; dataStart: number } {
  const start = Buffer.alloc(PREFIX_BYTES + 1);
  const startLength = readAt(descriptor, start, 0);
  if (startLength === 0) throw damaged(path, "the file is empty");
  if (startLength <= PREFIX_BYTES)
    throw damaged(path, `the file is too short to be a checkpoint: ${startLength} bytes`);
  // The format demands that the header begins with a brace, which tells it from files of any other kind.
  if (start[PREFIX_BYTES] !== "{".charCodeAt(0)) {
    throw new XformerError("CHECKPOINT", "this is not a safetensors file", {
      file: path,
      hint: "Name a checkpoint written by xformer.",
    });
  }
  const available = fstatSync(descriptor).size - PREFIX_BYTES;
  const length = start.readBigUInt64LE();
  if (length > available)
    throw damaged(path, `the header should have ${length} bytes, but the file has only ${available} more`);
  if (length > MAX_HEADER_BYTES)
    throw damaged(path, `the header should have ${length} bytes, more than the format allows`);
  const bytes = new Uint8Array(Number(length));
  if (readAt(descriptor, bytes, PREFIX_BYTES) < bytes.length)
    throw damaged(path, "the file ended while its header was being read");
  const header = decodeHeader(bytes, available - bytes.length, path);
  return { header, dataStart: PREFIX_BYTES + bytes.length };
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

function withFile<T>(path: string, use: (descriptor: number) => T): T {
  try {
    const descriptor = openSync(path, "r");
    try {
      return use(descriptor);
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

function bytesOf(data: Float32Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
