import { XformerError } from "../errors.ts";

/** The special tokens, in the order of their ids: the unknown token, BEGIN and END. */
export const SPECIAL_TOKENS = ["<unk>", "<s>", "</s>"] as const;

/** How many of the counted tokens a vocabulary takes in. */
export interface VocabularyLimits {
  /** Tokens seen fewer times than this are left out. */
  readonly minFrequency?: number | undefined;
  /** The most entries the vocabulary may have, the special tokens included. */
  readonly vocabularySize?: number | undefined;
}

/**
 * The two-way table of tokens and ids. There is no padding token: batches are ragged.
 *
 * Text can never become BEGIN or END: their ids are not reachable from any token's text.
 */
export class Vocabulary {
  /** Stands for every token outside the vocabulary. */
  readonly unkId: number = 0;
  /** BEGIN: what the decoder reads first. */
  readonly bosId: number = 1;
  /** END: what the decoder predicts last. */
  readonly eosId: number = 2;
  /** Every token in the order of the ids, the special ones first. */
  readonly tokens: readonly string[];
  readonly #ids = new Map<string, number>();

  /**
   * @param ordinary the tokens after the special ones, in the order of their ids
   * @throws RangeError when a token occurs twice or is a special one
   */
  constructor(ordinary: readonly string[]) {
    this.tokens = [...SPECIAL_TOKENS, ...ordinary];
    for (const [index, token] of ordinary.entries()) this.#ids.set(token, SPECIAL_TOKENS.length + index);
    if (new Set(this.tokens).size !== this.tokens.length) throw new RangeError("a token occurs twice");
  }

  /**
   * Takes in the counted tokens by falling frequency, ties in code point order, so that the same counts
   * give the same ids on every machine.
   *
   * @throws XformerError CONFIG when a limit is out of range or leaves nothing of a text that is not empty
   */
  static learn(counts: ReadonlyMap<string, number>, limits: VocabularyLimits = {}): Vocabulary {
    const { minFrequency = 1, vocabularySize = Number.MAX_SAFE_INTEGER } = limits;
    if (!Number.isSafeInteger(minFrequency) || minFrequency < 1) {
      throw new XformerError("CONFIG", `the minimum frequency is ${minFrequency}`, {
        hint: "Give a whole number from 1.",
      });
    }
    if (!Number.isSafeInteger(vocabularySize) || vocabularySize <= SPECIAL_TOKENS.length) {
      throw new XformerError("CONFIG", `the vocabulary size is ${vocabularySize}`, {
        hint: `Give a whole number from ${SPECIAL_TOKENS.length + 1}: ${SPECIAL_TOKENS.length} entries are special tokens.`,
      });
    }
    const special: ReadonlySet<string> = new Set(SPECIAL_TOKENS);
    const ordinary = [...counts]
      .filter(([token, count]) => count >= minFrequency && !special.has(token))
      .sort(([a, countA], [b, countB]) => countB - countA || compareCodePoints(a, b))
      .slice(0, vocabularySize - SPECIAL_TOKENS.length)
      .map(([token]) => token);
    if (ordinary.length === 0 && counts.size > 0) {
      throw new XformerError(
        "CONFIG",
        `no token occurs ${minFrequency} times, the vocabulary would be empty`,
        {
          hint: "Lower the minimum frequency.",
        },
      );
    }
    return new Vocabulary(ordinary);
  }

  /** The number of ids. */
  get size(): number {
    return this.tokens.length;
  }

  /** The id of a token of text; `unkId` for one outside the vocabulary. */
  id(token: string): number {
    return this.#ids.get(token) ?? this.unkId;
  }

  /** @throws XformerError DATA when no token has this id */
  token(id: number): string {
    const token = this.tokens[id];
    if (token === undefined) {
      throw new XformerError("DATA", `there is no token with the id ${id}`, {
        hint: `Ids of this vocabulary go from 0 to ${this.size - 1}.`,
      });
    }
    return token;
  }

  /** How many of the ids stand for something outside the vocabulary. */
  countUnknown(ids: Iterable<number>): number {
    let unknown = 0;
    for (const id of ids) if (id === this.unkId) unknown++;
    return unknown;
  }
}

/** Code point order, which for text beyond U+FFFF is not the order of JavaScript's `<`. */
function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (a.charCodeAt(i) !== b.charCodeAt(i)) return (a.codePointAt(i) ?? 0) - (b.codePointAt(i) ?? 0);
  }
  return a.length - b.length;
}
