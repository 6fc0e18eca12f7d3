import { at, type Pointer } from "../kernels.ts";
import { integers, matrix, type Reference } from "./memory.ts";

/** 2^32 over the golden ratio: multiples of it spread evenly over the 32-bit numbers (Knuth, TAOCP 3, 6.4). */
const GOLDEN = 0x9e3779b9;
/** The odd multipliers of the hash `lowbias32` (Wellons 2018, "Prospecting for hash functions"). */
const FIRST = 0x7feb352d;
const SECOND = 0x846ca68b;

/** A 32-bit hash in two rounds of shift, exclusive or and multiply; a second word may join between them. */
function hash(value: number, secondWord = 0): number {
  let x = value ^ (value >>> 16);
  x = Math.imul(x, FIRST) ^ secondWord;
  x ^= x >>> 15;
  x = Math.imul(x, SECOND);
  return x ^ (x >>> 16);
}

/** What says which columns of a row stay at a place in the model. */
export interface RowMask {
  /** Whether a column stays. */
  kept(column: number): boolean;
  /** What kept elements are multiplied by, so that the expected value stays, as a 32-bit float. */
  readonly scale: number;
}

/**
 * The dropout mask of a row (Srivastava et al. 2014): each column is dropped with probability threshold / 65536.
 *
 * Masks are not stored: whether a column stays is a function of where it lies, so that the backward pass finds
 * the same mask again. It is a counter-based generator (Salmon et al. 2011): the row has a key of two 32-bit
 * words, made from (seed, step, sentence, position); the site, the number of the place in the model, is hashed
 * into the first; a pair of columns is the counter, and the hash of counter and key has 16 random bits for the
 * even column (its low half) and 16 for the odd one. A column is dropped when its bits are below the threshold.
 *
 * @param rowKeys where the keys lie: two words a row
 */
export function rowMask(
  memory: WebAssembly.Memory,
  rowKeys: Pointer,
  row: number,
  site: number,
  threshold: number,
): RowMask {
  if (threshold === 0) return { kept: () => true, scale: 1 };
  const [firstWord, secondWord] = integers(memory, at(rowKeys, 2 * row), 2) as unknown as [number, number];
  const key = hash((firstWord + Math.imul(site, GOLDEN)) | 0);
  return {
    kept(column) {
      const pair = column >> 1;
      const bits = hash((Math.imul(pair, GOLDEN) + key) | 0, secondWord);
      return (column % 2 === 0 ? bits & 0xffff : bits >>> 16) >= threshold;
    },
    scale: Math.fround(65536 / (65536 - threshold)),
  };
}

/** Applies a mask to a row in place. */
function dropRow(row: Float32Array, mask: RowMask): void {
  for (let j = 0; j < row.length; j++) row[j] = mask.kept(j) ? row[j]! * mask.scale : 0;
}

/** x[rows, columns] = dropout(x); the backward pass is the same, with dx for x. */
export const dropout: Reference<"dropout"> = (memory) => (x, rows, columns, rowKeys, site, threshold) => {
  if (threshold === 0) return;
  const X = matrix(memory, x, rows, columns);
  for (let i = 0; i < rows; i++) dropRow(X[i]!, rowMask(memory, rowKeys, i, site, threshold));
};
