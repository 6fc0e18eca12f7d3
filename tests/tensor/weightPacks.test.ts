import { describe, expect, it } from "vitest";
import { bindKernels, type Kernels, NONE } from "../../src/kernels/kernels.ts";
import { REFERENCE } from "../../src/kernels/reference/index.ts";
import { createRandom } from "../../src/random.ts";
import { Heap } from "../../src/tensor/heap.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { WeightPacks } from "../../src/tensor/weightPacks.ts";
import { randomFloats } from "../support/engine.ts";

/** Packs over kernels that count how often they pack. */
function makePacks() {
  const heap = Heap.shared();
  const kernels = bindKernels(REFERENCE, heap.wasm);
  let packings = 0;
  const counting: Kernels = {
    ...kernels,
    packB: (...parameters) => {
      packings++;
      kernels.packB(...parameters);
    },
  };
  const weight = (rows: number, columns: number): Tensor => {
    const pointer = heap.reserve(4 * rows * columns);
    heap.floats(pointer, rows * columns).set(randomFloats(rows * columns, createRandom(pointer)));
    return { pointer, rows, columns };
  };
  const packs = new WeightPacks({ kernels: counting, gemmWorkspace: NONE, profile: undefined }, heap);
  return { heap, kernels, packs, weight, packings: () => packings };
}

describe("WeightPacks", () => {
  it("packs W^T as the kernel does", () => {
    const { heap, kernels, packs, weight } = makePacks();
    const w = weight(11, 6);
    const expected = heap.reserve(4 * 16 * 6);
    kernels.packB(expected, w.pointer, 6, 1, 11, 6);
    const panels = packs.transposed(w);
    expect(panels).toMatchObject({ rows: 6, columns: 11 });
    expect(heap.floats(panels.pointer, 16 * 6)).toEqual(heap.floats(expected, 16 * 6));
  });

  it("packs W as the kernel does, apart from W^T", () => {
    const { heap, kernels, packs, weight } = makePacks();
    const w = weight(11, 6);
    const expected = heap.reserve(4 * 8 * 11);
    kernels.packB(expected, w.pointer, 6, 0, 6, 11);
    const panels = packs.plain(w);
    expect(panels).toMatchObject({ rows: 11, columns: 6 });
    expect(packs.transposed(w).pointer).not.toBe(panels.pointer);
    expect(heap.floats(panels.pointer, 8 * 11)).toEqual(heap.floats(expected, 8 * 11));
  });

  it("packs a weight once, whatever tensor names it, until the version changes", () => {
    const { packs, weight, packings } = makePacks();
    const [one, two] = [weight(3, 5), weight(3, 5)];
    const place = (w: Tensor) => packs.transposed(w).pointer;
    const places = [place(one), place(two)];
    expect(places[0]).not.toBe(places[1]);
    expect([place({ ...one }), place(two)]).toEqual(places);
    packs.useVersion(0);
    packs.transposed(one);
    expect(packings()).toBe(2);
    packs.useVersion(1);
    expect(place(one)).toBe(places[0]);
    expect(place(one)).toBe(places[0]);
    expect(packings()).toBe(3);
    packs.transposed(two);
    expect(packings()).toBe(4);
  });

  it("takes no more memory for new versions, and keeps a matrix apart from its first rows", () => {
    const { heap, packs, weight, packings } = makePacks();
    const whole = weight(12, 4);
    const part = { ...whole, rows: 4 };
    expect(packs.transposed(part).pointer).not.toBe(packs.transposed(whole).pointer);
    const before = heap.reserve(0);
    for (let version = 1; version <= 5; version++) {
      packs.useVersion(version);
      packs.transposed(part);
      packs.transposed(whole);
    }
    expect(heap.reserve(0)).toBe(before);
    expect(packings()).toBe(12);
  });
});
