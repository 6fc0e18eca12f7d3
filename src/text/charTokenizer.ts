import { SPACE } from "./marks.ts";
import { type Normalization, normalize } from "./normalize.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { charTokenizerJSON, type TokenizerJSON } from "./tokenizerJson.ts";
import { Vocabulary, type VocabularyLimits } from "./vocabulary.ts";

/** A ▁ of the text itself, as ▁ alone is the space. */
const ESCAPED_SPACE = `\\${SPACE}`;

/** Unicode code points are the tokens, the space written as ▁. */
export class CharTokenizer implements Tokenizer {
  readonly kind = "char";
  readonly vocabulary: Vocabulary;
  readonly #normalization: Normalization;

  constructor(vocabulary: Vocabulary, normalization: Normalization) {
    this.vocabulary = vocabulary;
    this.#normalization = normalization;
  }

  /** Learns the vocabulary from lines of text. */
  static learn(
    lines: Iterable<string>,
    normalization: Normalization,
    limits: VocabularyLimits,
  ): CharTokenizer {
    const counts = new Map<string, number>();
    for (const line of lines) {
      for (const token of toTokens(normalize(line, normalization))) {
        counts.set(token, (counts.get(token) ?? 0) + 1);
      }
    }
    return new CharTokenizer(Vocabulary.learn(counts, limits), normalization);
  }

  get lowercase(): boolean {
    return this.#normalization.lowercase;
  }

  encodeTokens(text: string): string[] {
    return toTokens(normalize(text, this.#normalization));
  }

  encode(text: string): Int32Array {
    return Int32Array.from(this.encodeTokens(text), (token) => this.vocabulary.id(token));
  }

  decode(ids: Iterable<number>): string {
    let text = "";
    for (const id of ids) {
      if (id === this.vocabulary.bosId || id === this.vocabulary.eosId) continue;
      const token = this.vocabulary.token(id);
      text += token === SPACE ? " " : token === ESCAPED_SPACE ? SPACE : token;
    }
    return text;
  }

  toJSON(): TokenizerJSON {
    return charTokenizerJSON(this.vocabulary, this.#normalization);
  }
}

function toTokens(line: string): string[] {
  return Array.from(line, (char) => (char === " " ? SPACE : char === SPACE ? ESCAPED_SPACE : char));
}
