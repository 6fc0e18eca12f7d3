import { XformerError } from "../errors.ts";
import { BpeExtender } from "./bpe/extender.ts";
import { BpeModel } from "./bpe/model.ts";
import { CharTokenizer } from "./charTokenizer.ts";
import { withoutMarks } from "./marks.ts";
import { PipelineTokenizer } from "./pipeline/tokenizer.ts";
import { TaggedTokenizer } from "./taggedTokenizer.ts";
import type { Extension, Tokenizer, TokenizerExtender } from "./tokenizer.ts";
import { checkLimits, TokenCounts, type VocabularyLimits } from "./vocabulary.ts";
import { WordTokenizer } from "./wordTokenizer.ts";

/**
 * Takes in what a tokenizer's vocabulary lacks of a text: words or characters, by falling frequency; for byte-pair encoding,
 * symbols and then merges of its pieces, as many as there is room for.
 *
 * @param limits `vocabularySize` is that of the whole; byte-pair encoding has to be told it
 * @throws XformerError CONFIG for limits that leave no room, or a tokenizer that cannot grow
 */
export function extenderOf(tokenizer: Tokenizer, limits: VocabularyLimits): TokenizerExtender {
  const { vocabularySize } = limits;
  const { size } = tokenizer.vocabulary;
  if (vocabularySize !== undefined && vocabularySize < size) {
    throw new XformerError("CONFIG", `the vocabulary size is ${vocabularySize}, but the model has ${size}`, {
      hint: `Give a whole number above ${size}.`,
    });
  }
  checkLimits(limits);
  if (isBpe(tokenizer)) return new BpeExtender(tokenizer, limits);
  if (tokenizer instanceof WordTokenizer || tokenizer instanceof CharTokenizer)
    return new TokenExtender(tokenizer, limits);
  if (tokenizer instanceof TaggedTokenizer) return new TaggedExtender(tokenizer, limits);
  throw new XformerError("CONFIG", `to a ${tokenizer.kind} tokenizer made elsewhere nothing can be added`, {
    hint: "Leave out --extend-vocabulary.",
  });
}

function isBpe(tokenizer: Tokenizer): tokenizer is PipelineTokenizer<BpeModel> {
  return tokenizer instanceof PipelineTokenizer && tokenizer.parts.model instanceof BpeModel;
}

/** Lets grow what is between tags. */
class TaggedExtender implements TokenizerExtender {
  readonly #tokenizer: TaggedTokenizer;
  readonly #inner: TokenizerExtender;

  constructor(tokenizer: TaggedTokenizer, limits: VocabularyLimits) {
    this.#tokenizer = tokenizer;
    this.#inner = extenderOf(tokenizer.inner, limits);
  }

  add(line: string): void {
    for (const piece of this.#tokenizer.textIn(line)) this.#inner.add(piece);
  }

  finish(): Extension {
    const { tokenizer, parts } = this.#inner.finish();
    return { tokenizer: new TaggedTokenizer(tokenizer, this.#tokenizer.tags), parts };
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
