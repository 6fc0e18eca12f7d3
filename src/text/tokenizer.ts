import type { Random } from "../random.ts";
import type { TokenizerJSON } from "./tokenizerJson.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** What tokens can be learned: words and signs, Unicode code points, or the pieces of byte-pair encoding. */
export type TokenizerKind = "word" | "char" | "bpe";

/** What tokens are: those that can be learned here, and the pieces of words of tokenizers made elsewhere. */
export type TokenKind = TokenizerKind | "unigram" | "wordpiece";

/** Turns one line of text into token ids and back. */
export interface Tokenizer {
  readonly kind: TokenKind;
  readonly vocabulary: Vocabulary;
  /** Whether everything is lowercased: decoding then gives lowercase. */
  readonly lowercase: boolean;
  /** Tokens of text that are never cut: see `tags.ts`; none by default. */
  readonly tags?: readonly string[];
  /** The tokens as text; those of `word` and `char` before the vocabulary, so that none is unknown yet. */
  encodeTokens(text: string): string[];
  /** The ids of the tokens, without BEGIN and END. */
  encode(text: string): Int32Array; // [T]
  /**
   * The ids when each merge of byte-pair encoding is left out now and then, so that a model sees a word cut in
   * many ways (Provilkov et al. 2020); only `bpe` has merges to leave out.
   *
   * @param dropout the probability that a merge is left out at a step
   * @throws XformerError CONFIG when it is not from 0 to 1
   */
  encodeWithDropout?(text: string, dropout: number, random: Random): Int32Array; // [T]
  /** The text that each token of `encode` stands for, the unknown ones included; only for words. */
  surfaces?(text: string): string[];
  /** A token as people read it, where the vocabulary has it otherwise: bytes as characters, spaces as ▁. */
  readable?(token: string): string;
  /**
   * Natural text with its spaces; BEGIN and END are passed over, the unknown token is shown as `<unk>`. It is
   * what was encoded, normalised, whenever every token was in the vocabulary.
   *
   * @param unknown what is written for unknown tokens, one after the other, where the tokens are words
   * @throws XformerError DATA for an id outside the vocabulary
   */
  decode(ids: Iterable<number>, unknown?: readonly string[]): string;
  /** The tokenizer as Hugging Face's `tokenizer.json`; `tokenizerFromJSON` reads it back. */
  toJSON(): TokenizerJSON;
}

/** How to learn a tokenizer; the same options and lines give the same tokenizer. */
export interface TokenizerOptions {
  readonly kind: TokenizerKind;
  /** BCP 47 tag of the text's language, for word boundaries, spacing and lowercasing. */
  readonly language?: string | undefined;
  /** Lowercase everything; decoding then gives lowercase. */
  readonly lowercase?: boolean | undefined;
  /**
   * Tokens seen fewer times than this become `<unk>`; 1, the default, keeps all of them. For `bpe`, pairs seen
   * fewer times are not merged; by default 2.
   */
  readonly minFrequency?: number | undefined;
  /** The most entries of the vocabulary, the special tokens included; by default no limit, or 8000 for `bpe`. */
  readonly vocabularySize?: number | undefined;
  /** What is never cut, `<2de>` for example: each has an id of its own, whether it was seen or not. */
  readonly tags?: readonly string[] | undefined;
}

/** Learns a tokenizer from text that comes line by line, in memory that does not grow with it. */
export interface TokenizerLearner {
  add(line: string): void;
  /** @throws XformerError CONFIG when nothing is left for the vocabulary */
  finish(): Tokenizer;
}

/** A tokenizer that knows more than it did: old tokens have their old ids, new ones come after them. */
export interface Extension {
  readonly tokenizer: Tokenizer;
  /** For each new token, in the order of the ids, the old ids that said the same together; none where nothing did. */
  readonly parts: readonly (readonly number[])[];
}

/** Takes tokens of a text that comes line by line into a tokenizer. */
export interface TokenizerExtender {
  add(line: string): void;
  /** @throws XformerError CONFIG when the tokenizer cannot grow by this text */
  finish(): Extension;
}
