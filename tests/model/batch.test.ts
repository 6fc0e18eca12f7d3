import { describe, expect, it } from "vitest";
import {
  allocateBatch,
  countTokens,
  type DropoutKey,
  layOut,
  offsetsOf,
  raggedOf,
  type Sentences,
  writeBatch,
} from "../../src/model/batch.ts";
import { Arena, Heap } from "../../src/tensor/heap.ts";
import { concatenate, SPECIAL } from "../support/engine.ts";

const heap = Heap.shared();
const arena = new Arena(heap);
const place = { heap, arena };
const KEY: DropoutKey = { seed: 1, step: 1, firstSentence: 0 };
const { bosId: BOS, eosId: EOS } = SPECIAL;

/** The ids of sentences, one behind the other. */
const idsOf = (side: Sentences): number[] => [...heap.integers(side.tokens, countTokens(heap, side))];

/** The row keys of sentences of the given lengths, one bigint a token. */
function rowKeys(lengths: number[], key: DropoutKey, side: 0 | 1 = 0): bigint[] {
  arena.release();
  const sentences = lengths.map((length) => new Array<number>(length).fill(0));
  const { rowKeys, tokens } = raggedOf(place, concatenate(place, sentences), { dropout: key, side });
  const words = heap.integers(rowKeys, 2 * tokens);
  return Array.from(
    { length: tokens },
    (_, t) => (BigInt(words[2 * t]!) << 32n) ^ BigInt(words[2 * t + 1]! >>> 0),
  );
}

describe("layOut", () => {
  const pairs = [
    { source: Int32Array.of(11, 12), target: Int32Array.of(21) },
    { source: Int32Array.of(), target: Int32Array.of() },
    { source: Int32Array.of(13), target: Int32Array.of(22, 23) },
  ];

  it("ends each source with END, begins each target with BEGIN, and has the label of every target token", () => {
    arena.release();
    const { source, target, labels } = layOut(heap, arena, pairs, SPECIAL);
    expect([source.sentences, target.sentences]).toEqual([3, 3]);
    expect(idsOf(source)).toEqual([11, 12, EOS, EOS, 13, EOS]);
    expect(offsetsOf(heap, source)).toEqual(Int32Array.of(0, 3, 4, 6));
    expect(idsOf(target)).toEqual([BOS, 21, BOS, BOS, 22, 23]);
    expect(offsetsOf(heap, target)).toEqual(Int32Array.of(0, 2, 3, 6));
    expect([...heap.integers(labels, 6)]).toEqual([21, EOS, EOS, 22, 23, EOS]);
  });

  it("makes an empty batch of no pairs", () => {
    arena.release();
    const { source, target } = layOut(heap, arena, [], SPECIAL);
    for (const side of [source, target]) {
      expect(side.sentences).toBe(0);
      expect(offsetsOf(heap, side)).toEqual(Int32Array.of(0));
    }
  });

  it("writes the same where another has found room, and there may be more room than tokens", () => {
    arena.release();
    const room = allocateBatch(arena, 3, 40, 50);
    const behind = arena.allocate(1);
    heap.integers(behind, 1)[0] = 77;
    writeBatch(heap, room, pairs, SPECIAL);
    const whole = layOut(heap, arena, pairs, SPECIAL);
    expect([idsOf(room.source), idsOf(room.target)]).toEqual([idsOf(whole.source), idsOf(whole.target)]);
    expect(offsetsOf(heap, room.source)).toEqual(offsetsOf(heap, whole.source));
    expect(offsetsOf(heap, room.target)).toEqual(offsetsOf(heap, whole.target));
    expect(heap.integers(room.labels, 6)).toEqual(heap.integers(whole.labels, 6));
    expect(heap.integers(behind, 1)[0]).toBe(77);
  });
});

describe("raggedOf", () => {
  it("adds positions to ids and offsets, one sentence behind the other", () => {
    arena.release();
    const ragged = raggedOf(place, concatenate(place, [[7, 8, 9], [], [5], [6, 4]]));
    expect([...heap.integers(ragged.ids, 6)]).toEqual([7, 8, 9, 5, 6, 4]);
    expect([...heap.integers(ragged.offsets, 5)]).toEqual([0, 3, 3, 4, 6]);
    expect([...heap.integers(ragged.positions, 6)]).toEqual([0, 1, 2, 0, 0, 1]);
    expect(ragged).toMatchObject({ sentences: 4, tokens: 6, longest: 3, rowKeys: 0 });
  });

  it("tokens past the last position of a table share it", () => {
    arena.release();
    const sentences = concatenate(place, [
      [1, 1, 1, 1],
      [1, 1],
    ]);
    const ragged = raggedOf(place, sentences, { maxPosition: 2 });
    expect([...heap.integers(ragged.positions, 6)]).toEqual([0, 1, 2, 2, 0, 1]);
  });

  it("every (seed, step, sentence, side, position) has its own row key", () => {
    const keys: bigint[] = [];
    for (const seed of [0, 1, 2, 1234]) {
      for (const step of [1, 2, 3, 100]) {
        for (const side of [0, 1] as const)
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
