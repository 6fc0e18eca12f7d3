import { XformerError } from "../errors.ts";
import { BpeExtender } from "./bpe/extender.ts";
import { BpeModel } from "./bpe/model.ts";
import { CharTokenizer } from "./charTokenizer.ts";
import { withoutMarks } from "./marks.ts";
import { PipelineTokenizer } from "./pipeline/tokenizer.ts";
import { TaggedTokenizer } from "./taggedTokenizer.ts";
import { checkTags } from "./tags.ts";
import type { Extension, Tokenizer, TokenizerExtender } from "./tokenizer.ts";
import { checkLimits, TokenCounts, type VocabularyLimits } from "./vocabulary.ts";
import { WordTokenizer } from "./wordTokenizer.ts";

/**
 * Takes in what a tokenizer lacks of a text: first the tags of the limits, in whatever text; then words or characters, by
 * falling frequency, or for byte-pair encoding symbols and merges of its pieces, as many as there is room for.
 *
 * @param limits `vocabularySize` is that of the whole; byte-pair encoding has to be told it, unless only tags are new
 * @throws XformerError CONFIG for limits that leave no room, what can be no tag, or a tokenizer that cannot grow
 */
export function extenderOf(tokenizer: Tokenizer, limits: VocabularyLimits): TokenizerExtender {
  const { vocabulary } = tokenizer;
  const newTags = newTagsOf(tokenizer, limits);
  checkSize(vocabulary.size, newTags, limits);
  if (isBpe(tokenizer)) return new BpeExtender(tokenizer, newTags, limits);
  const inner = tokenizer instanceof TaggedTokenizer ? tokenizer.inner : tokenizer;
  if (!(inner instanceof WordTokenizer || inner instanceof CharTokenizer))
    throw new XformerError("CONFIG", `to a ${tokenizer.kind} tokenizer made elsewhere nothing can be added`, {
      hint: "Leave out --extend-vocabulary.",
    });
  const tags = [...(tokenizer.tags ?? []), ...newTags];
  return tags.length === 0 ? new TokenExtender(inner, limits) : new TaggedExtender(inner, tags, limits);
}

/** The tags of the limits that a tokenizer does not know. */
function newTagsOf({ vocabulary, tags: known = [] }: Tokenizer, { tags = [] }: VocabularyLimits): string[] {
  checkTags(tags);
  const special = tags.find((tag) => vocabulary.isSpecial(vocabulary.tokens.indexOf(tag)));
  if (special !== undefined) {
    const hint = "Call the tag something else.";
    throw new XformerError("CONFIG", `${special} is a special token of the model, and can be no tag`, {
      hint,
    });
  }
  return tags.filter((tag) => !known.includes(tag));
}

function checkSize(size: number, newTags: readonly string[], limits: VocabularyLimits): void {
  const { vocabularySize } = limits;
  const least = size + newTags.length;
  if (vocabularySize !== undefined && vocabularySize < least) {
    const has = newTags.length === 0 ? `${size}` : `${size}, and takes in ${newTags.join(", ")}`;
    throw new XformerError("CONFIG", `the vocabulary size is ${vocabularySize}, but the model has ${has}`, {
      hint: `Give a whole number above ${least}.`,
    });
  }
  checkLimits(limits);
}

function isBpe(tokenizer: Tokenizer): tokenizer is PipelineTokenizer<BpeModel> {
  return tokenizer instanceof PipelineTokenizer && tokenizer.parts.model instanceof BpeModel;
}

/** Takes in tags, and lets grow what is between them. */
class TaggedExtender implements TokenizerExtender {
  readonly #tokenizer: TaggedTokenizer;
  readonly #inner: TokenExtender;
  readonly #added: number;

  /** @param tags all that there are to be */
  constructor(inner: WordTokenizer | CharTokenizer, tags: readonly string[], limits: VocabularyLimits) {
    const { vocabulary } = inner;
    const withTags = inner.withVocabulary(vocabulary.with(tags.filter((tag) => !vocabulary.has(tag))));
    this.#added = withTags.vocabulary.size - vocabulary.size;
    this.#tokenizer = new TaggedTokenizer(withTags, tags);
    this.#inner = new TokenExtender(withTags, limits);
  }

  add(line: string): void {
    for (const piece of this.#tokenizer.textIn(line)) this.#inner.add(piece);
  }

  finish(): Extension {
    const { tokenizer, parts } = this.#inner.finish();
    const ofTags = Array.from({ length: this.#added }, () => []);
    return { tokenizer: new TaggedTokenizer(tokenizer, this.#tokenizer.tags), parts: [...ofTags, ...parts] };
  }
}

/** Counts the words or characters that a vocabulary lacks. */
class TokenExtender implements TokenizerExtender {
  readonly #tokenizer: WordTokenizer | CharTokenizer;
  readonly #limits: VocabularyLimits;
  readonly #counts = new TokenCounts();

  constructor(tokenizer: WordTokenizer | CharTokenizer, limits: VocabularyLimits) {
    this.#tokenizer = tokenizer;
    this.#limits = limits;
  }

  add(line: string): void {
    const { vocabulary } = this.#tokenizer;
    for (const token of this.#tokenizer.encodeTokens(line))
      if (!vocabulary.has(token)) this.#counts.add(token);
  }

  finish(): Extension {
    const { vocabulary } = this.#tokenizer;
    const grown = vocabulary.extended(this.#counts, this.#limits);
    const tokens = grown.tokens.slice(vocabulary.size);
    return {
      tokenizer: this.#tokenizer.withVocabulary(grown),
      parts: tokens.map((token) => this.#partsOf(token)),
    };
  }

  /** What a word was read as: words of which it consists, or itself with other spaces around it. A character never. */
  #partsOf(token: string): readonly number[] {
    const { vocabulary, kind } = this.#tokenizer;
    if (kind === "char") return [];
    const ids = [...this.#tokenizer.encode(withoutMarks(token))];
    return ids.includes(vocabulary.unkId) ? [] : ids;
  }
}
