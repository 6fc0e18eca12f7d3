import { at, type Pointer } from "../kernels/kernels.ts";
import type { Heap } from "../tensor/heap.ts";
import { UNSPACED } from "../text/spacing.ts";
import type { Tokenizer } from "../text/tokenizer.ts";

/** What a translation has to contain, as tokens: any of the ways in which the text may be cut, so many times. */
export interface Phrase {
  /** Without BEGIN, END and unknown tokens; at least one way of at least one token. */
  readonly ways: readonly Int32Array[];
  readonly times: number;
}

/** The phrases that a translation has to contain. */
export interface Phrases {
  readonly list: readonly Phrase[];
  /** Whether they have to come in the order of the list, without overlap. */
  readonly ordered: boolean;
}

/** What may stand before a phrase: nothing, a word, a sign without a space. It decides how the phrase is cut. */
const CONTEXTS = ["", "a ", "("];
/** Text without spaces has no words before it that would tell. */
const UNSPACED_CONTEXTS = ["", "("];

/** The fewest tokens of a phrase, once. */
export function shortestWay({ ways }: Phrase): number {
  return ways.reduce((least, { length }) => Math.min(least, length), Number.POSITIVE_INFINITY);
}

/** The fewest tokens of all phrases together: how many numbers of tokens can be met, but for none. */
export function countPhraseTokens({ list }: Phrases): number {
  return list.reduce((sum, phrase) => sum + phrase.times * shortestWay(phrase), 0);
}

/**
 * The phrases that a target can be made to contain, of some texts; others have words that the tokenizer does not know, or
 * do not fit any more.
 *
 * @param most tokens of all of them together
 * @returns with `of`, for each text the number of its phrase, or undefined
 */
export function phrasesOf(
  texts: readonly string[],
  tokenizer: Tokenizer,
  { ordered, most }: { readonly ordered: boolean; readonly most: number },
): Phrases & { readonly of: readonly (number | undefined)[] } {
  const list: Phrase[] = [];
  const byTokens = new Map<string, number>();
  let left = most;
  const of = texts.map((text) => {
    const ways = waysToCut(text, tokenizer);
    const tokens = shortestWay({ ways, times: 1 });
    if (tokens > left) return undefined;
    left -= tokens;
    const key = ways.map((way) => way.join(" ")).join();
    const known = ordered ? undefined : byTokens.get(key);
    if (known !== undefined) {
      list[known] = { ways, times: list[known]!.times + 1 };
      return known;
    }
    byTokens.set(key, list.length);
    return list.push({ ways, times: 1 }) - 1;
  });
  return { list, ordered, of };
}

/** How a tokenizer may cut a text at the beginning of a line, after a word and after a sign. */
function waysToCut(text: string, tokenizer: Tokenizer): Int32Array[] {
  const { unkId, bosId, eosId } = tokenizer.vocabulary;
  const trimmed = text.trim();
  const ways = new Map<string, Int32Array>();
  for (const context of UNSPACED.test(trimmed[0] ?? "") ? UNSPACED_CONTEXTS : CONTEXTS) {
    const before = tokenizer.encode(context.trimEnd());
    const whole = tokenizer.encode(context + trimmed);
    const way = whole.subarray(before.length);
    const isPart = before.every((id, i) => whole[i] === id);
    if (isPart && way.length > 0 && !way.some((id) => id === unkId || id === bosId || id === eosId))
      ways.set(way.join(" "), way);
  }
  const all = [...ways.values()];
  // One that ends in another is found wherever that is.
  return all.filter((way) => !all.some((other) => other !== way && endsIn(way, other)));
}

function endsIn(ids: Int32Array, end: Int32Array): boolean {
  const from = ids.length - end.length;
  return from >= 0 && end.every((id, i) => ids[from + i] === id);
}

/** Leaves phrases of sentences where {@link readPhrases} reads them; of a sentence without, none. */
export function writePhrases(sentences: readonly (Phrases | undefined)[]): number[] {
  return sentences.flatMap((phrases) => [
    phrases?.list.length ?? 0,
    phrases?.ordered ? 1 : 0,
    ...(phrases?.list ?? []).flatMap(({ ways, times }) => [
      times,
      ways.length,
      ...ways.flatMap((way) => [way.length, ...way]),
    ]),
  ]);
}

/** What {@link writePhrases} has left, as integers in shared memory. */
export function readPhrases(heap: Heap, pointer: Pointer, sentences: number): (Phrases | undefined)[] {
  let next = pointer;
  const take = (count: number): Int32Array => {
    const integers = heap.integers(next, count).slice();
    next = at(next, count);
    return integers;
  };
  const one = (): number => take(1)[0]!;
  const many = <T>(count: number, read: () => T): T[] => Array.from({ length: count }, read);
  return many(sentences, () => {
    const [count, ordered] = take(2) as unknown as [number, number];
    const list = many(count, () => {
      const times = one();
      return { times, ways: many(one(), () => take(one())) };
    });
    return count === 0 ? undefined : { list, ordered: ordered === 1 };
  });
}
