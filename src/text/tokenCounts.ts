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
