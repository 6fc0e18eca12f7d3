import { XformerError } from "../errors.ts";
import type { CallOptions } from "./calls.ts";

/** What is larger is no model that could be computed with: the memory of WebAssembly ends there. */
const MOST_BYTES = 2 ** 32;

/**
 * Fetches what is at a URL.
 *
 * @returns the bytes, and the URL as messages may show it
 * @throws XformerError IO naming the URL when there is nothing, or it is too large; the reason of the signal
 */
export async function fetchBytes(
  url: URL,
  { signal, onProgress }: CallOptions,
): Promise<{ readonly bytes: Uint8Array; readonly name: string }> {
  const name = `${url.origin}${url.pathname}`; // no password, no token of a query
  const refuse = (problem: string, cause?: unknown): XformerError =>
    new XformerError("IO", problem, { file: name, hint: "Check the URL and the connection.", cause });
  try {
    const response = await fetch(url, signal === undefined ? {} : { signal });
    if (!response.ok) throw refuse(`the server answers ${response.status} ${response.statusText}`.trimEnd());
    const said = Number(response.headers.get("content-length") ?? Number.NaN);
    const total = Number.isSafeInteger(said) ? said : undefined;
    const chunks: Uint8Array[] = [];
    let done = 0;
    if (response.body !== null) {
      for await (const chunk of chunksOf(response.body)) {
        chunks.push(chunk);
        done += chunk.length;
        if (done > MOST_BYTES) throw refuse("it is too large for a model");
        onProgress?.({ unit: "bytes", done, total });
      }
    }
    return { bytes: joined(chunks, done), name };
  } catch (error) {
    if (error instanceof XformerError) throw error;
    signal?.throwIfAborted();
    const { cause } = error as { cause?: { code?: unknown } };
    const code = typeof cause?.code === "string" ? ` (${cause.code})` : "";
    throw refuse(`it cannot be fetched${code}`, error);
  }
}

/** What is read of a stream: not every browser can iterate over one. */
interface ByteReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

async function* chunksOf(body: { getReader(): ByteReader }): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = body.getReader();
  let isDone = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      isDone = done;
      if (done) return;
      if (value !== undefined) yield value;
    }
  } finally {
    if (!isDone) await reader.cancel();
  }
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
