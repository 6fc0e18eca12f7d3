import { type Phrase, type Phrases, shortestWay } from "./phrases.ts";
import { goesOn, type WordEdges } from "./wordEdges.ts";

/** How far a target has come with one phrase. */
interface Progress {
  /** How often it is there. */
  readonly done: number;
  /** By way to cut it: how many of its tokens the target ends with, wherever a beginning of it is under way. */
  readonly open: readonly (readonly number[])[];
}

/**
 * How far a target has come with its phrases. A phrase is there when the target has its tokens one after the other, in any
 * of the ways to cut it, and neither begins nor ends within a word. Several times means so many without overlap; different
 * phrases may overlap unless they are ordered. Never changed once made.
 */
export class PhraseProgress {
  readonly #phrases: Phrases;
  readonly #edges: WordEdges;
  readonly #last: number | undefined;
  readonly #progress: readonly Progress[];

  private constructor(
    phrases: Phrases,
    edges: WordEdges,
    last: number | undefined,
    progress: readonly Progress[],
  ) {
    this.#phrases = phrases;
    this.#edges = edges;
    this.#last = last;
    this.#progress = progress;
  }

  /** Before the first token. */
  static begin(phrases: Phrases, edges: WordEdges): PhraseProgress {
    const none = phrases.list.map(({ ways }) => ({ done: 0, open: ways.map(() => []) }));
    return new PhraseProgress(phrases, edges, undefined, none);
  }

  /** After one token more. */
  next(id: number): PhraseProgress {
    const { list, ordered } = this.#phrases;
    const goes = this.#last !== undefined && goesOn(this.#edges, this.#last, id);
    let isTurn = true; // of ordered phrases only the first that is not there yet may begin or go on
    const progress = list.map((phrase, p) => {
      const { done, open } = this.#progress[p]!;
      if (!isTurn || done === phrase.times) return this.#progress[p]!;
      const isThere = !goes && isWhole(phrase, open);
      const now = done + (isThere ? 1 : 0);
      if (now === phrase.times) return { done: now, open: phrase.ways.map(() => []) };
      isTurn = !ordered;
      if (isIdle(phrase, open, id)) return this.#progress[p]!;
      const advanced = phrase.ways.map((way, w) => [
        ...(isThere ? [] : open[w]!.filter((count) => way[count] === id).map((count) => count + 1)),
        ...(way[0] === id && !goes ? [1] : []),
      ]);
      return { done: now, open: advanced };
    });
    return new PhraseProgress(this.#phrases, this.#edges, id, progress);
  }

  /** The tokens of phrases that are there, those of one under way included: from 0 to those of all of them. */
  get tokens(): number {
    return this.#phrases.list.reduce((sum, phrase, p) => sum + tokensOf(phrase, this.#progress[p]!), 0);
  }

  /** Whether the target may end here: all phrases are there. */
  get isComplete(): boolean {
    return this.times.every((times, p) => times === this.#phrases.list[p]!.times);
  }

  /** How often each phrase is there if the target ends here: as often as it should be, at most. */
  get times(): number[] {
    return this.#phrases.list.map((phrase, p) => {
      const { done, open } = this.#progress[p]!;
      return done + (isWhole(phrase, open) ? 1 : 0);
    });
  }

  /** Whether it matters to a phrase whether the next token goes on with a word. */
  get isAtEnd(): boolean {
    return this.#phrases.list.some((phrase, p) => isWhole(phrase, this.#progress[p]!.open));
  }

  /** Whether a token goes on with the word that the last one ended with. */
  goesOn(id: number): boolean {
    return this.#last !== undefined && goesOn(this.#edges, this.#last, id);
  }
}

/** Whether a way of a phrase has just come to its end. */
function isWhole({ ways }: Phrase, open: Progress["open"]): boolean {
  return ways.some(({ length }, w) => open[w]!.includes(length));
}

/** Whether nothing of a phrase is under way, and a token does not begin it. */
function isIdle({ ways }: Phrase, open: Progress["open"], id: number): boolean {
  return open.every(({ length }) => length === 0) && ways.every((way) => way[0] !== id);
}

function tokensOf(phrase: Phrase, { done, open }: Progress): number {
  const shortest = shortestWay(phrase);
  if (done === phrase.times) return done * shortest;
  const left = phrase.ways.map(({ length }, w) => length - Math.max(0, ...open[w]!));
  return done * shortest + Math.max(0, shortest - Math.min(...left));
}
