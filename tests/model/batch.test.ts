import { describe, expect, it } from "vitest";
import { type DropoutKey, placeRagged } from "../../src/model/raggedInMemory.ts";
import { Arena, SharedMemory } from "../../src/tensor/memory.ts";
import { concatenate } from "../support/engine.ts";

const memory = new SharedMemory();
const arena = new Arena(memory);
const KEY: DropoutKey = { seed: 1, step: 1, firstSentence: 0 };

/** The row keys of sentences of the given lengths, one bigint a token. */
function rowKeys(lengths: number[], key: DropoutKey, side = 0): bigint[] {
  arena.release();
  const sentences = lengths.map((length) => new Array<number>(length).fill(0));
  const { rowKeys, tokens } = placeRagged(memory, arena, concatenate(sentences), undefined, key, side);
  const words = memory.integers(rowKeys, 2 * tokens);
  return Array.from(
    { length: tokens },
    (_, t) => (BigInt(words[2 * t]!) << 32n) ^ BigInt(words[2 * t + 1]! >>> 0),
  );
}

describe("placeRagged", () => {
  it("puts ids, offsets and positions one behind the other", () => {
    arena.release();
    const ragged = placeRagged(memory, arena, concatenate([[7, 8, 9], [], [5], [6, 4]]));
    expect([...memory.integers(ragged.ids, 6)]).toEqual([7, 8, 9, 5, 6, 4]);
    expect([...memory.integers(ragged.offsets, 5)]).toEqual([0, 3, 3, 4, 6]);
    expect([...memory.integers(ragged.positions, 6)]).toEqual([0, 1, 2, 0, 0, 1]);
    expect(ragged).toMatchObject({ sentences: 4, tokens: 6, longest: 3, rowKeys: 0 });
  });

  it("tokens past the last position of a table share it", () => {
    arena.release();
    const ragged = placeRagged(
      memory,
      arena,
      concatenate([
        [1, 1, 1, 1],
        [1, 1],
      ]),
      2,
    );
    expect([...memory.integers(ragged.positions, 6)]).toEqual([0, 1, 2, 2, 0, 1]);
  });

  it("every (seed, step, sentence, side, position) has its own row key", () => {
    const keys: bigint[] = [];
    for (const seed of [0, 1, 2, 1234]) {
      for (const step of [1, 2, 3, 100]) {
        for (const side of [0, 1])
          keys.push(...rowKeys(new Array(40).fill(20), { seed, step, firstSentence: 0 }, side));
      }
    }
    expect(new Set(keys).size).toBe(4 * 4 * 2 * 40 * 20);
  });

  it("a sentence's keys follow from its number in the step, not from its shard or its neighbours' lengths", () => {
    const whole = rowKeys([5, 2, 4, 3], KEY);
    expect(rowKeys([4, 3], { ...KEY, firstSentence: 2 })).toEqual(whole.slice(7));
    expect(rowKeys([9, 9, 4], KEY).slice(18)).toEqual(whole.slice(7, 11));
  });

  it("each bit of the row keys is 1 in half of them, within 2 %", () => {
    const keys = rowKeys(new Array(400).fill(30), KEY);
    const ones = new Array<number>(64).fill(0);
    for (const key of keys) {
      const bits = BigInt.asUintN(64, key).toString(2).padStart(64, "0");
      for (let bit = 0; bit < 64; bit++) if (bits[bit] === "1") ones[bit]!++;
    }
    for (const [bit, count] of ones.entries()) {
      expect(Math.abs(count / keys.length - 0.5), `bit ${bit}`).toBeLessThan(0.02);
    }
  });
});
