import { type Normalization, wellFormed } from "../normalize.ts";
import type { AddedToken } from "../pipeline/addedTokens.ts";
import { createNormalizer, type Normalizer } from "../pipeline/normalizers.ts";
import { createPreTokenizer } from "../pipeline/preTokenizers.ts";
import { PipelineTokenizer } from "../pipeline/tokenizer.ts";
import type { TokenizerLearner } from "../tokenizer.ts";
import {
  checkLimits,
  SPECIAL_TOKENS,
  TokenCounts,
  Vocabulary,
  type VocabularyLimits,
} from "../vocabulary.ts";
import { BYTE_ALPHABET } from "./byteAlphabet.ts";
import { learnMerges } from "./learnMerges.ts";
import { BpeModel } from "./model.ts";

const DEFAULT_VOCABULARY_SIZE = 8000;
/** Pairs seen fewer times are not merged. */
export const DEFAULT_MIN_FREQUENCY = 2;
/** Longer words, in bytes, are learned from in pieces: an endless one would slow down every merge. */
const LONGEST_WORD = 1024;

/**
 * A space is put before the line, so that its first word is the same token as elsewhere, and taken away again in
 * decoding: every text comes back as it was.
 */
const PREPEND = { type: "Prepend", prepend: " " };
const PRE_TOKENIZER = { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: true };
const DECODER = {
  type: "Sequence",
  decoders: [
    { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: true },
    { type: "Strip", content: " ", start: 1, stop: 0 },
  ],
};

/** A tag as it is looked for in text: it takes the white space after it along. */
export function addedTag(content: string, vocabulary: Vocabulary): AddedToken {
  const id = vocabulary.id(content);
  return { content, id, normalized: false, singleWord: false, lstrip: false, rstrip: true };
}

/**
 * Learns byte-level byte-pair encoding (Radford et al. 2019, section 2.2): the ids are the special tokens, the
 * 256 bytes and what the merges make, so that no text is ever unknown.
 */
export class BpeLearner implements TokenizerLearner {
  readonly #lowercase: boolean;
  readonly #vocabularySize: number;
  readonly #minFrequency: number;
  readonly #normalizer: Normalizer;
  readonly #preTokenizer = createPreTokenizer(PRE_TOKENIZER, undefined);
  readonly #words = new TokenCounts();
  readonly #tags: readonly string[];

  /** @throws XformerError CONFIG when a limit is out of range */
  constructor(normalization: Normalization, limits: VocabularyLimits) {
    const { vocabularySize = DEFAULT_VOCABULARY_SIZE, minFrequency = DEFAULT_MIN_FREQUENCY } = limits;
    this.#tags = limits.tags ?? [];
    checkLimits(limits, BYTE_ALPHABET.length);
    this.#lowercase = normalization.lowercase;
    this.#vocabularySize = vocabularySize;
    this.#minFrequency = minFrequency;
    this.#normalizer = createNormalizer(this.#normalizerJSON(), undefined);
  }

  add(line: string): void {
    for (const word of this.#preTokenizer(this.#normalizer(wellFormed(line)), true)) {
      if (word.length <= LONGEST_WORD) this.#words.add(word);
      else
        for (let at = 0; at < word.length; at += LONGEST_WORD)
          this.#words.add(word.slice(at, at + LONGEST_WORD));
    }
  }

  finish(): PipelineTokenizer<BpeModel> {
    const { tokens, merges } = learnMerges(this.#words, {
      symbols: BYTE_ALPHABET,
      tokens: this.#vocabularySize - SPECIAL_TOKENS.length - this.#tags.length,
      minFrequency: this.#minFrequency,
    });
    const vocabulary = Vocabulary.of([...this.#tags, ...tokens]);
    return new PipelineTokenizer({
      vocabulary,
      addedTokens: this.#tags.map((tag) => addedTag(tag, vocabulary)),
      model: new BpeModel(vocabulary, {
        merges,
        hasUnknown: true,
        fuseUnknown: false,
        byteFallback: false,
        ignoreMerges: false,
        continuingSubwordPrefix: "",
        endOfWordSuffix: "",
        isSentencePiece: false,
      }),
      normalizer: this.#normalizerJSON(),
      preTokenizer: PRE_TOKENIZER,
      decoder: DECODER,
      postProcessor: null,
    });
  }

  #normalizerJSON(): object {
    if (!this.#lowercase) return PREPEND;
    return { type: "Sequence", normalizers: [{ type: "Lowercase" }, PREPEND] };
  }
}
