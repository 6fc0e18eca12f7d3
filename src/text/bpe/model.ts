import { damaged, show } from "../jsonFields.ts";
import { byteToken } from "../pipeline/byteTokens.ts";
import type { TokenModel } from "../pipeline/model.ts";
import type { TokenizerJSON } from "../tokenizerJson.ts";
import type { Vocabulary } from "../vocabulary.ts";
import { utf8Bytes } from "./byteAlphabet.ts";
import { Heap } from "./heap.ts";

/** How a word becomes symbols, and which of them are merged; the names are Hugging Face's. */
export interface BpeModelSettings {
  readonly merges: readonly (readonly [left: string, right: string])[];
  /** Whether a character outside the vocabulary becomes the unknown token; else it is left out. */
  readonly hasUnknown: boolean;
  /** Whether unknown characters in a row become one unknown token. */
  readonly fuseUnknown: boolean;
  /** Whether a character outside the vocabulary becomes its bytes, as `<0x0A>`, where those are tokens. */
  readonly byteFallback: boolean;
  /** Whether a word that is a token is taken whole, whatever the merges say. */
  readonly ignoreMerges: boolean;
  /** Written before every character but the first of a word. */
  readonly continuingSubwordPrefix: string;
  /** Written after the last character of a word. */
  readonly endOfWordSuffix: string;
  /** Whether merges that make the same token are as good as one another, as in SentencePiece: then the leftmost is applied first. */
  readonly isSentencePiece: boolean;
}

/** Positions in a word stay below this, so that a rank and a position fit one number. */
const POSITIONS = 2 ** 31;

/** Byte-pair encoding of one word (Sennrich et al. 2016): the merge learned first is applied first. */
export class BpeModel implements TokenModel {
  readonly kind = "bpe";
  readonly settings: BpeModelSettings;
  readonly #vocabulary: Vocabulary;
  /** The rank of the merge of two ids, by `left * size + right`. */
  readonly #ranks = new Map<number, number>();
  /** What the merges of each rank make. */
  readonly #results: Int32Array;

  /**
   * Merges of special tokens are passed over: text never becomes one.
   *
   * @throws XformerError CHECKPOINT when a merge is of or makes a token outside the vocabulary
   */
  constructor(vocabulary: Vocabulary, settings: BpeModelSettings, file?: string) {
    this.#vocabulary = vocabulary;
    this.settings = settings;
    this.#results = new Int32Array(settings.merges.length);
    const firsts = new Map<number, number>(); // the first merge that makes a token
    const prefix = settings.continuingSubwordPrefix.length;
    for (const [rank, [left, right]] of settings.merges.entries()) {
      const merged = left + right.slice(prefix);
      const missing = [left, right, merged].filter((token) => !vocabulary.has(token));
      for (const token of missing) {
        if (!vocabulary.tokens.includes(token))
          damaged(`model.merges needs ${show(token)}, which model.vocab does not have`, file);
      }
      if (missing.length > 0) continue;
      const result = vocabulary.id(merged);
      if (!firsts.has(result)) firsts.set(result, rank);
      const own = settings.isSentencePiece ? firsts.get(result)! : rank;
      this.#ranks.set(this.#key(vocabulary.id(left), vocabulary.id(right)), own);
      this.#results[own] = result;
    }
  }

  /** The ids of a word. */
  encode(word: string): number[] {
    if (this.settings.ignoreMerges && this.#vocabulary.has(word)) return [this.#vocabulary.id(word)];
    return this.#merge(this.#symbols(word), undefined);
  }

  /**
   * The ids of a word when some merges are left out (BPE dropout, Provilkov et al. 2020, algorithm 1).
   *
   * @param drops asked at every step, of every merge that is possible there
   */
  encodeWithDropout(word: string, drops: () => boolean): number[] {
    return this.#merge(this.#symbols(word), drops);
  }

  toJSON(): TokenizerJSON["model"] {
    const { settings } = this;
    return {
      type: "BPE",
      dropout: null,
      unk_token: settings.hasUnknown ? this.#vocabulary.token(this.#vocabulary.unkId) : null,
      continuing_subword_prefix: settings.continuingSubwordPrefix || null,
      end_of_word_suffix: settings.endOfWordSuffix || null,
      fuse_unk: settings.fuseUnknown,
      byte_fallback: settings.byteFallback,
      ignore_merges: settings.ignoreMerges,
      vocab: this.#vocabulary.idsByToken(),
      merges: settings.merges,
      ...(settings.isSentencePiece ? { xformer: { kind: "sentencepiece" } } : {}),
    };
  }

  #symbols(word: string): number[] {
    const { continuingSubwordPrefix, endOfWordSuffix, byteFallback, hasUnknown, fuseUnknown } = this.settings;
    const vocabulary = this.#vocabulary;
    const symbols: number[] = [];
    let isAfterUnknown = false;
    let start = 0;
    for (const character of word) {
      const isLast = start + character.length === word.length;
      const symbol = (start > 0 ? continuingSubwordPrefix : "") + character + (isLast ? endOfWordSuffix : "");
      start += character.length;
      if (vocabulary.has(symbol)) {
        symbols.push(vocabulary.id(symbol));
        isAfterUnknown = false;
        continue;
      }
      const bytes = byteFallback ? Array.from(utf8Bytes(symbol), byteToken) : [];
      if (bytes.length > 0 && bytes.every((byte) => vocabulary.has(byte))) {
        for (const byte of bytes) symbols.push(vocabulary.id(byte));
        isAfterUnknown = false;
      } else if (hasUnknown) {
        if (!(fuseUnknown && isAfterUnknown)) symbols.push(vocabulary.unkId);
        isAfterUnknown = true;
      }
    }
    return symbols;
  }

  /** Applies the merges in the order of their ranks, each from left to right. */
  #merge(symbols: number[], drops: (() => boolean) | undefined): number[] {
    const end = symbols.length;
    const next = symbols.map((_, at) => at + 1);
    const previous = symbols.map((_, at) => at - 1);
    const merges = new Heap<number>((a, b) => a < b);
    const enqueue = (at: number): void => {
      const rank = at >= 0 && next[at]! < end ? this.#rank(symbols[at]!, symbols[next[at]!]!) : undefined;
      if (rank !== undefined) merges.push(rank * POSITIONS + at);
    };
    for (let at = 0; at < end; at++) enqueue(at);

    const dropped: number[] = [];
    for (let merge = merges.pop(); merge !== undefined; merge = merges.pop()) {
      if (drops?.()) {
        dropped.push(merge);
        continue;
      }
      while (dropped.length > 0) merges.push(dropped.pop()!);
      const at = merge % POSITIONS;
      const right = next[at]!;
      if (symbols[at] === MERGED || right >= end) continue;
      // The neighbours may have been merged with others since.
      const rank = this.#rank(symbols[at]!, symbols[right]!);
      const result = this.#results[(merge - at) / POSITIONS]!;
      if (rank === undefined || this.#results[rank] !== result) continue;
      symbols[at] = result;
      symbols[right] = MERGED;
      next[at] = next[right]!;
      if (next[at]! < end) previous[next[at]!] = at;
      enqueue(previous[at]!);
      enqueue(at);
    }
    return symbols.filter((symbol) => symbol !== MERGED);
  }

  #rank(left: number, right: number): number | undefined {
    return this.#ranks.get(this.#key(left, right));
  }

  #key(left: number, right: number): number {
    return left * this.#vocabulary.size + right;
  }
}

/** Stands where a symbol was that became part of the one before it. */
const MERGED = -1;
