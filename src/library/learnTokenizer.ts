import { XformerError } from "../errors.ts";
import type { Tokenizer, TokenizerOptions } from "../text/tokenizer.ts";
import { createTokenizerLearner } from "../text/tokenizerKinds.ts";
import { type CallOptions, endedBy } from "./calls.ts";
import { countOf, type Stream } from "./pairs.ts";

/** Lines between two reports. */
const LINES = 1000;

/**
 * Learns a tokenizer from lines of text, in memory that does not grow with them.
 *
 * @throws XformerError CONFIG when an option is out of range or leaves the vocabulary empty, DATA without any line; the
 *   reason of the signal when it aborts
 *
 * @example
 * const tokenizer = await learnTokenizer(["我很好。", "你好吗？"], { kind: "word", language: "zh" });
 * tokenizer.decode(tokenizer.encode("我很好。")); // 我很好。
 */
export async function learnTokenizer(
  lines: Stream<string>,
  { signal, onProgress, ...options }: TokenizerOptions & CallOptions,
): Promise<Tokenizer> {
  const learner = createTokenizerLearner(options);
  const total = countOf(lines as object);
  let done = 0;
  for await (const line of endedBy(lines, signal)) {
    learner.add(line);
    done++;
    if (done % LINES !== 0) continue;
    signal?.throwIfAborted();
    onProgress?.({ unit: "lines", done, total });
  }
  if (done === 0)
    throw new XformerError("DATA", "there is no text to learn from", { hint: "Give at least one line." });
  signal?.throwIfAborted();
  const tokenizer = learner.finish();
  onProgress?.({ unit: "lines", done, total });
  return tokenizer;
}
