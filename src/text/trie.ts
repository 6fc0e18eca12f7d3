/** The node that stands for the empty text. */
export const ROOT = 0;
/** What there is where a trie knows no such text. */
export const NONE = -1;

/**
 * Texts with a number each, by their code units: a node for everything that one of them begins with (Fredkin 1960).
 * The way from a node to its child is found in one hash table of typed arrays, so that a hundred thousand texts take a
 * few megabytes.
 */
export class Trie {
  /** By place: the node that is found there, none for 0, to which no way leads. A power of two of them. */
  readonly #table: Int32Array;
  /** By node: where the way comes from, over which code unit, and what number a text that ends here has. */
  readonly #parents: Int32Array;
  readonly #units: Uint16Array;
  readonly #numbers: Int32Array;
  #nodes = 1;

  /** @param texts each with its number, from 0 on; of a text that comes again the last counts, empty ones do not */
  constructor(texts: Iterable<readonly [text: string, number: number]>) {
    const entries = [...texts];
    const most = entries.reduce((units, [text]) => units + text.length, 1);
    this.#table = new Int32Array(2 ** Math.ceil(Math.log2(2 * most)));
    this.#parents = new Int32Array(most);
    this.#units = new Uint16Array(most);
    this.#numbers = new Int32Array(most).fill(NONE);
    for (const [text, number] of entries) {
      let node = ROOT;
      for (let at = 0; at < text.length; at++) node = this.#childOrNew(node, text.charCodeAt(at));
      if (node !== ROOT) this.#numbers[node] = number;
    }
  }

  /** The node of a text that is longer by one code unit; {@link NONE} when nothing begins so. */
  child(node: number, unit: number): number {
    return this.#table[this.#place(node, unit)]! || NONE;
  }

  /** The number of the text that a node stands for; {@link NONE} when it is only what others begin with. */
  number(node: number): number {
    return this.#numbers[node]!;
  }

  /** Where the longest of the texts ends that begins at a place of another, {@link NONE} when there is none. */
  longestEnd(text: string, start: number): number {
    let longest = NONE;
    let node = ROOT;
    for (let at = start; at < text.length; ) {
      node = this.child(node, text.charCodeAt(at++));
      if (node === NONE) break;
      if (this.#numbers[node] !== NONE) longest = at;
    }
    return longest;
  }

  #childOrNew(parent: number, unit: number): number {
    const place = this.#place(parent, unit);
    if (this.#table[place] !== 0) return this.#table[place]!;
    const node = this.#nodes++;
    this.#parents[node] = parent;
    this.#units[node] = unit;
    this.#table[place] = node;
    return node;
  }

  /** Where the table has the child, or room for it: linear probing. */
  #place(parent: number, unit: number): number {
    const last = this.#table.length - 1;
    let place = (Math.imul(parent, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b)) >>> 0;
    place = (place ^ (place >>> 15)) & last;
    for (;;) {
      const node = this.#table[place]!;
      if (node === 0 || (this.#parents[node] === parent && this.#units[node] === unit)) return place;
      place = (place + 1) & last;
    }
  }
}
