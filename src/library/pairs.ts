import { XformerError } from "../errors.ts";

/** A source and its target. */
export interface Pair {
  readonly source: string;
  readonly target: string;
}

/** A source and what is accepted as its translation. */
export interface ReferencePair {
  readonly source: string;
  /** The reference, or several of which any will do. */
  readonly target: string | readonly string[];
}

/** Two columns: `target[i]` belongs to `source[i]`. */
export interface PairColumns<Target = string> {
  readonly source: readonly string[];
  readonly target: readonly Target[];
}

/** Items that there are already, or that come. */
export type Stream<T> = Iterable<T> | AsyncIterable<T>;

/** Pairs one after the other, or as two columns. */
export type PairStream<P extends ReferencePair = Pair> = Stream<P> | PairColumns<P["target"]>;

/**
 * Pairs one after the other.
 *
 * @throws XformerError DATA when one column is longer than the other, or when something is no pair
 */
export async function* eachPair<P extends ReferencePair>(
  pairs: PairStream<P>,
): AsyncGenerator<P, void, undefined> {
  if (typeof pairs === "object" && pairs !== null && "source" in pairs) {
    yield* eachRow(pairs) as Generator<P>;
    return;
  }
  if (!isStream(pairs)) throw noPairs("this is neither a list of pairs nor an iterable of them");
  let number = 0;
  for await (const pair of pairs) {
    number++;
    refuseNoPair(pair, `number ${number}`);
    yield pair;
  }
}

/** @throws XformerError DATA for what is no pair of texts */
export function refuseNoPair(pair: unknown, name = "this"): void {
  if (!isPair(pair)) throw noPairs(`${name} is no pair of texts`);
}

/** How many there are, where that is known. */
export function countOf(items: object): number | undefined {
  if (Array.isArray(items)) return items.length;
  if ("source" in items && Array.isArray(items.source)) return items.source.length;
  return undefined;
}

function* eachRow({ source, target }: PairColumns<ReferencePair["target"]>): Generator<ReferencePair> {
  if (source.length !== target.length) {
    throw new XformerError("DATA", `there are ${source.length} sources and ${target.length} targets`, {
      hint: "Give every source its target.",
    });
  }
  for (const [i, text] of source.entries()) yield { source: text, target: target[i]! };
}

function isStream(value: unknown): value is Stream<unknown> {
  return (
    typeof value === "object" && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value)
  );
}

function isPair(pair: unknown): boolean {
  if (typeof pair !== "object" || pair === null) return false;
  const { source, target } = pair as Partial<Record<keyof Pair, unknown>>;
  const isText = (value: unknown): boolean => typeof value === "string";
  return (
    isText(source) && (isText(target) || (Array.isArray(target) && target.length > 0 && target.every(isText)))
  );
}

function noPairs(problem: string): XformerError {
  return new XformerError("DATA", problem, { hint: 'Give { source: "...", target: "..." }.' });
}
