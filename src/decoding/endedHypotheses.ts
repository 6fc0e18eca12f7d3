import type { Hypothesis } from "./hypothesis.ts";
import { lengthPenalty } from "./lengthPenalty.ts";
import type { SearchSettings } from "./search.ts";

/** What decides which ended hypotheses come out. */
export interface RankingSettings extends SearchSettings {
  /** Hypotheses wanted. */
  readonly nBest: number;
  /** The alpha of {@link lengthPenalty}. */
  readonly alpha: number;
}

/** The hypotheses of a beam search that have come to their END: the best by their score, as many as are wanted. */
export class EndedHypotheses {
  readonly #settings: RankingSettings;
  #best: readonly Hypothesis[] = [];

  constructor(settings: RankingSettings) {
    this.#settings = settings;
  }

  /** Best first, no more than are wanted; those that are as good in the order in which they came. */
  get best(): readonly Hypothesis[] {
    return this.#best;
  }

  /** Takes in those of some hypotheses that have ended. */
  add(hypotheses: readonly Hypothesis[]): void {
    this.#best = [...this.#best, ...hypotheses.filter(({ ended }) => ended)]
      .sort((a, b) => this.score(b) - this.score(a))
      .slice(0, this.#settings.nBest);
  }

  /** Whether an open hypothesis could come out if all its tokens up to the limit were certain. */
  canBeBeatenBy({ logProbability }: Hypothesis): boolean {
    const { nBest, limit, alpha } = this.#settings;
    const worst = this.#best[nBest - 1];
    return worst === undefined || logProbability / lengthPenalty(limit, alpha) > this.score(worst);
  }

  /** The natural log of its probability over the length penalty. */
  score({ logProbability, length }: Hypothesis): number {
    return logProbability / lengthPenalty(length, this.#settings.alpha);
  }
}
