import type { Tokenizer } from "../text/tokenizer.ts";
import { CorpusHash } from "./corpus.ts";
import type { CorpusStatistics } from "./encodedCorpusFile.ts";
import type { EncodedCorpusWriter } from "./encodedCorpusWriter.ts";
import type { SentencePair } from "./pairing.ts";

/** What was found on the way through a corpus. */
export interface EncodedText {
  readonly statistics: CorpusStatistics;
  /** The fingerprint of the text that was encoded. */
  readonly fingerprint: string;
}

/**
 * Encodes pairs that stream by, and leaves out those that are too long.
 *
 * @param maxLength the most tokens of either side
 * @param writer gets the pairs that are left
 */
export async function encodeCorpus(
  stream: AsyncIterable<readonly SentencePair[]>,
  tokenizers: { readonly source: Tokenizer; readonly target: Tokenizer },
  maxLength: number,
  writer: EncodedCorpusWriter,
): Promise<EncodedText> {
  const hash = new CorpusHash();
  const sums = { skipped: 0, sourceTokens: 0, targetTokens: 0, unknownSource: 0, unknownTarget: 0 };
  let [longestSource, longestTarget] = [0, 0];
  for await (const pairs of stream) {
    for (const pair of pairs) {
      hash.add(pair.source, pair.target);
      const source = tokenizers.source.encode(pair.source);
      const target = tokenizers.target.encode(pair.target);
      if (Math.max(source.length, target.length) > maxLength) {
        sums.skipped++;
        continue;
      }
      writer.add(source, target);
      sums.sourceTokens += source.length;
      sums.targetTokens += target.length;
      sums.unknownSource += tokenizers.source.vocabulary.countUnknown(source);
      sums.unknownTarget += tokenizers.target.vocabulary.countUnknown(target);
      longestSource = Math.max(longestSource, source.length);
      longestTarget = Math.max(longestTarget, target.length);
    }
  }
  return { statistics: { ...sums, longestSource, longestTarget }, fingerprint: hash.digest() };
}
