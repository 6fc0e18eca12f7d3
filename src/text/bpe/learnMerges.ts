import type { TokenCounts } from "../vocabulary.ts";
import { Heap } from "./heap.ts";

/** What {@link learnMerges} starts from and where it stops. */
export interface MergeLimits {
  /** The symbols that words are made of; their place is their id. */
  readonly symbols: readonly string[];
  /** A word in ids of these symbols; by default a symbol a character. */
  readonly split?: (word: string) => readonly number[];
  /** Whether a symbol is never merged; by default all are. */
  readonly isFixed?: (id: number) => boolean;
  /** How many tokens there may be in the end, the symbols included. */
  readonly tokens: number;
  /** Pairs that occur fewer times are not merged. */
  readonly minFrequency: number;
}

/** What {@link learnMerges} found. */
export interface LearnedMerges {
  /** The symbols, and after them what the merges made; fewer than the merges when two make the same token. */
  readonly tokens: readonly string[];
  /** The pairs of tokens in the order in which they were merged. */
  readonly merges: readonly (readonly [left: string, right: string])[];
}

/** Two symbols next to each other. */
interface Pair {
  readonly left: number;
  readonly right: number;
  /** How often they occur in the text. */
  count: number;
  /** The count under which the pair waits in the heap, 0 when it does not; other entries are void. */
  queued: number;
  /** Words in which they occur, or did before a merge. */
  words: number[];
}

interface Candidate {
  readonly pair: Pair;
  readonly count: number;
}

/**
 * Learns byte-pair merges (Sennrich et al. 2016, algorithm 1): the most frequent pair of neighbouring symbols
 * becomes a symbol of its own, again and again. Of pairs as frequent the one of the lower ids is taken, as
 * Hugging Face's trainer does. Counts are kept up to date, so that a merge only visits the words it changes.
 *
 * @param words how often each word occurs; merges never cross words
 */
export function learnMerges(words: TokenCounts, limits: MergeLimits): LearnedMerges {
  const tokens = [...limits.symbols];
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const isFixed = limits.isFixed ?? (() => false);
  const split = limits.split ?? ((word) => Array.from(word, (character) => ids.get(character)!));
  const text = new SegmentedText(words, split);
  const candidates = new Heap<Candidate>(comesBefore);
  const enqueue = (pair: Pair): void => {
    if (pair.count <= pair.queued || pair.count < limits.minFrequency) return;
    if (isFixed(pair.left) || isFixed(pair.right)) return;
    pair.queued = pair.count;
    candidates.push({ pair, count: pair.count });
  };
  for (const pair of text.pairs.values()) enqueue(pair);

  const merges: [string, string][] = [];
  while (tokens.length < limits.tokens) {
    const candidate = candidates.pop();
    if (candidate === undefined) break;
    const { pair, count } = candidate;
    if (count !== pair.queued) continue;
    pair.queued = 0;
    if (count !== pair.count) {
      enqueue(pair); // it lost occurrences since: it waits on with what is left
      continue;
    }
    const [left, right] = [tokens[pair.left]!, tokens[pair.right]!];
    const token = left + right;
    let id = ids.get(token);
    if (id === undefined) {
      id = tokens.push(token) - 1;
      ids.set(token, id);
    }
    merges.push([left, right]);
    for (const changed of text.merge(pair, id)) enqueue(changed);
  }
  return { tokens, merges };
}

function comesBefore(a: Candidate, b: Candidate): boolean {
  if (a.count !== b.count) return a.count > b.count;
  return a.pair.left !== b.pair.left ? a.pair.left < b.pair.left : a.pair.right < b.pair.right;
}

/** The distinct words as symbols, and the pairs in them. */
class SegmentedText {
  readonly pairs = new Map<number, Pair>();
  /** The words one after the other; each shrinks in its place. */
  readonly #symbols: Int32Array;
  readonly #starts: Int32Array;
  readonly #lengths: Int32Array;
  readonly #counts: Float64Array;

  /** @param split gives no more symbols than a word has code units */
  constructor(words: TokenCounts, split: (word: string) => readonly number[]) {
    this.#starts = new Int32Array(words.size);
    this.#lengths = new Int32Array(words.size);
    this.#counts = new Float64Array(words.size);
    let total = 0;
    for (const [word] of words) total += word.length;
    this.#symbols = new Int32Array(total);
    let [index, end] = [0, 0];
    for (const [word, count] of words) {
      this.#counts[index] = count;
      this.#starts[index] = end;
      for (const symbol of split(word)) this.#symbols[end++] = symbol;
      this.#lengths[index] = end - this.#starts[index]!;
      for (let at = this.#starts[index]! + 1; at < end; at++) {
        this.#count(this.#symbols[at - 1]!, this.#symbols[at]!, count, index);
      }
      index++;
    }
  }

  /**
   * Replaces a pair by one symbol wherever it occurs.
   *
   * @returns the pairs that occur more often now, among others
   */
  merge(pair: Pair, id: number): Iterable<Pair> {
    const changed = new Set<Pair>();
    for (const word of pair.words) this.#mergeIn(word, pair, id, changed);
    pair.words = [];
    return changed;
  }

  #mergeIn(word: number, { left, right }: Pair, id: number, changed: Set<Pair>): void {
    const symbols = this.#symbols;
    const count = this.#counts[word]!;
    const start = this.#starts[word]!;
    const end = start + this.#lengths[word]!;
    let to = start;
    for (let from = start; from < end; from++, to++) {
      if (symbols[from] !== left || from + 1 === end || symbols[from + 1] !== right) {
        symbols[to] = symbols[from]!;
        continue;
      }
      this.#count(left, right, -count, word);
      if (to > start) {
        this.#count(symbols[to - 1]!, left, -count, word);
        changed.add(this.#count(symbols[to - 1]!, id, count, word));
      }
      if (from + 2 < end) {
        this.#count(right, symbols[from + 2]!, -count, word);
        changed.add(this.#count(id, symbols[from + 2]!, count, word));
      }
      symbols[to] = id;
      from++;
    }
    this.#lengths[word] = to - start;
  }

  #count(left: number, right: number, count: number, word: number): Pair {
    const key = left * 0x100_0000 + right; // ids stay below 2^24
    let pair = this.pairs.get(key);
    if (pair === undefined) {
      pair = { left, right, count: 0, queued: 0, words: [] };
      this.pairs.set(key, pair);
    }
    pair.count += count;
    if (count > 0 && pair.words.at(-1) !== word) pair.words.push(word);
    return pair;
  }
}
