import { utf8Bytes } from "../bpe/byteAlphabet.ts";
import { damaged, refuseLongTokens, show } from "../jsonFields.ts";
import type { TokenizerJSON } from "../tokenizerJson.ts";
import { NONE, ROOT, Trie } from "../trie.ts";
import type { Vocabulary } from "../vocabulary.ts";
import { BYTE_TOKEN, byteToken } from "./byteTokens.ts";
import type { TokenModel } from "./model.ts";

/** What a unigram model is made of besides its vocabulary. */
export interface UnigramSettings {
  /** The logarithm of the probability of each token, by id; those after the last have none and are never found in text. */
  readonly scores: readonly number[];
  /** Whether unknown text becomes its bytes, as `<0x0A>`, where those are tokens. */
  readonly byteFallback: boolean;
  /**
   * Whether the ids are to be those of SentencePiece, which adds up in 32 bits, so that of two ways that are about as
   * probable it may take the other, and which never finds a byte's token in text.
   */
  readonly isSentencePiece: boolean;
}

/** A character that no token is made of costs as much as the least probable token, and this. */
const UNKNOWN_PENALTY = 10;

/**
 * The most probable way to cut a text into tokens, when each is as probable as it is whatever stands beside it (Kudo
 * 2018, section 3.2): Viterbi's algorithm (1967) over all tokens that begin at each place, which a trie finds.
 */
export class UnigramModel implements TokenModel {
  readonly kind = "unigram";
  readonly #vocabulary: Vocabulary;
  readonly #settings: UnigramSettings;
  readonly #scores: Float64Array;
  readonly #trie: Trie;
  readonly #unknownScore: number;
  /** As exact as scores are added up. */
  readonly #round: (score: number) => number;
  /** Of the best way to each place: its score, and where its last token begins and which it is. */
  #best = new Float64Array(0);
  #starts = new Int32Array(0);
  #ids = new Int32Array(0);

  /** @throws XformerError CHECKPOINT when there are no scores, one is no number or a token is too long */
  constructor(vocabulary: Vocabulary, settings: UnigramSettings, file?: string) {
    const { scores, isSentencePiece, byteFallback } = settings;
    if (scores.length === 0) damaged("model.vocab has no tokens", file);
    for (const score of scores) {
      if (!Number.isFinite(score))
        damaged(`model.vocab has the score ${show(score)}, expected a number`, file);
    }
    refuseLongTokens(vocabulary.tokens, file);
    this.#vocabulary = vocabulary;
    this.#settings = settings;
    this.#scores = Float64Array.from(scores);
    const isHidden = (token: string): boolean => isSentencePiece && byteFallback && BYTE_TOKEN.test(token);
    this.#trie = new Trie(
      scores.flatMap((_, id) => {
        const token = vocabulary.token(id);
        return vocabulary.isSpecial(id) || isHidden(token) ? [] : [[token, id]];
      }),
    );
    this.#round = isSentencePiece ? Math.fround : (score) => score;
    this.#unknownScore = this.#round(this.#scores.reduce((a, b) => Math.min(a, b)) - UNKNOWN_PENALTY);
  }

  encode(text: string): number[] {
    this.#findBest(text);
    const { unkId } = this.#vocabulary;
    const ids: number[] = [];
    // Back from the end; unknown characters in a row are one stretch of text.
    for (let end = text.length; end > 0; ) {
      const id = this.#ids[end]!;
      let start = this.#starts[end]!;
      while (id === unkId && start > 0 && this.#ids[start] === unkId) start = this.#starts[start]!;
      if (id === unkId) ids.push(...this.#unknown(text.slice(start, end)).reverse());
      else ids.push(id);
      end = start;
    }
    return ids.reverse();
  }

  toJSON(): TokenizerJSON["model"] {
    const { unkId } = this.#vocabulary;
    const { scores, byteFallback, isSentencePiece } = this.#settings;
    return {
      type: "Unigram",
      unk_id: unkId < scores.length ? unkId : null,
      vocab: scores.map((score, id) => [this.#vocabulary.token(id), score] as const),
      byte_fallback: byteFallback,
      ...(isSentencePiece ? { xformer: { kind: "sentencepiece" } } : {}),
    };
  }

  #findBest(text: string): void {
    const { length } = text;
    if (this.#best.length <= length) {
      this.#best = new Float64Array(2 * length + 1);
      this.#starts = new Int32Array(2 * length + 1);
      this.#ids = new Int32Array(2 * length + 1);
    }
    const [best, starts, ids, trie, round] = [this.#best, this.#starts, this.#ids, this.#trie, this.#round];
    starts.fill(NONE, 0, length + 1);
    best[0] = 0;
    const { unkId } = this.#vocabulary;
    for (let start = 0; start < length; ) {
      const next = start + (text.codePointAt(start)! > 0xffff ? 2 : 1);
      const soFar = best[start]!;
      let isKnown = false;
      let node = ROOT;
      for (let end = start; end < length; ) {
        node = trie.child(node, text.charCodeAt(end++));
        if (node === NONE) break;
        const id = trie.number(node);
        if (id === NONE) continue;
        const score = round(this.#scores[id]! + soFar);
        if (starts[end] === NONE || score > best[end]!) {
          best[end] = score;
          starts[end] = start;
          ids[end] = id;
        }
        if (end === next) isKnown = true;
      }
      const score = round(this.#unknownScore + soFar);
      if (!isKnown && (starts[next] === NONE || score > best[next]!)) {
        best[next] = score;
        starts[next] = start;
        ids[next] = unkId;
      }
      start = next;
    }
  }

  /** What becomes of text that no token is made of. */
  #unknown(text: string): number[] {
    const vocabulary = this.#vocabulary;
    const bytes = this.#settings.byteFallback ? Array.from(utf8Bytes(text), byteToken) : [];
    if (bytes.length === 0 || !bytes.every((byte) => vocabulary.has(byte))) return [vocabulary.unkId];
    return bytes.map((byte) => vocabulary.id(byte));
  }
}
