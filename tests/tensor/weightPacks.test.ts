import { describe, expect, it } from "vitest";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { createReferenceKernels } from "../../src/kernels/reference/index.ts";
import { createRandom } from "../../src/random.ts";
import { SharedMemory } from "../../src/tensor/memory.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { WeightPacks } from "../../src/tensor/weightPacks.ts";
import { randomFloats } from "../support/engine.ts";

/** Packs over kernels that count how often they pack. */
function makePacks() {
  const memory = new SharedMemory();
  const kernels = createReferenceKernels(memory.wasm);
  let packings = 0;
  const counting: Kernels = {
    ...kernels,
    packB: (...parameters) => {
      packings++;
      kernels.packB(...parameters);
    },
  };
  const weight = (rows: number, columns: number): Tensor => {
    const pointer = memory.reserve(4 * rows * columns);
    memory.floats(pointer, rows * columns).set(randomFloats(rows * columns, createRandom(pointer)));
    return { pointer, rows, columns };
  };
  return { memory, kernels, packs: new WeightPacks(counting, memory), weight, packings: () => packings };
}

describe("WeightPacks", () => {
  it("packs W^T as the kernel does", () => {
    const { memory, kernels, packs, weight } = makePacks();
    const w = weight(11, 6);
    const expected = memory.reserve(4 * 16 * 6);
    kernels.packB(expected, w.pointer, 6, 1, 11, 6);
    expect(memory.floats(packs.transposed(w), 16 * 6)).toEqual(memory.floats(expected, 16 * 6));
  });

  it("packs W as the kernel does, apart from W^T", () => {
    const { memory, kernels, packs, weight } = makePacks();
    const w = weight(11, 6);
    const expected = memory.reserve(4 * 8 * 11);
    kernels.packB(expected, w.pointer, 6, 0, 6, 11);
    expect(packs.transposed(w)).not.toBe(packs.plain(w));
    expect(memory.floats(packs.plain(w), 8 * 11)).toEqual(memory.floats(expected, 8 * 11));
  });

  it("packs a weight once, whatever tensor names it, until the version changes", () => {
    const { packs, weight, packings } = makePacks();
    const [one, two] = [weight(3, 5), weight(3, 5)];
    const places = [packs.transposed(one), packs.transposed(two)];
    expect(places[0]).not.toBe(places[1]);
    expect([packs.transposed({ ...one }), packs.transposed(two)]).toEqual(places);
    packs.useVersion(0);
    packs.transposed(one);
    expect(packings()).toBe(2);
    packs.useVersion(1);
    expect(packs.transposed(one)).toBe(places[0]);
    expect(packs.transposed(one)).toBe(places[0]);
    expect(packings()).toBe(3);
    packs.transposed(two);
    expect(packings()).toBe(4);
  });

  it("takes no more memory for new versions, and keeps a matrix apart from its first rows", () => {
    const { memory, packs, weight, packings } = makePacks();
    const whole = weight(12, 4);
    const part = { ...whole, rows: 4 };
    expect(packs.transposed(part)).not.toBe(packs.transposed(whole));
    const before = memory.reserve(0);
    for (let version = 1; version <= 5; version++) {
      packs.useVersion(version);
      packs.transposed(part);
      packs.transposed(whole);
    }
    expect(memory.reserve(0)).toBe(before);
    expect(packings()).toBe(12);
  });
});
