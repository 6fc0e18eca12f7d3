import type { PairSource } from "../replicas/replica.ts";

/** Pairs that are read at a time. */
const PAIRS_AT_ONCE = 1000;

/** How the vocabulary of a side has grown. */
export interface GrownSide {
  /** Ids below this were there before. */
  readonly oldSize: number;
  /** Whether an id stands for no text. */
  readonly isSpecial: (id: number) => boolean;
  /** For each new token, in the order of the ids, the old ids that said the same together; none where nothing did. */
  readonly parts: readonly (readonly number[])[];
}

/** How the vocabularies of a model have grown; one for both sides twice, as the same object. */
export interface Growth {
  readonly source: GrownSide;
  readonly target: GrownSide;
}

/** How often each old id counts in the mean that a row starts at. */
type Weights = ReadonlyMap<number, number>;

/** Which parameters have a row a token, and of which side: [V, D], or [V] for the bias. */
const TABLES: Readonly<Record<string, keyof Growth>> = {
  "source_embedding.weight": "source",
  "target_embedding.weight": "target",
  "output_projection.weight": "target",
  "output_projection.bias": "target",
};

/**
 * Where the rows of new tokens start, in embeddings, output projection and its bias alike:
 *
 * 1. at the mean of the rows of its parts, where the vocabulary before could say the token: the pieces of a word;
 * 2. else at the mean of the rows of its neighbours: the old tokens that stand directly before or after it in the new
 *    data, each as often as it does, without BEGIN, END and `<unk>`;
 * 3. where there are none, at the mean of the rows of all old tokens but the special ones.
 *
 * One vocabulary for both sides has the neighbours of both.
 */
export class StartingRows {
  readonly #sides: Readonly<Record<keyof Growth, readonly Weights[]>>;

  private constructor(sides: Readonly<Record<keyof Growth, readonly Weights[]>>) {
    this.#sides = sides;
  }

  /** No token is new. */
  static none(): StartingRows {
    return new StartingRows({ source: [], target: [] });
  }

  /** @param corpus the new data, in the ids of the grown vocabularies */
  static of(corpus: PairSource & { readonly pairs: number }, { source, target }: Growth): StartingRows {
    const besideSource = new Neighbours(source);
    const besideTarget = source === target ? besideSource : new Neighbours(target);
    for (let first = 0; first < corpus.pairs; first += PAIRS_AT_ONCE) {
      const count = Math.min(PAIRS_AT_ONCE, corpus.pairs - first);
      for (const pair of corpus.read(Array.from({ length: count }, (_, i) => first + i))) {
        besideSource.add(pair.source);
        besideTarget.add(pair.target);
      }
    }
    return new StartingRows({
      source: weightsOf(source, besideSource),
      target: weightsOf(target, besideTarget),
    });
  }

  /**
   * Fills the rows of new tokens in a parameter whose old rows are there already; one without a row a token stays.
   *
   * @param values Float32[V][width]
   * @param width numbers of a row: 1 for the bias
   */
  fill(name: string, values: Float32Array, width: number): void {
    const side = TABLES[name];
    if (side === undefined) return;
    const rows = this.#sides[side];
    const oldSize = values.length / width - rows.length;
    for (const [i, weights] of rows.entries()) {
      const begin = (oldSize + i) * width;
      values.set(meanRow(values, width, weights), begin);
    }
  }
}

/** The weighted mean of rows, summed in double precision. */
function meanRow(values: Float32Array, width: number, weights: Weights): Float64Array {
  const sum = new Float64Array(width);
  let total = 0;
  for (const [id, weight] of weights) {
    total += weight;
    for (let column = 0; column < width; column++) sum[column]! += weight * values[id * width + column]!;
  }
  return sum.map((x) => x / total);
}

function weightsOf({ oldSize, isSpecial, parts }: GrownSide, neighbours: Neighbours): Weights[] {
  let ordinary: Weights | undefined;
  const everyOrdinary = (): Weights => {
    ordinary ??= countsOf(Array.from({ length: oldSize }, (_, id) => id).filter((id) => !isSpecial(id)));
    return ordinary;
  };
  return parts.map((ids, i) => {
    if (ids.length > 0) return countsOf(ids);
    const beside = neighbours.of(oldSize + i);
    return beside.size > 0 ? beside : everyOrdinary();
  });
}

function countsOf(ids: readonly number[]): Weights {
  const counts = new Map<number, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

/** Counts the old tokens beside each new one. */
class Neighbours {
  readonly #side: GrownSide;
  readonly #counts = new Map<number, Map<number, number>>();

  constructor(side: GrownSide) {
    this.#side = side;
  }

  add(ids: Int32Array): void {
    for (let at = 0; at < ids.length; at++) {
      if (ids[at]! < this.#side.oldSize) continue;
      this.#count(ids[at]!, ids[at - 1]);
      this.#count(ids[at]!, ids[at + 1]);
    }
  }

  of(token: number): Weights {
    return this.#counts.get(token) ?? new Map();
  }

  #count(token: number, neighbour: number | undefined): void {
    const { oldSize, isSpecial } = this.#side;
    if (neighbour === undefined || neighbour >= oldSize || isSpecial(neighbour)) return;
    const counts = this.#counts.get(token) ?? new Map<number, number>();
    counts.set(neighbour, (counts.get(neighbour) ?? 0) + 1);
    this.#counts.set(token, counts);
  }
}
