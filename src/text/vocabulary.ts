import { XformerError } from "../errors.ts";

/** The special tokens, in the order of their ids: the unknown token, BEGIN and END. */
export const SPECIAL_TOKENS = ["<unk>", "<s>", "</s>"] as const;

/** The ids with a meaning of their own. */
export interface SpecialTokenIds {
  /** Stands for every token outside the vocabulary. */
  readonly unkId: number;
  /** BEGIN: what the decoder reads first. */
  readonly bosId: number;
  /** END: what the decoder predicts last. */
  readonly eosId: number;
  /** Others that no text may become either: padding, masks and the like of a vocabulary made elsewhere. */
  readonly others?: readonly number[];
}

/** How many of the counted tokens a vocabulary takes in. */
export interface VocabularyLimits {
  /** Tokens seen fewer times than this are left out. */
  readonly minFrequency?: number | undefined;
  /** The most entries the vocabulary may have, the special tokens included. */
  readonly vocabularySize?: number | undefined;
  /** Tokens that come first, counted or not. */
  readonly tags?: readonly string[] | undefined;
}

/**
 * The two-way table of tokens and ids. There is no padding token: batches are ragged.
 *
 * Text can never become BEGIN or END: their ids are not reachable from any token's text.
 */
export class Vocabulary implements SpecialTokenIds {
  readonly unkId: number;
  readonly bosId: number;
  readonly eosId: number;
  /** Every token in the order of the ids. */
  readonly tokens: readonly string[];
  readonly #special: ReadonlySet<number>;
  readonly #ids = new Map<string, number>();

