import type { Hypothesis } from "./hypothesis.ts";
import type { NextTokens, Search, SearchSettings } from "./search.ts";

/** Greedy search: the most probable token each time, until END or the limit. */
export class GreedySearch implements Search {
  readonly #settings: SearchSettings;
  #hypothesis: Hypothesis;

  constructor(start: Hypothesis, settings: SearchSettings) {
    this.#settings = settings;
    this.#hypothesis = start;
  }

  get open(): readonly Hypothesis[] {
    const { ended, length } = this.#hypothesis;
    return ended || length >= this.#settings.limit ? [] : [this.#hypothesis];
  }

  get found(): readonly Hypothesis[] {
    return [this.#hypothesis];
  }

  advance([next]: readonly NextTokens[]): void {
    const { best, logits, logSumExp } = next!;
    this.#hypothesis = this.#hypothesis.extend(best, logits[best]! - logSumExp, this.#settings.eosId);
  }
}
