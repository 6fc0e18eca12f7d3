import type { Sentences, SpecialIds } from "../model/batch.ts";
import type { Transformer } from "../model/transformer.ts";
import type { Steps } from "../replicas/control.ts";
import type { Workbench } from "../tensor/computation.ts";
import type { Hypothesis } from "./hypothesis.ts";
import { bestTokens } from "./nextTokens.ts";
import type { FoundTarget } from "./results.ts";
import type { NextTokens, Search, SearchSettings } from "./search.ts";
import { DecodingSession } from "./session.ts";

/**
 * Greedy translation of some sentences, all of them at a time: encode the sources, then from BEGIN on take the most
 * probable token each time, until END or the limit; between two tokens it can be put down. This is all there is to it when nothing more is asked for;
 * constraints, prefixes, beams, samples and ensembles take the way through {@link Search}.
 *
 * @param source each with END
 * @param limits the most tokens of each target, END included
 */
export function* translateGreedily(
  model: Transformer,
  workbench: Workbench,
  source: Sentences,
  { bosId, eosId }: SpecialIds,
  limits: readonly number[],
): Steps<FoundTarget[]> {
  const targets = limits.map(() => ({ ids: [] as number[], logProbabilities: [] as number[], ended: false }));
  const session = new DecodingSession(model, workbench, source); // encodes
  let open = Int32Array.from(limits.keys());
  let newest = new Int32Array(open.length).fill(bosId);
  while (open.length > 0) {
    // One a sentence that is open.
    const { ids, logProbabilities } = session.step(open, newest, (logits) => bestTokens(workbench, logits));
    for (const [i, sentence] of open.entries()) {
      const target = targets[sentence]!;
      target.logProbabilities.push(logProbabilities[i]!);
      if (ids[i] === eosId) target.ended = true;
      else target.ids.push(ids[i]!);
    }
    const goesOn = (sentence: number): boolean =>
      !targets[sentence]!.ended && targets[sentence]!.ids.length < limits[sentence]!;
    newest = ids.filter((_, i) => goesOn(open[i]!));
    open = open.filter(goesOn);
    yield;
  }
  session.close();
  return targets;
}

/** Greedy search among others: the most probable token that is not ruled out, until END or the limit. */
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
