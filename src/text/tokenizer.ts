import { XformerError } from "../errors.ts";
import { CharTokenizer } from "./charTokenizer.ts";
import { parseTokenizerJSON, type TokenizerJSON } from "./tokenizerJson.ts";
import type { Vocabulary } from "./vocabulary.ts";
import { WordTokenizer } from "./wordTokenizer.ts";

/** What the tokens are: words and signs, Unicode code points, or pieces found by byte-pair encoding. */
export type TokenizerKind = "word" | "char" | "bpe";

/** Turns one line of text into token ids and back. */
export interface Tokenizer {
  readonly kind: TokenizerKind;
  readonly vocabulary: Vocabulary;
  /** Whether everything is lowercased: decoding then gives lowercase. */
  readonly lowercase: boolean;
  /** The tokens as text, before the vocabulary: none of them is unknown yet. */
  encodeTokens(text: string): string[];
  /** The ids of the tokens, without BEGIN and END. */
  encode(text: string): Int32Array; // [T]
  /**
   * Natural text with its spaces; BEGIN and END are passed over, the unknown token is shown as `<unk>`. It is
   * what was encoded, normalised, whenever every token was in the vocabulary.
   *
   * @throws XformerError DATA for an id outside the vocabulary
   */
  decode(ids: Iterable<number>): string;
  /** The tokenizer as Hugging Face's `tokenizer.json`; {@link tokenizerFromJSON} reads it back. */
  toJSON(): TokenizerJSON;
}

/** How to learn a tokenizer; the same options and lines give the same tokenizer. */
export interface TokenizerOptions {
  readonly kind: TokenizerKind;
  /** BCP 47 tag of the text's language, for word boundaries, spacing and lowercasing. */
  readonly language?: string | undefined;
  /** Lowercase everything; decoding then gives lowercase. */
  readonly lowercase?: boolean | undefined;
  /** Tokens seen fewer times than this become `<unk>`; 1 keeps all of them. */
  readonly minFrequency?: number | undefined;
  /** The most entries of the vocabulary, the special tokens included; no limit by default. */
  readonly vocabularySize?: number | undefined;
}

/** Learns a tokenizer from text that comes line by line. */
export interface TokenizerLearner {
  /** Takes in a line of the text. */
  add(line: string): void;
  /** @throws XformerError CONFIG when an option is out of range or leaves the vocabulary empty */
  finish(): Tokenizer;
}

/** A learner for text that streams by; the order of the lines does not matter. */
export function createTokenizerLearner(options: TokenizerOptions): TokenizerLearner {
  const lines: string[] = [];
  return { add: (line) => lines.push(line), finish: () => learnTokenizer(lines, options) };
}

/**
 * Learns a tokenizer from text.
 *
 * @param lines the text, read once
 * @throws XformerError CONFIG when an option is out of range or leaves the vocabulary empty
 *
 * @example
 * const tokenizer = learnTokenizer(["我很好。", "你好吗？"], { kind: "word", language: "zh" });
 * tokenizer.decode(tokenizer.encode("我很好。")); // 我很好。
 */
export function learnTokenizer(lines: Iterable<string>, options: TokenizerOptions): Tokenizer {
  const normalization = { language: options.language, lowercase: options.lowercase ?? false };
  switch (options.kind) {
    case "word":
      return WordTokenizer.learn(lines, normalization, options);
    case "char":
      return CharTokenizer.learn(lines, normalization, options);
    default:
      throw new XformerError("CONFIG", `there is no tokenizer "${String(options.kind)}"`, {
        hint: "Choose word or char.",
      });
  }
}

/**
 * Reads back what {@link Tokenizer.toJSON} gave.
 *
 * @param json the parsed JSON
 * @param file where it came from, for the error message
 * @throws XformerError CHECKPOINT when it is not such a tokenizer or is damaged
 */
export function tokenizerFromJSON(json: unknown, file?: string): Tokenizer {
  const { kind, vocabulary, settings } = parseTokenizerJSON(json, file);
  return kind === "word" ? new WordTokenizer(vocabulary, settings) : new CharTokenizer(vocabulary, settings);
}
