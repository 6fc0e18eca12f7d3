import { open } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { fileSystemError, XformerError } from "../errors.ts";
import { checkpointFile, loadCheckpoint } from "../training/checkpoint.ts";
import { type Checkpoint, parseCheckpoint } from "../training/checkpointFormat.ts";
import type { CallOptions } from "./calls.ts";
import { fetchBytes } from "./fetchBytes.ts";

/**
 * Where a model is: a run directory (then its best model) or a checkpoint file, a `file:`, `http:` or `https:` URL, or
 * the bytes of a checkpoint.
 */
export type ModelPlace = string | URL | ArrayBuffer | Uint8Array;

/** What a model is called that came as bytes. */
const BYTES = "bytes";

/** The largest file that is read into one piece of memory. */
const MOST_BYTES = 2 ** 31;
/** Bytes that are read between two reports. */
const CHUNK_BYTES = 2 ** 22;

/**
 * Reads and verifies a checkpoint, wherever it is.
 *
 * @throws XformerError CHECKPOINT or IO naming the place and what is wrong with it; the reason of the signal
 */
export async function readCheckpoint(place: ModelPlace, call: CallOptions = {}): Promise<Checkpoint> {
  call.signal?.throwIfAborted();
  if (place instanceof ArrayBuffer) return parseCheckpoint(new Uint8Array(place), BYTES, crc32);
  if (place instanceof Uint8Array) return parseCheckpoint(place, BYTES, crc32);
  const url = urlOf(place);
  if (url === undefined) return readFile(checkpointFile(place as string), call);
  if (url.protocol === "file:") return readFile(checkpointFile(fileURLToPath(url)), call);
  const { bytes, name } = await fetchBytes(url, call);
  return parseCheckpoint(bytes, name, crc32);
}

/** @throws XformerError USAGE for what is no place, or a URL of another kind */
function urlOf(place: string | URL): URL | undefined {
  if (typeof place === "string") return /^(https?|file):\/\//i.test(place) ? new URL(place) : undefined;
  if (place instanceof URL && /^(https?|file):$/.test(place.protocol)) return place;
  throw new XformerError("USAGE", `a model cannot be loaded from ${String(place)}`, {
    hint: "Give a path, a URL with file:, http: or https:, or bytes.",
  });
}

async function readFile(path: string, { signal, onProgress }: CallOptions): Promise<Checkpoint> {
  let bytes: Uint8Array;
  try {
    const file = await open(path, "r");
    try {
      const { size } = await file.stat();
      if (size > MOST_BYTES) return loadCheckpoint(path);
      bytes = new Uint8Array(size);
      for (let done = 0; done < size; ) {
        signal?.throwIfAborted();
        const { bytesRead } = await file.read(bytes, done, Math.min(CHUNK_BYTES, size - done), done);
        if (bytesRead === 0) break; // it has become shorter: its sizes no longer fit, which is said below
        done += bytesRead;
        onProgress?.({ unit: "bytes", done, total: size });
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fileSystemError(error, path);
  }
  return parseCheckpoint(bytes, path, crc32);
}
