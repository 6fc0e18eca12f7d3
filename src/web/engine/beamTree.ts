import { BeamSearch, type BeamSettings } from "../../decoding/beamSearch.ts";
import type { Hypothesis } from "../../decoding/hypothesis.ts";
import { lengthPenalty } from "../../decoding/lengthPenalty.ts";
import type { NextTokens, Search } from "../../decoding/search.ts";
import { topTokens } from "../../decoding/topTokens.ts";
import type { BeamNode } from "../protocol.ts";

/** A node without its token's text. */
type Node = Omit<BeamNode, "text">;

/** A beam search that writes down every hypothesis it looks at, and what becomes of it. */
export class WatchedBeam implements Search {
  readonly nodes: Node[] = [];
  readonly #search: BeamSearch;
  readonly #settings: BeamSettings;
  /** The numbers of the nodes of hypotheses that were followed. */
  readonly #numbers = new Map<Hypothesis, number>();
  #step = 0;

  constructor(start: Hypothesis, settings: BeamSettings) {
    this.#search = new BeamSearch(start, settings);
    this.#settings = settings;
    this.#numbers.set(start, -1);
  }

  get open(): readonly Hypothesis[] {
    return this.#search.open;
  }

  get found(): readonly Hypothesis[] {
    return this.#search.found;
  }

  /** The number of the node with which a hypothesis that was found ends. */
  numberOf(hypothesis: Hypothesis): number {
    return this.#numbers.get(hypothesis)!;
  }

  advance(next: readonly NextTokens[]): void {
    const parents = this.#search.open;
    const candidates = this.#candidates(parents, next);
    this.#search.advance(next);
    const { beam } = this.#settings;
    const alive = new Map<string, Hypothesis>();
    for (const hypothesis of [...this.#search.open, ...this.#search.found])
      alive.set(keyOf(parents.indexOf(hypothesis.parent!), hypothesis.id), hypothesis);
    for (const [rank, { parent, ...candidate }] of candidates.entries()) {
      const hypothesis = alive.get(keyOf(parent, candidate.id));
      const lost = rank < beam ? "hopeless" : "pruned";
      const fate = hypothesis === undefined ? lost : hypothesis.ended ? "ended" : "kept";
      if (hypothesis !== undefined) this.#numbers.set(hypothesis, this.nodes.length);
      this.nodes.push({ ...candidate, parent: this.#numbers.get(parents[parent]!)!, step: this.#step, fate });
    }
    this.#step++;
  }

  /** The best continuations of each open hypothesis, as many as the beam is wide, the most probable first. */
  #candidates(parents: readonly Hypothesis[], next: readonly NextTokens[]) {
    const { beam, alpha } = this.#settings;
    const all = next.flatMap(({ logits, logSumExp }, parent) =>
      topTokens(logits, beam).map((id) => {
        const tokenLogProbability = logits[id]! - logSumExp;
        const { logProbability: before, length } = parents[parent]!;
        const logProbability = before + tokenLogProbability;
        const score = logProbability / lengthPenalty(length + 1, alpha);
        return { id, parent, probability: Math.exp(tokenLogProbability), logProbability, score };
      }),
    );
    return all.sort((a, b) => b.logProbability - a.logProbability);
  }
}

function keyOf(parent: number, id: number): string {
  return `${parent} ${id}`;
}
