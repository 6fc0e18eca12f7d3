import { EndedHypotheses, type RankingSettings } from "./endedHypotheses.ts";
import type { Hypothesis } from "./hypothesis.ts";
import { MOST_HYPOTHESES } from "./options.ts";
import { PhraseProgress } from "./phraseProgress.ts";
import { countPhraseTokens, type Phrases } from "./phrases.ts";
import type { NextTokens, Search } from "./search.ts";
import { topTokens } from "./topTokens.ts";
import type { WordEdges } from "./wordEdges.ts";

/** What a search for targets with phrases in them needs to know. */
export interface GridBeamSettings extends RankingSettings {
  /** Hypotheses kept for each number of tokens of phrases that are there. */
  readonly beam: number;
  readonly phrases: Phrases;
  readonly edges: WordEdges;
}

/** A hypothesis, and how far it has come with the phrases. */
interface Candidate {
  readonly hypothesis: Hypothesis;
  readonly progress: PhraseProgress;
}

/**
 * Grid beam search (Hokamp and Liu 2017): hypotheses compete only with those that have as many tokens of the phrases, a
 * beam for each number, so that none is at a disadvantage for what it still has to say. Only with all phrases can a
 * hypothesis end. Otherwise as beam search: scores, the end and ties.
 */
export class GridBeamSearch implements Search {
  readonly #settings: GridBeamSettings;
  /** All tokens of phrases: any other leaves no phrase under way. */
  readonly #ofPhrases: ReadonlySet<number>;
  #open: readonly Candidate[];
  readonly #ended: EndedHypotheses;
  #cut: readonly Hypothesis[] = [];

  constructor(start: Hypothesis, settings: GridBeamSettings) {
    const { phrases, edges } = settings;
    this.#settings = settings;
    this.#ended = new EndedHypotheses(settings);
    this.#ofPhrases = new Set(phrases.list.flatMap(({ ways }) => ways.flatMap((way) => [...way])));
    const progress = start
      .tokens()
      .reduce((before, id) => before.next(id), PhraseProgress.begin(phrases, edges));
    this.#open = [{ hypothesis: start, progress }];
    this.#cutAtLimit();
  }

  get open(): readonly Hypothesis[] {
    return this.#open.map(({ hypothesis }) => hypothesis);
  }

  get found(): readonly Hypothesis[] {
    return [...this.#ended.best, ...this.#cut].slice(0, this.#settings.nBest);
  }

  advance(next: readonly NextTokens[]): void {
    const { beam } = this.#settings;
    const beams = new Map<number, Candidate[]>();
    for (const [i, tokens] of next.entries()) {
      for (const candidate of this.#continuations(this.#open[i]!, tokens)) {
        const met = candidate.progress.tokens;
        const rivals = beams.get(met) ?? [];
        rivals.push(candidate);
        beams.set(met, rivals);
      }
    }
    const kept = [...beams.keys()]
      .sort((a, b) => a - b)
      .flatMap((met) =>
        beams
          .get(met)!
          .sort((a, b) => b.hypothesis.logProbability - a.hypothesis.logProbability) // stable
          .slice(0, beam),
      );
    this.#ended.add(kept.map(({ hypothesis }) => hypothesis));
    this.#open = kept.filter(({ hypothesis }) => !hypothesis.ended && this.#ended.canBeBeatenBy(hypothesis));
    this.#cutAtLimit();
  }

  /** What may be kept of the continuations of a hypothesis, in the order of their ids. */
  #continuations({ hypothesis, progress }: Candidate, { logits, logSumExp }: NextTokens): Candidate[] {
    const { beam, eosId } = this.#settings;
    const others = logits.slice();
    for (const id of [...this.#ofPhrases, eosId]) others[id] = Number.NEGATIVE_INFINITY;
    // Tokens of no phrase are all the same to the phrases, but for whether they go on with the word that one ends with.
    const goingOn = others.slice();
    if (progress.isAtEnd) {
      for (let id = 0; id < others.length; id++)
        (progress.goesOn(id) ? others : goingOn)[id] = Number.NEGATIVE_INFINITY;
    }
    const ids = new Set([
      ...topTokens(others, beam),
      ...(progress.isAtEnd ? topTokens(goingOn, beam) : []),
      ...[...this.#ofPhrases].filter((id) => logits[id]! > Number.NEGATIVE_INFINITY),
      ...(progress.isComplete && logits[eosId]! > Number.NEGATIVE_INFINITY ? [eosId] : []),
    ]);
    return [...ids]
      .sort((a, b) => a - b)
      .map((id) => ({
        hypothesis: hypothesis.extend(id, logits[id]! - logSumExp, eosId),
        progress: id === eosId ? progress : progress.next(id),
      }));
  }

  /** What the limit cuts short comes out only where too few have ended: first what has most of the phrases. */
  #cutAtLimit(): void {
    if (this.#open.length === 0 || this.#open[0]!.hypothesis.length < this.#settings.limit) return;
    this.#cut = [...this.#open]
      .sort(
        (a, b) =>
          b.progress.tokens - a.progress.tokens ||
          this.#ended.score(b.hypothesis) - this.#ended.score(a.hypothesis),
      )
      .map(({ hypothesis }) => hypothesis);
    this.#open = [];
  }
}

/** The hypotheses to keep for each number of tokens: those of the beam, unless all together would be too many. */
export function gridBeam(beam: number, phrases: Phrases): number {
  return Math.max(1, Math.min(beam, Math.floor(MOST_HYPOTHESES / beamsOf(phrases))));
}

/** Hypotheses that are open at a time, at most. */
export function gridWidth(beam: number, phrases: Phrases): number {
  return gridBeam(beam, phrases) * beamsOf(phrases);
}

function beamsOf(phrases: Phrases): number {
  return countPhraseTokens(phrases) + 1;
}
