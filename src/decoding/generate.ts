import type { Steps } from "../replicas/control.ts";
import type { Workbench } from "../tensor/computation.ts";
import { type Constraints, ruledOut } from "./constraints.ts";
import { EnsembleSession, type Member } from "./ensemble.ts";
import { Hypothesis } from "./hypothesis.ts";
import { nextTokens } from "./nextTokens.ts";
import type { NextTokens, Search } from "./search.ts";

/** How the targets of some sentences are to be found. */
export interface Generation {
  readonly bosId: number;
  readonly eosId: number;
  /** Hypotheses of a sentence that are open at a time, at most. */
  readonly width: number;
  readonly constraints: Constraints;
  /** By sentence: the fewest tokens of its target, END not counted. */
  readonly fewest: readonly number[];
  /** By sentence: the tokens that its target has to begin with. */
  readonly prefixes: readonly Int32Array[];
  /** Begins the search for the target of a sentence, from its prefix on. */
  readonly search: (sentence: number, start: Hypothesis) => Search;
}

/**
 * Generates the targets of some sentences, token by token, all of them at a time; those that are finished are
 * asked for no more. Between two tokens it can be put down.
 *
 * @param members the models, each with the same sentences
 * @returns what was found for each sentence, best first
 */
export function* generate(
  members: readonly Member[],
  workbench: Workbench,
  generation: Generation,
): Steps<(readonly Hypothesis[])[]> {
  const session = new EnsembleSession(members, workbench, generation.width);
  const targets = generation.prefixes.map((_, sentence) => new Target(sentence, generation, session));
  for (let open = targets; ; ) {
    open = open.filter((target) => target.open.length > 0);
    if (open.length === 0) break;
    const hypotheses = open.flatMap((target) => target.open);
    const slots = Int32Array.from(open.flatMap((target) => target.slots));
    const ids = Int32Array.from(hypotheses, ({ id }) => id);
    session.step(slots, ids, (logits) => {
      const out = open.flatMap((target) => target.ruledOut());
      const next = nextTokens(workbench, logits, hypotheses, out, generation.constraints.repetitionPenalty);
      let row = 0;
      for (const target of open) {
        const rows = target.open.length;
        target.advance(next.slice(row, row + rows));
        row += rows;
      }
    });
    for (const target of open) target.settle();
    yield;
  }
  session.close();
  return targets.map((target) => target.search!.found);
}

/** The target of one sentence: first its prefix is read, then it is searched for. */
class Target {
  readonly #sentence: number;
  readonly #generation: Generation;
  readonly #session: EnsembleSession;
  /** The prefix so far. */
  #start: Hypothesis;
  search: Search | undefined;
  open: readonly Hypothesis[];
  /** Where the session keeps each open hypothesis; with one slot, it stays here when nothing is open. */
  slots: readonly number[];

  constructor(sentence: number, generation: Generation, session: EnsembleSession) {
    this.#sentence = sentence;
    this.#generation = generation;
    this.#session = session;
    this.#start = Hypothesis.begin(generation.bosId);
    this.slots = [sentence * generation.width];
    this.open = [this.#start];
    this.#beginSearch();
  }

  /** By open hypothesis: the tokens that must not follow. A prefix may break every rule. */
  ruledOut(): (readonly number[])[] {
    const { constraints, fewest, eosId } = this.#generation;
    if (this.search === undefined) return [[]];
    const least = fewest[this.#sentence]!;
    return this.open.map((hypothesis) => {
      const out = ruledOut(hypothesis, constraints);
      return hypothesis.length < least ? [...out, eosId] : out;
    });
  }

  advance(next: readonly NextTokens[]): void {
    if (this.search !== undefined) {
      this.search.advance(next);
      return;
    }
    const id = this.#prefix[this.#start.length]!;
    const { logits, logSumExp } = next[0]!;
    this.#start = this.#start.extend(id, logits[id]! - logSumExp, this.#generation.eosId);
  }

  /** Finds a slot for every hypothesis that is open now: the first child of one takes its place, others copy it. */
  settle(): void {
    const before = new Map(this.open.map((hypothesis, i) => [hypothesis, this.slots[i]!]));
    this.open = [this.#start];
    this.#beginSearch();
    if (this.#generation.width === 1) return; // there is one slot, and whatever is open has it
    const parents = new Set(this.open.map(({ parent }) => parent));
    const kept = new Set([...before].filter(([parent]) => parents.has(parent)).map(([, slot]) => slot));
    const first = this.#sentence * this.#generation.width;
    const free = Array.from({ length: this.#generation.width }, (_, i) => first + i).filter(
      (s) => !kept.has(s),
    );
    const taken = new Set<number>();
    this.slots = this.open.map(({ parent }) => {
      const slot = before.get(parent!)!;
      if (!taken.has(slot)) {
        taken.add(slot);
        return slot;
      }
      const copy = free.shift()!;
      this.#session.fork(slot, copy);
      return copy;
    });
  }

  get #prefix(): Int32Array {
    return this.#generation.prefixes[this.#sentence]!;
  }

  /** Once the prefix is read the search says what is open. */
  #beginSearch(): void {
    if (this.#start.length < this.#prefix.length) return;
    this.search ??= this.#generation.search(this.#sentence, this.#start);
    this.open = this.search.open;
  }
}
