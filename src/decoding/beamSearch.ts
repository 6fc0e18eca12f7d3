import { EndedHypotheses, type RankingSettings } from "./endedHypotheses.ts";
import type { Hypothesis } from "./hypothesis.ts";
import type { NextTokens, Search } from "./search.ts";
import { topTokens } from "./topTokens.ts";

/** More than the error that floors of logits have from being computed: nothing that belongs to the best is passed over. */
const ROUNDING = 1e-6;

/** What a beam search needs to know. */
export interface BeamSettings extends RankingSettings {
  /** Hypotheses kept at a time; no more are wanted. */
  readonly beam: number;
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
  readonly #ended: EndedHypotheses;
  /** What the limit has cut short: comes out only where too few have ended. */
  #cut: readonly Hypothesis[] = [];

  constructor(start: Hypothesis, settings: BeamSettings) {
    this.#settings = settings;
    this.#ended = new EndedHypotheses(settings);
    this.#open = [start];
    this.#cutAtLimit();
  }

  get open(): readonly Hypothesis[] {
    return this.#open;
  }

  get found(): readonly Hypothesis[] {
    return [...this.#ended.best, ...this.#cut].slice(0, this.#settings.nBest);
  }

  advance(next: readonly NextTokens[]): void {
    const kept = this.#best(next);
    this.#ended.add(kept);
    this.#open = kept.filter((hypothesis) => !hypothesis.ended && this.#ended.canBeBeatenBy(hypothesis));
    this.#cutAtLimit();
  }

  /** The best of all continuations, as many as the beam is wide. */
  #best(next: readonly NextTokens[]): Hypothesis[] {
    const { beam, eosId } = this.#settings;
    let kept: Hypothesis[] = [];
    for (const [i, { logits, logSumExp }] of next.entries()) {
      const parent = this.#open[i]!;
      const worst = kept[beam - 1]?.logProbability ?? Number.NEGATIVE_INFINITY;
      const floor = worst - parent.logProbability + logSumExp - ROUNDING;
      const better = topTokens(logits, beam, floor).map((id) =>
        parent.extend(id, logits[id]! - logSumExp, eosId),
      );
      kept = [...kept, ...better]
        .sort((a, b) => b.logProbability - a.logProbability) // stable: ties stay in order
        .slice(0, beam);
    }
    return kept;
  }

  #cutAtLimit(): void {
    if (this.#open.length === 0 || this.#open[0]!.length < this.#settings.limit) return;
    this.#cut = this.#open;
    this.#open = [];
  }
}
