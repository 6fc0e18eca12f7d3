import { crc32 } from "node:zlib";
import { AtomicFile } from "../io/atomicWrite.ts";
import { sentencesIn } from "../text/sentences.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { CorpusHash } from "./corpus.ts";
import {
  bytesFor,
  bytesOf,
  type CorpusStatistics,
  encodeTail,
  type Footer,
  MAGIC,
  type PartStatistics,
  type Unsigned,
  unsigned,
} from "./encodedCorpusFile.ts";
import type { SentencePair } from "./pairing.ts";

/** Tokens that are gathered before they go to the file. */
const TOKENS_AT_ONCE = 2 ** 17;

/** What has to be known before the first pair. */
export interface EncodedCorpusLimits {
  /** The most pairs that will be added. */
  readonly pairs: number;
  /** The most tokens of a sentence. */
  readonly maxLength: number;
  /** The entries of the larger vocabulary. */
  readonly vocabularySize: number;
}

/** Writes the file that `EncodedCorpus` reads, pair by pair; until it is finished nobody sees it. */
export class EncodedCorpusWriter {
  readonly #file: AtomicFile;
  readonly #sourceLengths: Unsigned;
  readonly #targetLengths: Unsigned;
  readonly #tokens: Unsigned;
  #waiting = 0;
  #crc = 0;
  #pairs = 0;

  /** @throws XformerError IO when the file cannot be made */
  constructor(file: string, { pairs, maxLength, vocabularySize }: EncodedCorpusLimits) {
    this.#sourceLengths = unsigned(bytesFor(maxLength), pairs);
    this.#targetLengths = unsigned(bytesFor(maxLength), pairs);
    this.#tokens = unsigned(bytesFor(vocabularySize - 1), Math.max(TOKENS_AT_ONCE, maxLength));
    this.#file = new AtomicFile(file);
    this.#file.write(MAGIC);
  }

  /**
   * Appends a pair as token ids, without BEGIN and END.
   *
   * @throws XformerError IO where the file system refuses
   */
  add(source: Int32Array, target: Int32Array): void {
    this.#sourceLengths[this.#pairs] = source.length;
    this.#targetLengths[this.#pairs] = target.length;
    this.#pairs++;
    this.#append(source);
    this.#append(target);
  }

  /**
   * Completes the file and gives it its name.
   *
   * @throws XformerError IO where the file system refuses; {@link discard} then cleans up
   */
  finish(description: Pick<Footer, "statistics" | "fingerprint" | "key">): void {
    this.#flush();
    const lengths = {
      source: this.#sourceLengths.subarray(0, this.#pairs),
      target: this.#targetLengths.subarray(0, this.#pairs),
    };
    const footer: Footer = {
      ...description,
      pairs: this.#pairs,
      tokenBytes: this.#tokens.BYTES_PER_ELEMENT === 2 ? 2 : 4,
      lengthBytes: lengths.source.BYTES_PER_ELEMENT === 2 ? 2 : 4,
      tokensCrc32: this.#crc,
    };
    for (const part of encodeTail(footer, lengths)) this.#file.write(part);
    this.#file.commit();
  }

  /** Removes what was written; a file that was there before is untouched. Does nothing once finished. */
  discard(): void {
    this.#file.discard();
  }

  #append(ids: Int32Array): void {
    if (this.#waiting + ids.length > this.#tokens.length) this.#flush();
    this.#tokens.set(ids, this.#waiting);
    this.#waiting += ids.length;
  }

  #flush(): void {
    const bytes = bytesOf(this.#tokens.subarray(0, this.#waiting));
    this.#crc = crc32(bytes, this.#crc);
    this.#file.write(bytes);
    this.#waiting = 0;
  }
}

/** What was found on the way through a corpus. */
export interface EncodedText {
  readonly statistics: CorpusStatistics;
  /** The fingerprint of the text that was encoded. */
  readonly fingerprint: string;
}

/**
 * Encodes the pairs of corpora, each of which streams by, and leaves out those that are too long.
 *
 * @param maxLength the most tokens of either side
 * @param writer gets the pairs that are left
 */
export async function encodeCorpus(
  corpora: readonly AsyncIterable<readonly SentencePair[]>[],
  tokenizers: { readonly source: Tokenizer; readonly target: Tokenizer },
  maxLength: number,
  writer: EncodedCorpusWriter,
): Promise<EncodedText> {
  const hash = new CorpusHash();
  const parts = corpora.map(() => ({ pairs: 0, skipped: 0, sourceTokens: 0, targetTokens: 0 }));
  const unknown = { unknownSource: 0, unknownTarget: 0 };
  let [longestSource, longestTarget, mostSentences] = [0, 0, 0];
  for (const [i, corpus] of corpora.entries()) {
    const part = parts[i]!;
    for await (const pairs of corpus) {
      for (const pair of pairs) {
        hash.add(pair.source, pair.target);
        const source = tokenizers.source.encode(pair.source);
        const target = tokenizers.target.encode(pair.target);
        if (Math.max(source.length, target.length) > maxLength) {
          part.skipped++;
          continue;
        }
        writer.add(source, target);
        part.pairs++;
        part.sourceTokens += source.length;
        part.targetTokens += target.length;
        unknown.unknownSource += tokenizers.source.vocabulary.countUnknown(source);
        unknown.unknownTarget += tokenizers.target.vocabulary.countUnknown(target);
        longestSource = Math.max(longestSource, source.length);
        longestTarget = Math.max(longestTarget, target.length);
        mostSentences = Math.max(mostSentences, sentencesIn(pair.source).length);
      }
    }
  }
  const sumOf = (what: keyof PartStatistics): number => parts.reduce((sum, part) => sum + part[what], 0);
  const statistics = {
    ...{
      skipped: sumOf("skipped"),
      sourceTokens: sumOf("sourceTokens"),
      targetTokens: sumOf("targetTokens"),
    },
    ...unknown,
    ...{ longestSource, longestTarget, mostSentences },
    ...(parts.length === 1 ? {} : { parts }),
  };
  return { statistics, fingerprint: hash.digest() };
}
