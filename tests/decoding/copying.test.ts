import { expect, it } from "vitest";
import { copiedWords } from "../../src/decoding/copying.ts";

/** Attention of target tokens to four source tokens and END. */
const attention = (...rows: number[][]) => ({
  rows: rows.length,
  columns: 5,
  values: Float32Array.from(rows.flat()),
});
const source = { texts: ["I", "龚", "and", "🍕"], unkId: 0 };

it.each([
  [
    "the unknown word it attends to most",
    [7, 0],
    [4, 0, 8, 0],
    [
      [1, 0, 0, 0, 0],
      [0, 0.1, 0.5, 0.3, 0.1],
    ],
    ["🍕"],
  ],
  [
    "each another one",
    [0, 0],
    [4, 0, 8, 0],
    [
      [0, 0.4, 0, 0.3, 0.3],
      [0, 0.4, 0, 0.3, 0.3],
    ],
    ["龚", "🍕"],
  ],
  [
    "one again when there are no more",
    [0, 0],
    [4, 0, 8, 9],
    [
      [0, 1, 0, 0, 0],
      [0, 0, 1, 0, 0],
    ],
    ["龚", "龚"],
  ],
  ["any word when all are known", [0], [4, 5, 8, 9], [[0, 0.1, 0.2, 0.1, 0.6]], ["and"]],
  ["nothing without an unknown token", [7], [4, 0, 8, 0], [[0, 1, 0, 0, 0]], []],
])("copies %s", (_, target, ids, rows, words) => {
  expect(copiedWords(target, 0, attention(...rows), { ...source, ids: Int32Array.from(ids) })).toEqual(words);
});
