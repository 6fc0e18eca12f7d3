import { XformerError } from "../../errors.ts";
import type { Random } from "../../random.ts";
import { fromByteAlphabet } from "../bpe/byteAlphabet.ts";
import { memoize } from "../memoize.ts";
import { wellFormed } from "../normalize.ts";
import { symbolsOf } from "../sentencePiece/normalizer.ts";
import { isTag } from "../tags.ts";
import type { Tokenizer } from "../tokenizer.ts";
import type { TokenizerJSON } from "../tokenizerJson.ts";
import type { Vocabulary } from "../vocabulary.ts";
import { type AddedToken, AddedTokens } from "./addedTokens.ts";
import { createDecoder, type Decoder } from "./decoders.ts";
import type { TokenModel } from "./model.ts";
import { createNormalizer, lowercases, type Normalizer } from "./normalizers.ts";
import { createPreTokenizer, type PreTokenizer } from "./preTokenizers.ts";
import { type PipelineParts, pipelineJSON } from "./tokenizerJson.ts";

/** Words whose ids are remembered. */
const REMEMBERED = 65_536;
/** Longer words, in code units, hardly ever come again. */
const LONGEST_REMEMBERED = 64;

/**
 * The way of text through a `tokenizer.json`: added tokens are cut out, what is between them is normalised and cut
 * into words, and a model makes tokens of each word.
 */
export class PipelineTokenizer<M extends TokenModel = TokenModel> implements Tokenizer {
  readonly kind: Tokenizer["kind"];
  readonly vocabulary: Vocabulary;
  readonly lowercase: boolean;
  readonly tags: readonly string[];
  /** Everything that it is made of. */
  readonly parts: PipelineParts<M>;
  readonly #addedBefore: AddedTokens;
  readonly #normalizer: Normalizer;
  readonly #addedAfter: AddedTokens;
  readonly #preTokenizer: PreTokenizer;
  readonly #decoder: Decoder;
  readonly #remembered: (word: string) => readonly number[];
  /** Whether tokens are written in the byte alphabet. */
  readonly #spellsBytes: boolean;

  /**
   * @param file where the parts came from, for the error message
   * @throws XformerError CHECKPOINT when a part is not supported or not as it should be
   */
  constructor(parts: PipelineParts<M>, file?: string) {
    this.kind = parts.model.kind;
    this.parts = parts;
    this.vocabulary = parts.vocabulary;
    this.lowercase = lowercases(parts.normalizer);
    const symbols = symbolsOf(parts.normalizer, file);
    const uncut = parts.addedTokens.flatMap(({ content, rstrip }) => (rstrip ? content : []));
    this.tags = (symbols?.texts ?? uncut).filter(isTag);
    this.#normalizer = createNormalizer(parts.normalizer, file);
    // SentencePiece looks for its symbols in normalised text, whatever the file says to others.
    const isAfter = ({ normalized }: AddedToken): boolean => normalized || symbols !== undefined;
    this.#addedBefore = new AddedTokens(
      parts.addedTokens.filter((token) => !isAfter(token)),
      (content) => content,
    );
    this.#addedAfter = new AddedTokens(parts.addedTokens.filter(isAfter), symbols?.write ?? this.#normalizer);
    this.#preTokenizer = createPreTokenizer(parts.preTokenizer, file);
    this.#decoder = createDecoder(parts.decoder, file);
    this.#spellsBytes = JSON.stringify(parts.decoder)?.includes('"ByteLevel"') ?? false;
    this.#remembered = memoize((word) => parts.model.encode(word), REMEMBERED);
  }

  encodeTokens(text: string): string[] {
    return Array.from(this.encode(text), (id) => this.vocabulary.token(id));
  }

  encode(text: string): Int32Array {
    return this.#encode(text, (word) =>
      word.length <= LONGEST_REMEMBERED ? this.#remembered(word) : this.parts.model.encode(word),
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
    const { model } = this.parts;
    return this.#encode(text, (word) => model.encodeWithDropout?.(word, drops) ?? model.encode(word));
  }

  readable(token: string): string {
    if (!this.#spellsBytes) return this.parts.model.readable?.(token) ?? token;
    const text = fromByteAlphabet([token]);
    return text.includes("\ufffd") ? token : text.replaceAll(" ", "▁");
  }

  surfaces(text: string): string[] {
    return this.#words(text).flatMap((word) => {
      if (typeof word === "number") return this.vocabulary.token(word);
      const ids = this.parts.model.encode(word);
      return ids.length === 1 ? word : ids.map((id) => this.vocabulary.token(id));
    });
  }

  decode(ids: Iterable<number>, unknown: readonly string[] = []): string {
    const { vocabulary } = this;
    const tokens: string[] = [];
    let used = 0;
    for (const id of ids) {
      const token = vocabulary.token(id);
      if (id === vocabulary.unkId) tokens.push(unknown[used++] ?? token);
      else if (!vocabulary.isSpecial(id)) tokens.push(token);
    }
    return this.#decoder(tokens).join("");
  }

  toJSON(): TokenizerJSON {
    return pipelineJSON(this.parts);
  }

  /** The words of a text, as the model sees them. */
  wordsOf(text: string): string[] {
    return this.#words(text).filter((word) => typeof word === "string");
  }

  #encode(text: string, encodeWord: (word: string) => readonly number[]): Int32Array {
    return concatenate(
      this.#words(text).map((word) => (typeof word === "number" ? [word] : encodeWord(word))),
    );
  }

  /** The words of a text in order, and between them the ids of added tokens. */
  #words(text: string): (string | number)[] {
    const words: (string | number)[] = [];
    let isFirst = true;
    for (const raw of this.#addedBefore.split(wellFormed(text))) {
      for (const piece of typeof raw === "number" ? [raw] : this.#addedAfter.split(this.#normalizer(raw))) {
        if (typeof piece === "number") words.push(piece);
        else words.push(...this.#preTokenizer(piece, isFirst));
        isFirst = false;
      }
    }
    return words;
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
