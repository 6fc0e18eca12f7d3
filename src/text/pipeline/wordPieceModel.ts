import { damaged, refuseLongTokens, show } from "../jsonFields.ts";
import { SPACE } from "../marks.ts";
import type { TokenizerJSON } from "../tokenizerJson.ts";
import { NONE, Trie } from "../trie.ts";
import type { Vocabulary } from "../vocabulary.ts";
import type { TokenModel } from "./model.ts";

/** Hugging Face's names and usual values. */
export interface WordPieceSettings {
  /** Written before every piece but the first of a word; `##` for BERT. */
  readonly continuingSubwordPrefix: string;
  /** Longer words, in code points, are unknown. */
  readonly longestWord: number;
}

/**
 * Takes the longest piece that a word begins with, then the longest that the rest begins with, and so on; a word whose
 * rest begins with none is unknown as a whole (Wu et al. 2016, section 4.1; Devlin et al. 2019).
 */
export class WordPieceModel implements TokenModel {
  readonly kind = "wordpiece";
  readonly #vocabulary: Vocabulary;
  readonly #settings: WordPieceSettings;
  /** The pieces that words begin with, and those that go on with one, without their prefix. */
  readonly #first: Trie;
  readonly #continuing: Trie;

  /** @throws XformerError CHECKPOINT when the longest word is no length or a token is too long */
  constructor(vocabulary: Vocabulary, settings: WordPieceSettings, file?: string) {
    const { longestWord } = settings;
    if (!Number.isSafeInteger(longestWord) || longestWord < 0) {
      damaged(`model.max_input_chars_per_word is ${show(longestWord)}, expected a whole number`, file);
    }
    refuseLongTokens(vocabulary.tokens, file);
    this.#vocabulary = vocabulary;
    this.#settings = settings;
    const pieces = [...vocabulary.tokens.entries()].filter(([id]) => !vocabulary.isSpecial(id));
    const prefix = settings.continuingSubwordPrefix;
    this.#first = new Trie(pieces.map(([id, token]) => [token, id]));
    this.#continuing = new Trie(
      pieces.flatMap(([id, token]) => (token.startsWith(prefix) ? [[token.slice(prefix.length), id]] : [])),
    );
  }

  encode(word: string): number[] {
    const { unkId } = this.#vocabulary;
    const { continuingSubwordPrefix: prefix, longestWord } = this.#settings;
    if (word.length > longestWord && Array.from(word).length > longestWord) return [unkId];
    const ids: number[] = [];
    for (let start = 0; start < word.length; ) {
      const end = (start === 0 ? this.#first : this.#continuing).longestEnd(word, start);
      if (end === NONE) return [unkId];
      ids.push(this.#vocabulary.id((start === 0 ? "" : prefix) + word.slice(start, end)));
      start = end;
    }
    return ids;
  }

  readable(token: string): string {
    const { continuingSubwordPrefix: prefix } = this.#settings;
    if (prefix === "") return token;
    return token.startsWith(prefix) ? token.slice(prefix.length) : SPACE + token;
  }

  toJSON(): TokenizerJSON["model"] {
    const { unkId } = this.#vocabulary;
    return {
      type: "WordPiece",
      unk_token: this.#vocabulary.token(unkId),
      continuing_subword_prefix: this.#settings.continuingSubwordPrefix,
      max_input_chars_per_word: this.#settings.longestWord,
      vocab: this.#vocabulary.idsByToken(),
    };
  }
}
