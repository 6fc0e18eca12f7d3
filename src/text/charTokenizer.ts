import { SPACE } from "./marks.ts";
import { type Normalization, normalize } from "./normalize.ts";
import { WordLevelModel } from "./pipeline/wordLevelModel.ts";
import type { Tokenizer, TokenizerLearner } from "./tokenizer.ts";
import { type TokenizerJSON, textNormalizers, tokenizerFrame } from "./tokenizerJson.ts";
import { checkLimits, TokenCounts, Vocabulary, type VocabularyLimits } from "./vocabulary.ts";

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

  /** The same with another vocabulary. */
  withVocabulary(vocabulary: Vocabulary): CharTokenizer {
    return new CharTokenizer(vocabulary, this.#normalization);
  }

  toJSON(): TokenizerJSON {
    return charTokenizerJSON(this.vocabulary, this.#normalization);
  }
}

/** The character tokenizer as `tokenizer.json`. */
function charTokenizerJSON(vocabulary: Vocabulary, normalization: Normalization): TokenizerJSON {
  const { language, lowercase } = normalization;
  return {
    ...tokenizerFrame(vocabulary),
    model: new WordLevelModel(vocabulary).toJSON(),
    normalizer: {
      type: "Sequence",
      normalizers: [
        ...textNormalizers(lowercase),
        { type: "Replace", pattern: { Regex: "\\s+" }, content: " " },
        { type: "Strip", strip_left: true, strip_right: true },
        { type: "Replace", pattern: { String: " " }, content: "▁" },
      ],
    },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [{ type: "Split", pattern: { Regex: "." }, behavior: "Isolated", invert: false }],
      xformer: { kind: "char", language, lowercase },
    },
    decoder: {
      type: "Sequence",
      decoders: [{ type: "Replace", pattern: { String: "▁" }, content: " " }, { type: "Fuse" }],
    },
  };
}

/** Counts the characters of a text. */
export class CharLearner implements TokenizerLearner {
  readonly #normalization: Normalization;
  readonly #limits: VocabularyLimits;
  readonly #counts = new TokenCounts();

  /** @throws XformerError CONFIG when a limit is out of range */
  constructor(normalization: Normalization, limits: VocabularyLimits) {
    checkLimits(limits);
    this.#normalization = normalization;
    this.#limits = limits;
  }

  add(line: string): void {
    for (const token of toTokens(normalize(line, this.#normalization))) this.#counts.add(token);
  }

  finish(): CharTokenizer {
    return new CharTokenizer(Vocabulary.learn(this.#counts, this.#limits), this.#normalization);
  }
}

function toTokens(line: string): string[] {
  return Array.from(line, (char) => (char === " " ? SPACE : char === SPACE ? ESCAPED_SPACE : char));
}
