import { Refusal } from "./refusal.ts";

/**
 * Reads the body of a request, no more of it than is allowed.
 *
 * @param most bytes
 * @param signal ends the reading when it aborts, though the rest may never come
 * @throws Refusal for one that is too large, of another kind than JSON, or no text; the reason of the signal
 */
export async function readBody(request: Request, most: number, signal: AbortSignal): Promise<string> {
  const type = request.headers.get("content-type") ?? "none";
  // A page of another site may send texts and forms anywhere, but not JSON.
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    const problem = `the body is of type "${type.slice(0, 60)}"`;
    throw new Refusal("MEDIA_TYPE", problem, "Send JSON, with Content-Type: application/json.");
  }
  const encoding = request.headers.get("content-encoding") ?? "identity";
  if (encoding !== "identity")
    throw new Refusal("MEDIA_TYPE", `the body is encoded as "${encoding.slice(0, 60)}"`, "Send it as it is.");
  if (Number(request.headers.get("content-length") ?? 0) > most) throw tooLarge(most);
  if (request.body === null) return "";
  const reader = request.body.getReader();
  const stop = (): void => void reader.cancel(signal.reason).catch(() => {}); // it may have ended by itself
  signal.addEventListener("abort", stop);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) break;
      chunks.push(value);
      bytes += value.length;
      if (bytes > most) throw tooLarge(most);
    }
  } catch (error) {
    stop();
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Refusal("USAGE", "the body is no UTF-8");
  }
}

function tooLarge(most: number): Refusal {
  return new Refusal("TOO_LARGE", `the body has more than ${most} bytes`, "Send fewer sentences at a time.");
}
