import { countMarks, joinTokens, markSpaces, withoutMarks } from "./marks.ts";
import { type Normalization, normalize } from "./normalize.ts";
import { WordLevelModel } from "./pipeline/wordLevelModel.ts";
import { WordSegmenter } from "./segmenter.ts";
import { Spacing, type SpacingStyle } from "./spacing.ts";
import type { Tokenizer, TokenizerLearner } from "./tokenizer.ts";
import { type TokenizerJSON, textNormalizers, tokenizerFrame } from "./tokenizerJson.ts";
import { checkLimits, TokenCounts, Vocabulary, type VocabularyLimits } from "./vocabulary.ts";

/** Words of the vocabulary longer than this, in code units, are not looked for inside another word. */
const LONGEST_PART = 8;

/** Words with inner apostrophes and decimal points, or one sign: near UAX 29 for languages with spaces. */
const WORD_PATTERN = "[\\p{L}\\p{M}\\p{N}_]+(?:['’.:,][\\p{L}\\p{M}\\p{N}_]+)*|[^\\s]";

/** How words become tokens, apart from the vocabulary. */
export interface WordSettings extends Normalization {
  readonly spacing: SpacingStyle;
}

/** Words and signs are the tokens; a sign carries a mark where a space is missing or not expected. */
export class WordTokenizer implements Tokenizer {
  readonly kind = "word";
  readonly vocabulary: Vocabulary;
  readonly #settings: WordSettings;
  readonly #segmenter: WordSegmenter;
  readonly #spacing: Spacing;

  constructor(vocabulary: Vocabulary, settings: WordSettings) {
    this.vocabulary = vocabulary;
    this.#settings = settings;
    this.#segmenter = new WordSegmenter(settings.language);
    this.#spacing = new Spacing(settings.spacing, settings.language);
  }

  get lowercase(): boolean {
    return this.#settings.lowercase;
  }

  encodeTokens(text: string): string[] {
    return markSpaces(toChunks(normalize(text, this.#settings), this.#segmenter), this.#spacing);
  }

  encode(text: string): Int32Array {
    const ids: number[] = [];
    for (const token of this.encodeTokens(text)) {
      const id = this.vocabulary.id(token);
      if (id === this.vocabulary.unkId) ids.push(...this.#nearest(withoutMarks(token)));
      else ids.push(id);
    }
    return Int32Array.from(ids);
  }

  /**
   * The ids that come nearest to a token outside the vocabulary. Losing a space is better than losing a
   * sign, so it is looked up without its marks; and what the dictionary took for one word of Chinese or
   * Thai may be several words of the vocabulary.
   */
  #nearest(token: string): number[] {
    if (token === "") return [];
    const id = this.vocabulary.id(token);
    if (id !== this.vocabulary.unkId || !this.#spacing.joins(token)) return [id];
    const parts: number[] = [];
    for (let start = 0; start < token.length; ) {
      let end = Math.min(token.length, start + LONGEST_PART);
      while (end > start && this.vocabulary.id(token.slice(start, end)) === this.vocabulary.unkId) end--;
      if (end === start) return [id];
      parts.push(this.vocabulary.id(token.slice(start, end)));
      start = end;
    }
    return parts;
  }

  surfaces(text: string): string[] {
    const { vocabulary } = this;
    return this.encodeTokens(text).flatMap((token) => {
      if (vocabulary.has(token)) return [withoutMarks(token)];
      const parts = this.#nearest(withoutMarks(token));
      return parts.length === 1 ? [withoutMarks(token)] : parts.map((id) => vocabulary.token(id));
    });
  }

  decode(ids: Iterable<number>, unknown: readonly string[] = []): string {
    const { bosId, eosId, unkId } = this.vocabulary;
    const tokens: string[] = [];
    const written = new Map<number, string>();
    for (const id of ids) {
      if (id === bosId || id === eosId) continue;
      const word = id === unkId ? unknown[written.size] : undefined;
      if (word !== undefined) written.set(tokens.length, word);
      tokens.push(this.vocabulary.token(id));
    }
    return joinTokens(tokens, this.#spacing, written);
  }

  /** The same with another vocabulary. */
  withVocabulary(vocabulary: Vocabulary): WordTokenizer {
    return new WordTokenizer(vocabulary, this.#settings);
  }

  toJSON(): TokenizerJSON {
    return wordTokenizerJSON(this.vocabulary, this.#settings);
  }
}

/** The word tokenizer as `tokenizer.json`. */
function wordTokenizerJSON(vocabulary: Vocabulary, settings: WordSettings): TokenizerJSON {
  const { language, lowercase, spacing } = settings;
  return {
    ...tokenizerFrame(vocabulary),
    model: new WordLevelModel(vocabulary).toJSON(),
    normalizer: { type: "Sequence", normalizers: textNormalizers(lowercase) },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "WhitespaceSplit" },
        { type: "Split", pattern: { Regex: WORD_PATTERN }, behavior: "Isolated", invert: false },
      ],
      xformer: { kind: "word", language, lowercase, spacing },
    },
    // WordPiece joins words with spaces and takes those before punctuation out again; none only joins.
    decoder: spacing === "natural" ? { type: "WordPiece", prefix: "##", cleanup: true } : null,
  };
}

/**
 * Counts the words of a text, and learns from the spaces before and after signs whether it was tokenised
 * beforehand: the style with fewer marks to write is taken.
 */
export class WordLearner implements TokenizerLearner {
  readonly #normalization: Normalization;
  readonly #limits: VocabularyLimits;
  readonly #segmenter: WordSegmenter;
  readonly #natural: TokenCounter;
  readonly #spaced: TokenCounter;

  /** @throws XformerError CONFIG when a limit is out of range */
  constructor(normalization: Normalization, limits: VocabularyLimits) {
    checkLimits(limits);
    const { language } = normalization;
    this.#normalization = normalization;
    this.#limits = limits;
    this.#segmenter = new WordSegmenter(language);
    this.#natural = new TokenCounter("natural", language);
    this.#spaced = new TokenCounter("spaced", language);
  }

  add(line: string): void {
    const chunks = toChunks(normalize(line, this.#normalization), this.#segmenter);
    this.#natural.add(chunks);
    this.#spaced.add(chunks);
  }

  finish(): WordTokenizer {
    const { style, counts } = this.#spaced.marks < this.#natural.marks ? this.#spaced : this.#natural;
    const vocabulary = Vocabulary.learn(counts, this.#limits);
    return new WordTokenizer(vocabulary, { ...this.#normalization, spacing: style });
  }
}

/** Counts the tokens of a text as one style writes them. */
class TokenCounter {
  readonly style: SpacingStyle;
  readonly counts = new TokenCounts();
  readonly #spacing: Spacing;

  constructor(style: SpacingStyle, language: string | undefined) {
    this.style = style;
    this.#spacing = new Spacing(style, language);
  }

  add(chunks: Iterable<readonly string[]>): void {
    for (const token of markSpaces(chunks, this.#spacing)) this.counts.add(token);
  }

  get marks(): number {
    let marks = 0;
    for (const [token, count] of this.counts) marks += countMarks(token) * count;
    return marks;
  }
}

function toChunks(line: string, segmenter: WordSegmenter): (readonly string[])[] {
  return line.split(" ").map((chunk) => segmenter.segment(chunk));
}
