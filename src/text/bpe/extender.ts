import { XformerError } from "../../errors.ts";
import { PipelineTokenizer } from "../pipeline/tokenizer.ts";
import type { Extension, TokenizerExtender } from "../tokenizer.ts";
import { TokenCounts, type Vocabulary, type VocabularyLimits } from "../vocabulary.ts";
import { addedTag, DEFAULT_MIN_FREQUENCY } from "./learner.ts";
import { learnMerges } from "./learnMerges.ts";
import { BpeModel } from "./model.ts";

/**
 * Takes in tags, and learns merges of a text on top of those that a tokenizer has. These are applied after the old ones, so
 * that what they merge are the pieces that the old ones leave. Where pieces are characters, not bytes, those that it lacks
 * are taken in first.
 */
export class BpeExtender implements TokenizerExtender {
  readonly #tokenizer: PipelineTokenizer<BpeModel>;
  /** Entries that the tokenizer had before the tags. */
  readonly #oldSize: number;
  readonly #vocabularySize: number;
  readonly #minFrequency: number;
  readonly #words = new TokenCounts();

  /**
   * @param newTags those that the tokenizer does not know; with some, nothing has to say how far to grow
   * @throws XformerError CONFIG when nothing says how far to grow, or merges cannot be added to those that there are
   */
  constructor(
    tokenizer: PipelineTokenizer<BpeModel>,
    newTags: readonly string[],
    { vocabularySize, minFrequency }: VocabularyLimits,
  ) {
    const { size } = tokenizer.vocabulary;
    const tagged = withTags(tokenizer, newTags);
    const isForTags = newTags.length > 0 && (vocabularySize ?? 0) <= tagged.vocabulary.size;
    if (!isForTags && (vocabularySize === undefined || vocabularySize === size)) {
      throw new XformerError("CONFIG", `byte-pair encoding of ${size} entries grows only when told how far`, {
        hint: `Give --vocab-size above ${size}, or leave out --extend-vocabulary: its pieces spell new words too.`,
      });
    }
    const { settings } = tokenizer.parts.model;
    const { continuingSubwordPrefix, endOfWordSuffix, ignoreMerges, byteFallback, isSentencePiece } =
      settings;
    const hasMarks = continuingSubwordPrefix !== "" || endOfWordSuffix !== "";
    if (isSentencePiece || (!isForTags && (hasMarks || ignoreMerges || byteFallback))) {
      throw new XformerError(
        "CONFIG",
        "to byte-pair encoding with marks inside words, whole words or byte tokens, or of SentencePiece, no merges can be added",
        { hint: "Leave out --extend-vocabulary." },
      );
    }
    this.#tokenizer = tagged;
    this.#oldSize = size;
    this.#vocabularySize = isForTags ? tagged.vocabulary.size : vocabularySize!;
    this.#minFrequency = minFrequency ?? DEFAULT_MIN_FREQUENCY;
  }

  add(line: string): void {
    for (const word of this.#tokenizer.wordsOf(line)) this.#words.add(word);
  }

  finish(): Extension {
    const { parts } = this.#tokenizer;
    const { size } = parts.vocabulary;
    if (size === this.#vocabularySize)
      return { tokenizer: this.#tokenizer, parts: partsOf(parts.vocabulary, this.#oldSize, []) };
    const spelled = this.#withSymbols(parts.vocabulary);
    const { settings } = parts.model;
    const model = new BpeModel(spelled, settings);
    const { tokens, merges } = learnMerges(this.#words, {
      symbols: spelled.tokens,
      split: (word) => model.encode(word),
      isFixed: (id) => spelled.isSpecial(id),
      tokens: this.#vocabularySize,
      minFrequency: this.#minFrequency,
    });
    const vocabulary = parts.vocabulary.with(tokens.slice(size));
    const tokenizer = new PipelineTokenizer({
      ...parts,
      vocabulary,
      model: new BpeModel(vocabulary, { ...settings, merges: [...settings.merges, ...merges] }),
    });
    return { tokenizer, parts: partsOf(vocabulary, this.#oldSize, merges) };
  }

  /** The vocabulary with the characters of the words that it lacks; one of bytes lacks none. */
  #withSymbols(vocabulary: Vocabulary): Vocabulary {
    if (!this.#tokenizer.parts.model.settings.hasUnknown) return vocabulary;
    const missing = new TokenCounts();
    for (const [word, count] of this.#words)
      for (const character of word)
        if (!vocabulary.has(character)) for (let i = 0; i < count; i++) missing.add(character);
    return vocabulary.extended(missing, {
      minFrequency: this.#minFrequency,
      vocabularySize: this.#vocabularySize,
    });
  }
}

/** A tokenizer that knows more tags, behind its other tokens. */
function withTags(
  { parts }: PipelineTokenizer<BpeModel>,
  newTags: readonly string[],
): PipelineTokenizer<BpeModel> {
  const vocabulary = parts.vocabulary.with(newTags.filter((tag) => !parts.vocabulary.has(tag)));
  const added = newTags.map((tag) => addedTag(tag, vocabulary));
  const model = new BpeModel(vocabulary, parts.model.settings);
  return new PipelineTokenizer({
    ...parts,
    vocabulary,
    model,
    addedTokens: [...parts.addedTokens, ...added],
  });
}

/** For every new token the old ids that it is merged from; none for a symbol. */
function partsOf(
  vocabulary: Vocabulary,
  size: number,
  merges: readonly (readonly [left: string, right: string])[],
): number[][] {
  const parts = new Map<number, number[]>();
  const ofToken = (id: number): number[] => (id < size ? [id] : (parts.get(id) ?? []));
  for (const [left, right] of merges) {
    const id = vocabulary.id(left + right);
    if (id < size || parts.has(id)) continue;
    const both = [left, right].map((token) => ofToken(vocabulary.id(token)));
    // With a part that is itself a new symbol nothing of old says the same.
    parts.set(id, both.some((part) => part.length === 0) ? [] : both.flat());
  }
  return Array.from({ length: vocabulary.size - size }, (_, i) => parts.get(size + i) ?? []);
}
