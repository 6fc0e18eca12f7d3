import type { Hypothesis } from "./hypothesis.ts";
import { lengthPenalty } from "./lengthPenalty.ts";
import type { NextTokens, Search, SearchSettings } from "./search.ts";
import { topTokens } from "./topTokens.ts";

/** What a beam search needs to know. */
export interface BeamSettings extends SearchSettings {
  /** Hypotheses kept at a time. */
  readonly beam: number;
  /** Hypotheses wanted, at most `beam`. */
  readonly nBest: number;
  /** The alpha of {@link lengthPenalty}. */
  readonly alpha: number;
}

/**
 * Beam search with length normalisation (Wu et al. 2016, section 7): of all continuations of the open hypotheses
 * by one token the most probable `beam` are kept. Those that end are found; the others stay open, but for those
 * that could not come out any more though each of their tokens to come were certain. So the search is over when
 * no open hypothesis can still win. Ties go to the better parent, then to the lower token id.
 */
export class BeamSearch implements Search {
  readonly #settings: BeamSettings;
  #open: readonly Hypothesis[];
  /** Ended hypotheses, best first, no more than are wanted. */
  #ended: Hypothesis[] = [];
  /** What the limit has cut short: comes out only where too few have ended. */
  #cut: readonly Hypothesis[] = [];

  constructor(start: Hypothesis, settings: BeamSettings) {
    this.#settings = settings;
    this.#open = [start];
    this.#cutAtLimit();
  }

  get open(): readonly Hypothesis[] {
    return this.#open;
  }

  get found(): readonly Hypothesis[] {
    return [...this.#ended, ...this.#cut].slice(0, this.#settings.nBest);
  }

  advance(next: readonly NextTokens[]): void {
    const { beam, nBest, eosId } = this.#settings;
    const kept = next
      .flatMap(({ logits, logSumExp }, i) =>
        topTokens(logits, beam).map((id) => this.#open[i]!.extend(id, logits[id]! - logSumExp, eosId)),
      )
      .sort((a, b) => b.logProbability - a.logProbability) // stable: ties stay in order
      .slice(0, beam);
    this.#ended = [...this.#ended, ...kept.filter(({ ended }) => ended)]
      .sort((a, b) => this.#score(b) - this.#score(a))
      .slice(0, nBest);
    this.#open = kept.filter((hypothesis) => !hypothesis.ended && this.#canWin(hypothesis));
    this.#cutAtLimit();
  }

  #score({ logProbability, length }: Hypothesis): number {
    return logProbability / lengthPenalty(length, this.#settings.alpha);
  }

  /** Whether a hypothesis could come out if all its tokens up to the limit were certain. */
  #canWin({ logProbability }: Hypothesis): boolean {
    const { nBest, limit, alpha } = this.#settings;
    const worst = this.#ended[nBest - 1];
    return worst === undefined || logProbability / lengthPenalty(limit, alpha) > this.#score(worst);
  }

  #cutAtLimit(): void {
    if (this.#open.length === 0 || this.#open[0]!.length < this.#settings.limit) return;
    this.#cut = this.#open;
    this.#open = [];
  }
}
