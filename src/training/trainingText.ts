import { type FilterConfig, filters, NO_FILTER } from "../data/check/filterConfig.ts";
import { PairFilter } from "../data/check/judge.ts";
import { type Survey, surveyCorpus } from "../data/check/survey.ts";
import { type Pairs, type PairsByCorpus, readCorpus } from "../data/corpus.ts";
import { type CorpusPlace, type Languages, locateCorpus } from "../data/corpusPlace.ts";
import { Division, DivisionCounter, HeldOutPairs, type HoldOut } from "../data/heldOut.ts";
import type { SentencePair } from "../data/pairing.ts";

/** A corpus to train on, alone or among others. */
export interface CorpusToPrepare {
  /** A `.tsv`, or a prefix that the languages complete; packed with `.gz` or not. */
  readonly path: string;
  readonly languages: Languages;
  /** What of it is not trained on; nothing when left out. */
  readonly holdOut?: HoldOut;
  /** What is put in front of its sources. */
  readonly tag?: string | null;
  /** Whether its sides change places; what is held out and filtered is as without. */
  readonly reverse?: boolean;
  /** How often an epoch takes each of its pairs; once when left out. */
  readonly weight?: number;
}

/** What became of a corpus to train on. */
export interface PreparedPart extends CorpusPlace {
  readonly path: string;
  readonly tag: string | null;
  readonly weight: number;
  /** How it was divided. */
  readonly division: Division;
  /** Pairs that filters left out, by the reason. */
  readonly leftOut: PairFilter["counts"];
}

/** What is told of pairs as they are read. */
export interface ReadProgress {
  /** @throws the reason why the reading is to end */
  check(): void;
  add(pairs: number): void;
}

/** The text of a corpus to train on: what of it is trained on, and what is held out. */
export class TrainingText {
  readonly place: CorpusPlace;
  readonly #corpus: CorpusToPrepare;
  readonly #heldOut = new HeldOutPairs();
  readonly #filter: FilterConfig;
  #survey: Survey | undefined;
  #leftOut: PairFilter["counts"] = {};
  #division: Division = new Division(new DivisionCounter(NOTHING));
  /** Pairs that are trained on, as far as it was read. */
  pairs = 0;

  /** @throws XformerError when the files are not there */
  constructor(corpus: CorpusToPrepare, filter: FilterConfig = NO_FILTER) {
    this.#filter = filter;
    this.place = locateCorpus(corpus.path, corpus.languages);
    this.#corpus = corpus;
  }

  get path(): string {
    return this.#corpus.path;
  }

  get tag(): string | null {
    return this.#corpus.tag ?? null;
  }

  get prepared(): PreparedPart {
    const { tag, path } = this;
    const weight = this.#corpus.weight ?? 1;
    return { ...this.place, path, tag, weight, division: this.#division, leftOut: this.#leftOut };
  }

  /** Pairs that filters left out, as far as it was read. */
  get leftOut(): PairFilter["counts"] {
    return this.#leftOut;
  }

  /** Learns what is usual, which takes a pass of its own when anything is filtered. */
  async survey(progress: ReadProgress): Promise<void> {
    if (filters(this.#filter)) this.#survey = await surveyCorpus(this.place.files, () => progress.check());
  }

  /** Decides where each pair belongs, which takes a pass of its own when anything is held out. */
  async divide(progress: ReadProgress): Promise<void> {
    const { holdOut = NOTHING } = this.#corpus;
    const counter = new DivisionCounter(holdOut);
    if (holdOut.valid !== 0 || holdOut.test !== 0) {
      for await (const pairs of this.#stream(progress)) for (const pair of pairs) counter.add(pair);
    }
    this.#division = new Division(counter);
  }

  /** The pairs that are trained on, for the first time: they are counted, and the others gathered. */
  async *read(progress: ReadProgress): AsyncGenerator<readonly SentencePair[], void, undefined> {
    for await (const pairs of this.#stream(progress)) {
      const own = pairs.filter((pair) => {
        const part = this.#division.partOf(pair);
        if (part !== "train") this.#heldOut.add(part, pair);
        return part === "train";
      });
      this.pairs += own.length;
      yield own.map((pair) => this.#turned(pair));
    }
  }

  /** The pairs that are trained on, with the tag in front of their sources. */
  async *readTagged(progress: ReadProgress): AsyncGenerator<readonly SentencePair[], void, undefined> {
    for await (const pairs of this.#stream(progress)) {
      const own = pairs.filter((pair) => this.#division.partOf(pair) === "train");
      yield own.map((pair) => {
        const turned = this.#turned(pair);
        return this.tag === null ? turned : { ...turned, source: this.tagged(turned.source) };
      });
    }
  }

  /** A source with the tag in front of it. */
  tagged(source: string): string {
    return this.tag === null ? source : `${this.tag} ${source}`;
  }

  /** The pairs of a part that is held out, tagged; none where there is no such part. */
  heldOut(part: "valid" | "test"): Pairs {
    const { source, target } = this.#turned(this.#heldOut.pairs(part) ?? { source: [], target: [] });
    return { source: source.map((line) => this.tagged(line)), target };
  }

  /** A pair, or a side of each, as the model sees it. */
  #turned<P extends SentencePair | Pairs>(pair: P): P {
    return this.#corpus.reverse ? { ...pair, source: pair.target, target: pair.source } : pair;
  }

  async *#stream(progress: ReadProgress): AsyncGenerator<readonly SentencePair[], void, undefined> {
    const { path, languages } = this.#corpus;
    const filter = this.#survey === undefined ? undefined : new PairFilter(this.#filter, this.#survey);
    for await (const pairs of readCorpus(path, languages)) {
      progress.check();
      yield filter === undefined ? pairs : pairs.filter((pair) => filter.keeps(pair));
      progress.add(pairs.length);
    }
    this.#leftOut = filter?.counts ?? {};
  }
}

const NOTHING = { valid: 0, test: 0 };

/**
 * The pairs of several corpora one behind the other.
 *
 * @returns null when there are none; parts where there are several corpora
 */
export function joinPairs(corpora: readonly (Pairs & { readonly name: string })[]): PairsByCorpus | null {
  const source = corpora.flatMap((corpus) => corpus.source);
  if (source.length === 0) return null;
  const target = corpora.flatMap((corpus) => corpus.target);
  if (corpora.length === 1) return { source, target };
  const some = corpora.filter((corpus) => corpus.source.length > 0);
  return { source, target, parts: some.map(({ name, source: { length } }) => ({ name, pairs: length })) };
}

/** Names by which several corpora can be told apart. */
export function distinctNames(
  corpora: readonly { readonly name: string; readonly path: string; readonly tag: string | null }[],
): string[] {
  const named = corpora.map(({ tag, name }) => (tag === null ? name : `${tag} ${name}`));
  if (new Set(named).size === named.length) return named;
  return corpora.map(({ tag, path }) => (tag === null ? path : `${tag} ${path}`));
}
