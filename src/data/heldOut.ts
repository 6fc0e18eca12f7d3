import { hashPair } from "./check/pairIndex.ts";
import type { Pairs } from "./corpus.ts";
import type { SentencePair } from "./pairing.ts";

/** The share of a corpus that is held out when nobody says how much, and the pairs that this is at most. */
const USUAL_SHARE = 0.05;
const USUAL_MOST = 1000;
/** With fewer pairs than this each is worth more in training than in a measurement. */
const FEWEST_TO_DIVIDE = 200;

/** About how many pairs of a corpus are held out for a part of a run when nobody says how many. */
export function usuallyHeldOut(pairs: number): number {
  return pairs < FEWEST_TO_DIVIDE ? 0 : Math.min(USUAL_MOST, Math.round(USUAL_SHARE * pairs));
}

/** How much is held out: so many pairs, or a share below 1; 0 for nothing, null for what is usual. */
export interface HoldOut {
  readonly valid: number | null;
  readonly test: number | null;
}

/** The part of a run that a pair is for. */
type Part = "train" | "valid" | "test";

/**
 * A corpus in three parts. Where a pair belongs follows from a hash of its text alone, so that it stays there whatever
 * else is in the corpus, and all copies of a pair are together: for validation are the pairs with the lowest hashes,
 * for the test those with the highest. When a corpus grows and the number is fixed, held-out pairs may come to be
 * trained on, but none that was trained on is ever held out.
 */
export class Division {
  /** What is held out, in numbers. */
  readonly holdOut: { readonly valid: number; readonly test: number };
  /** Whether there are too few pairs for the usual. */
  readonly isTooSmall: boolean;
  readonly #validBelow: number;
  readonly #testBelow: number;

  constructor(counter: DivisionCounter) {
    const { valid, test } = counter;
    this.isTooSmall = counter.pairs < FEWEST_TO_DIVIDE && [valid, test].some(({ isUsual }) => isUsual);
    const settled = (side: LowestKeys): number =>
      side.isUsual && this.isTooSmall ? 0 : side.isFull ? side.most : side.share;
    this.holdOut = { valid: settled(valid), test: settled(test) };
    this.#validBelow = this.holdOut.valid === 0 ? 0 : valid.bound;
    this.#testBelow = this.holdOut.test === 0 ? 0 : test.bound;
  }

  /** Where a pair belongs. */
  partOf(pair: SentencePair): Part {
    const key = keyOf(pair);
    if (key < this.#validBelow) return "valid";
    return 1 - key < this.#testBelow ? "test" : "train";
  }
}

/** Takes in all pairs of a corpus, to say where each belongs; memory grows with what is held out by number only. */
export class DivisionCounter {
  readonly valid: LowestKeys;
  readonly test: LowestKeys;
  pairs = 0;

  constructor({ valid, test }: HoldOut) {
    this.valid = new LowestKeys(valid);
    this.test = new LowestKeys(test);
  }

  add(pair: SentencePair): void {
    const key = keyOf(pair);
    this.pairs++;
    this.valid.add(key);
    this.test.add(1 - key);
  }
}

/** The lowest of many keys from 0 to 1, each once: those below a share, and of these so many at most. */
class LowestKeys {
  readonly isUsual: boolean;
  readonly share: number;
  readonly most: number;
  /** In order: up to one more than wanted. */
  readonly #keys: number[] = [];

  constructor(wanted: number | null) {
    this.isUsual = wanted === null;
    const isShare = wanted !== null && wanted < 1;
    this.share = wanted === null ? USUAL_SHARE : isShare ? wanted : Number.POSITIVE_INFINITY;
    this.most = wanted === null ? USUAL_MOST : isShare ? Number.POSITIVE_INFINITY : wanted;
  }

  /** Whether there are more below the share than wanted. */
  get isFull(): boolean {
    return this.#keys.length > this.most || this.share === Number.POSITIVE_INFINITY;
  }

  /** What the keys that are wanted are below. */
  get bound(): number {
    return this.#keys[this.most] ?? this.share;
  }

  add(key: number): void {
    if (this.most === Number.POSITIVE_INFINITY || key >= this.bound) return;
    let [low, high] = [0, this.#keys.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#keys[middle]! < key) low = middle + 1;
      else high = middle;
    }
    if (this.#keys[low] === key) return;
    this.#keys.splice(low, 0, key);
    if (this.#keys.length > this.most + 1) this.#keys.pop();
  }
}

/** Gathers the pairs that are held out, each once. */
export class HeldOutPairs {
  readonly #parts = { valid: new Map<number, SentencePair>(), test: new Map<number, SentencePair>() };

  add(part: "valid" | "test", pair: SentencePair): void {
    const key = keyOf(pair);
    if (!this.#parts[part].has(key)) this.#parts[part].set(key, pair);
  }

  /** The pairs of a part in the order of the corpus; null when there is none. */
  pairs(part: "valid" | "test"): Pairs | null {
    const pairs = [...this.#parts[part].values()];
    if (pairs.length === 0) return null;
    return { source: pairs.map(({ source }) => source), target: pairs.map(({ target }) => target) };
  }
}

/** A number from 0 to 1 that is a pair's own; white space at the ends of a side does not count. */
function keyOf({ source, target }: SentencePair): number {
  const [low, high] = hashPair(source, target);
  return (high * 2 ** 20 + (low >>> 12)) / 2 ** 52;
}
