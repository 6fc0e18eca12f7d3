import { XformerError } from "../../errors.ts";
import type { Random } from "../../random.ts";
import { memoize } from "../memoize.ts";
import { wellFormed } from "../normalize.ts";
import { isTag } from "../tags.ts";
import type { Tokenizer } from "../tokenizer.ts";
import type { TokenizerJSON } from "../tokenizerJson.ts";
import type { Vocabulary } from "../vocabulary.ts";
import { AddedTokens } from "./addedTokens.ts";
import { fromByteAlphabet } from "./byteAlphabet.ts";
import { createDecoder, type Decoder } from "./decoders.ts";
import { BpeModel } from "./model.ts";
import { createNormalizer, lowercases, type Normalizer } from "./normalizers.ts";
import { createPreTokenizer, type PreTokenizer } from "./preTokenizers.ts";
import { type BpeParts, bpeTokenizerJSON } from "./tokenizerJson.ts";

/** Words whose ids are remembered. */
const REMEMBERED = 65_536;
/** Longer words, in code units, hardly ever come again. */
const LONGEST_REMEMBERED = 64;

/** Pieces of words are the tokens: what byte-pair encoding makes of them (Sennrich et al. 2016). */
export class BpeTokenizer implements Tokenizer {
  readonly kind = "bpe";
  readonly vocabulary: Vocabulary;
  readonly lowercase: boolean;
  readonly tags: readonly string[];
  /** Everything that it is made of. */
  readonly parts: BpeParts;
  readonly #addedBefore: AddedTokens;
  readonly #normalizer: Normalizer;
  readonly #addedAfter: AddedTokens;
  readonly #preTokenizer: PreTokenizer;
  readonly #model: BpeModel;
  readonly #decoder: Decoder;
  readonly #remembered: (word: string) => readonly number[];
  /** Whether tokens are written in the byte alphabet. */
  readonly #spellsBytes: boolean;

  /**
   * @param file where the parts came from, for the error message
   * @throws XformerError CHECKPOINT when a part is not supported or not as it should be
   */
  constructor(parts: BpeParts, file?: string) {
    this.parts = parts;
    this.vocabulary = parts.vocabulary;
    this.lowercase = lowercases(parts.normalizer);
    this.tags = parts.addedTokens.flatMap(({ content, rstrip }) => (rstrip && isTag(content) ? content : []));
    this.#normalizer = createNormalizer(parts.normalizer, file);
    this.#addedBefore = new AddedTokens(
      parts.addedTokens.filter(({ normalized }) => !normalized),
      (content) => content,
    );
    this.#addedAfter = new AddedTokens(
      parts.addedTokens.filter(({ normalized }) => normalized),
      this.#normalizer,
    );
    this.#preTokenizer = createPreTokenizer(parts.preTokenizer, file);
    this.#model = new BpeModel(parts.vocabulary, parts.model, file);
    this.#decoder = createDecoder(parts.decoder, file);
    this.#spellsBytes = JSON.stringify(parts.decoder)?.includes('"ByteLevel"') ?? false;
    this.#remembered = memoize((word) => this.#model.encode(word), REMEMBERED);
  }

  encodeTokens(text: string): string[] {
    return Array.from(this.encode(text), (id) => this.vocabulary.token(id));
  }

  encode(text: string): Int32Array {
    return this.#encode(text, (word) =>
      word.length <= LONGEST_REMEMBERED ? this.#remembered(word) : this.#model.encode(word),
    );
  }

  encodeWithDropout(text: string, dropout: number, random: Random): Int32Array {
    if (!(dropout >= 0 && dropout <= 1)) {
      throw new XformerError("CONFIG", `the BPE dropout is ${dropout}`, {
        hint: "Give a number from 0 to 1.",
      });
    }
    if (dropout === 0) return this.encode(text);
    const drops = (): boolean => random.next() < dropout;
    return this.#encode(text, (word) => this.#model.encodeWithDropout(word, drops));
  }

  readable(token: string): string {
    if (!this.#spellsBytes) return token;
    const text = fromByteAlphabet([token]);
    return text.includes("\ufffd") ? token : text.replaceAll(" ", "▁");
  }

  decode(ids: Iterable<number>): string {
    const { vocabulary } = this;
    const tokens: string[] = [];
    for (const id of ids) {
      const token = vocabulary.token(id);
      if (id === vocabulary.unkId || !vocabulary.isSpecial(id)) tokens.push(token);
    }
    return this.#decoder(tokens).join("");
  }

  toJSON(): TokenizerJSON {
    return bpeTokenizerJSON(this.parts);
  }

  /** The words of a text, as merges see them. */
  wordsOf(text: string): string[] {
    const words: string[] = [];
    this.#encode(text, (word) => {
      words.push(word);
      return [];
    });
    return words;
  }

  #encode(text: string, encodeWord: (word: string) => readonly number[]): Int32Array {
    const words: (readonly number[])[] = [];
    let isFirst = true;
    for (const raw of this.#addedBefore.split(wellFormed(text))) {
      for (const piece of typeof raw === "number" ? [raw] : this.#addedAfter.split(this.#normalizer(raw))) {
        if (typeof piece === "number") words.push([piece]);
        else for (const word of this.#preTokenizer(piece, isFirst)) words.push(encodeWord(word));
        isFirst = false;
      }
    }
    return concatenate(words);
  }
}

function concatenate(words: readonly (readonly number[])[]): Int32Array {
  let length = 0;
  for (const word of words) length += word.length;
  const ids = new Int32Array(length);
  let end = 0;
  for (const word of words) for (const id of word) ids[end++] = id;
  return ids;
}
