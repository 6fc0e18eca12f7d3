import { mix32 } from "../../random.ts";

/** A row of one of the corpora that were read. */
export interface Seen {
  /** The number of its corpus, from 0. */
  readonly corpus: number;
  readonly line: number;
}

/** What the corpora read so far have of a pair: the first row with both its sides, or with its source. */
export interface Earlier {
  readonly samePair?: Seen;
  readonly sameSource?: Seen;
}

/**
 * Remembers where every pair and every source was seen first. Texts are remembered by 64-bit hashes, in 12
 * bytes a text and a table at most three quarters full: among five million, two different ones are taken for
 * the same with a probability of about one in a million.
 */
export class PairIndex {
  readonly #pairs = new FirstSeen();
  readonly #sources = new FirstSeen();
  /** Rows before each corpus. */
  readonly #starts: number[] = [];
  #rows = 0;

  /** Begins the next corpus. */
  startCorpus(): void {
    this.#starts.push(this.#rows);
  }

  /** Takes in a pair, and tells where it was before. White space at the ends of a side does not count. */
  add(source: string, target: string, line: number): Earlier {
    const row = this.#starts.at(-1)! + line;
    this.#rows = Math.max(this.#rows, row);
    const samePair = this.#pairs.add(...hashPair(source, target), row);
    const sameSource = this.#sources.add(...hash64(source.trim()), row);
    return {
      ...(samePair === undefined ? {} : { samePair: this.#place(samePair) }),
      ...(sameSource === undefined ? {} : { sameSource: this.#place(sameSource) }),
    };
  }

  #place(row: number): Seen {
    const corpus = this.#starts.findLastIndex((start) => start < row);
    return { corpus, line: row - this.#starts[corpus]! };
  }
}

/** Knows which pairs and sources have come by, by the same hashes. */
export class SeenPairs {
  readonly #pairs = new FirstSeen();
  readonly #sources = new FirstSeen();

  /** Takes in a pair; whether it is the first of its like. */
  isNew({ source, target }: { readonly source: string; readonly target: string }): boolean {
    return this.#pairs.add(...hashPair(source, target), 1) === undefined;
  }

  /** Takes in a source; whether it is the first of its like. */
  isNewSource(source: string): boolean {
    return this.#sources.add(...hash64(source.trim()), 1) === undefined;
  }
}

/** Two 32-bit hashes of a text that share nothing but the text: a rotation and a multiplication a code unit. */
export function hash64(text: string): readonly [low: number, high: number] {
  let low = text.length;
  let high = ~text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    low = Math.imul(((low << 5) | (low >>> 27)) ^ unit, 0x9e3779b1);
    high = Math.imul(((high << 13) | (high >>> 19)) + unit, 0x85ebca77);
  }
  return [mix32(low), mix32(high)];
}

/** The same of a pair; white space at the ends of a side does not count. */
export function hashPair(source: string, target: string): readonly [low: number, high: number] {
  const [sourceLow, sourceHigh] = hash64(source.trim());
  const [targetLow, targetHigh] = hash64(target.trim());
  // The halves are mixed in different ways, so that swapped sides are another pair.
  return [
    mix32(sourceLow + Math.imul(targetLow, 0x9e3779b1)),
    mix32(sourceHigh + Math.imul(targetHigh, 0x85ebca77)),
  ];
}

/** Words of an entry of {@link FirstSeen}: the two halves of the hash and the row, from 1; 0 is no row. */
const ENTRY = 3;

/** A table from 64-bit hashes to the first row that had them: open addressing, linear probing. */
class FirstSeen {
  #entries = new Uint32Array(ENTRY * 1024);
  #size = 0;

  /** @returns the row that had this hash before; without one `row` is it from now on */
  add(low: number, high: number, row: number): number | undefined {
    if (this.#size * ENTRY * 4 >= this.#entries.length * 3) this.#grow();
    const at = slotOf(this.#entries, low, high);
    const seen = this.#entries[at + 2]!;
    if (seen !== 0) return seen;
    this.#entries[at] = low;
    this.#entries[at + 1] = high;
    this.#entries[at + 2] = row;
    this.#size++;
    return undefined;
  }

  #grow(): void {
    const old = this.#entries;
    this.#entries = new Uint32Array(old.length * 2);
    for (let from = 0; from < old.length; from += ENTRY) {
      if (old[from + 2] === 0) continue;
      const to = slotOf(this.#entries, old[from]!, old[from + 1]!);
      this.#entries.set(old.subarray(from, from + ENTRY), to);
    }
  }
}

/** Where a hash is in the entries, or the free place where it belongs. */
function slotOf(entries: Uint32Array, low: number, high: number): number {
  const slots = entries.length / ENTRY; // a power of two
  for (let slot = low & (slots - 1); ; slot = (slot + 1) & (slots - 1)) {
    const at = slot * ENTRY;
    if (entries[at + 2] === 0 || (entries[at] === low && entries[at + 1] === high)) return at;
  }
}
