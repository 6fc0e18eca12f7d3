import { damaged } from "./jsonFields.ts";

/** What is to be replaced: where it ends, and by what. */
export interface Replacement {
  readonly end: number;
  readonly text: string;
}

/** Bits of a unit of the trie, as darts-clone packs them. */
const IS_VALUE = 0x8000_0000;
const LABEL = IS_VALUE | 0xff;
const HAS_LEAF = 1 << 8;
const IS_FAR = 1 << 9;

/** Characters of the longest sequence that is looked for: a trie that was made to harm may go round in circles. */
const LONGEST_KEY = 64;

const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * SentencePiece's `precompiled_charsmap`: which characters, and sequences of them, are replaced by which. The bytes are
 * the size of a trie in 32 bits, little-endian like all of it; a double-array trie (Aoe 1989) of the UTF-8 of what is
 * replaced; and what replaces it, each with a NUL at its end, to which the leaves of the trie point.
 */
export class CharsMap {
  readonly #units: Uint32Array;
  readonly #texts: Uint8Array;
  readonly #known = new Map<number, string>();

  /**
   * @param name what it is the value of, for the error message
   * @throws XformerError CHECKPOINT when there is no trie in it
   */
  constructor(blob: Uint8Array, name: string, file: string | undefined) {
    const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
    const size = blob.length < 4 ? 0 : view.getUint32(0, true);
    if (size < 4 || size % 4 !== 0 || 4 + size > blob.length) damaged(`${name} holds no trie`, file);
    this.#units = Uint32Array.from({ length: size / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
    this.#texts = blob.subarray(4 + size);
  }

  /** The longest that begins at a place of a text of what is replaced; undefined when nothing is. */
  longest(text: string, start: number): Replacement | undefined {
    return this.#find(text, start, false);
  }

  /** The shortest that a text begins with. */
  shortest(text: string): Replacement | undefined {
    return this.#find(text, 0, true);
  }

  #find(text: string, start: number, endsAtFirst: boolean): Replacement | undefined {
    const units = this.#units;
    let node = childrenOf(units[0]!);
    let longest: Replacement | undefined;
    const last = Math.min(text.length, start + LONGEST_KEY);
    for (let at = start; at < last; ) {
      const codePoint = text.codePointAt(at)!;
      at += codePoint > 0xffff ? 2 : 1;
      const size = codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x1_0000 ? 3 : 4;
      let unit = 0;
      for (let i = 0; i < size; i++) {
        const byte = utf8Byte(codePoint, size, i);
        node ^= byte;
        if (units[node] === undefined) return longest; // a damaged trie may lead out of itself
        unit = units[node]!;
        if ((unit & LABEL) !== byte) return longest;
        node ^= childrenOf(unit);
      }
      if ((unit & HAS_LEAF) === 0) continue;
      longest = { end: at, text: this.#textAt((units[node] ?? 0) & ~IS_VALUE) };
      if (endsAtFirst) break;
    }
    return longest;
  }

  #textAt(start: number): string {
    let text = this.#known.get(start);
    if (text === undefined) {
      const end = this.#texts.indexOf(0, start);
      text = DECODER.decode(this.#texts.subarray(start, end < 0 ? undefined : end));
      this.#known.set(start, text);
    }
    return text;
  }
}

/** How far the children of a unit are, to be combined with its own place by exclusive or. */
function childrenOf(unit: number): number {
  return (unit >>> 10) << ((unit & IS_FAR) >>> 6);
}

/** A byte of a character in UTF-8 that takes so many of them (RFC 3629). */
function utf8Byte(codePoint: number, size: number, place: number): number {
  if (size === 1) return codePoint;
  const bits = codePoint >> (6 * (size - 1 - place));
  return place === 0 ? ((0xf00 >> size) & 0xff) | bits : 0x80 | (bits & 0x3f);
}