  /**
   * @param tokens every token in the order of the ids, the special ones included
   * @throws RangeError when a token occurs twice
   */
  constructor(tokens: readonly string[], { unkId, bosId, eosId, others = [] }: SpecialTokenIds) {
    this.tokens = tokens;
    this.unkId = unkId;
    this.bosId = bosId;
    this.eosId = eosId;
    this.#special = new Set([unkId, bosId, eosId, ...others]);
    for (const [id, token] of tokens.entries()) if (!this.#special.has(id)) this.#ids.set(token, id);
    if (new Set(tokens).size !== tokens.length) throw new RangeError("a token occurs twice");
  }

  /**
   * A vocabulary that begins with {@link SPECIAL_TOKENS}.
   *
   * @param ordinary the tokens after the special ones, in the order of their ids
   * @throws RangeError when a token occurs twice or is a special one
   */
  static of(ordinary: readonly string[]): Vocabulary {
    return new Vocabulary([...SPECIAL_TOKENS, ...ordinary], { unkId: 0, bosId: 1, eosId: 2 });
  }

  /**
   * Takes in the counted tokens by falling frequency, ties in code point order, so that the same counts
   * give the same ids on every machine.
   *
   * @throws XformerError CONFIG when a limit is out of range or leaves nothing of a text that is not empty
   */
  static learn(counts: TokenCounts, limits: VocabularyLimits = {}): Vocabulary {
    checkLimits(limits);
    const { minFrequency = 1, tags = [] } = limits;
    const ordinary = mostFrequent(counts, [...SPECIAL_TOKENS, ...tags], limits);
    if (ordinary.length === 0 && counts.size > 0) {
      throw new XformerError(
        "CONFIG",
        `no token occurs ${minFrequency} times, the vocabulary would be empty`,
        {
          hint: "Lower the minimum frequency.",
        },
      );
    }
    return Vocabulary.of([...tags, ...ordinary]);
  }

  /** This vocabulary and, after its tokens, those of the counted ones that it lacks, in the order of {@link learn}. */
  extended(counts: TokenCounts, limits: VocabularyLimits): Vocabulary {
    return this.with(mostFrequent(counts, this.tokens, limits));
  }

  /** This vocabulary with more tokens at its end. */
  with(more: readonly string[]): Vocabulary {
    const { unkId, bosId, eosId } = this;
    return new Vocabulary([...this.tokens, ...more], { unkId, bosId, eosId, others: [...this.#special] });
  }

  /** The number of ids. */
  get size(): number {
    return this.tokens.length;
  }

  /** The id of a token of text; `unkId` for one outside the vocabulary. */
  id(token: string): number {
    return this.#ids.get(token) ?? this.unkId;
  }

  /** Whether the token is one that text can become. */
  has(token: string): boolean {
    return this.#ids.has(token);
  }

  /** Whether an id has a meaning of its own, so that it stands for no text. */
  isSpecial(id: number): boolean {
    return this.#special.has(id);
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

  /** The ids by their tokens, as `tokenizer.json` has them. */
  idsByToken(): Readonly<Record<string, number>> {
    // Not an object literal filled key by key: a token may well be called "__proto__".
    return Object.fromEntries(this.tokens.map((token, id) => [token, id]));
  }

  /** How many of the ids stand for something outside the vocabulary. */
  countUnknown(ids: Iterable<number>): number {
    let unknown = 0;
    for (const id of ids) if (id === this.unkId) unknown++;
    return unknown;
  }
}

/** The counted tokens that there is room for beside those that there are, the most frequent first. */
function mostFrequent(
  counts: TokenCounts,
  present: readonly string[],
  { minFrequency = 1, vocabularySize = Number.MAX_SAFE_INTEGER }: VocabularyLimits,
): string[] {
  const known: ReadonlySet<string> = new Set(present);
  return [...counts]
    .filter(([token, count]) => count >= minFrequency && !known.has(token))
    .sort(([a, countA], [b, countB]) => countB - countA || compareCodePoints(a, b))
    .slice(0, vocabularySize - present.length)
    .map(([token]) => token);
}

/**
 * Checks that a vocabulary can be learned within the limits.
 *
 * @param bytes entries that a vocabulary of bytes has besides the special tokens
 * @throws XformerError CONFIG when one is out of range
 */
export function checkLimits(limits: VocabularyLimits, bytes: number = 0): void {
  const { minFrequency, vocabularySize, tags = [] } = limits;
  if (minFrequency !== undefined && (!Number.isSafeInteger(minFrequency) || minFrequency < 1)) {
    throw new XformerError("CONFIG", `the minimum frequency is ${minFrequency}`, {
      hint: "Give a whole number from 1.",
    });
  }
  const special = SPECIAL_TOKENS.length;
  const least = special + tags.length + Math.max(bytes, 1);
  if (vocabularySize !== undefined && (!Number.isSafeInteger(vocabularySize) || vocabularySize < least)) {
    throw new XformerError("CONFIG", `the vocabulary size is ${vocabularySize}`, {
      hint: `Give a whole number from ${least}: ${special} entries are special tokens${tags.length === 0 ? "" : `, ${tags.length} tags`}${bytes === 0 ? "" : ` and ${bytes} are bytes`}.`,
    });
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

/** Distinct tokens that are remembered at most: some 100 MB, and far more than a vocabulary holds. */
const MOST_TOKENS = 1_000_000;

/**
 * Counts tokens in bounded memory. When there are too many distinct ones, the rarest are forgotten until half
 * of the room is free (as in lossy counting, Manku and Motwani 2002). Counts are exact below the bound; beyond
 * it, tokens that keep coming are counted a little low and those that do not are lost.
 */
export class TokenCounts implements Iterable<readonly [token: string, count: number]> {
  readonly #counts = new Map<string, number>();
  readonly #most: number;

  /** @param most distinct tokens that are remembered at most */
  constructor(most: number = MOST_TOKENS) {
    this.#most = most;
  }

  /** How many distinct tokens there are. */
  get size(): number {
    return this.#counts.size;
  }

  add(token: string): void {
    this.#counts.set(token, (this.#counts.get(token) ?? 0) + 1);
    if (this.#counts.size > this.#most) this.#forgetRareTokens();
  }

  [Symbol.iterator](): IterableIterator<[string, number]> {
    return this.#counts.entries();
  }

  #forgetRareTokens(): void {
    for (let rare = 1; this.#counts.size > this.#most / 2; rare *= 2) {
      for (const [token, count] of this.#counts) if (count <= rare) this.#counts.delete(token);
    }
  }
}
