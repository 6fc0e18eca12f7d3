import { once } from "node:events";
import { Worker } from "node:worker_threads";
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

  it("are the same for all that share a list, and packed by the first who needs them", () => {
    const { heap, kernels, packs, weight, packings } = makePacks();
    const [one, two] = [weight(3, 5), weight(6, 2)];
    const other = new WeightPacks({ kernels, gemmWorkspace: NONE, profile: undefined }, heap, packs.list);
    for (const version of [0, 1, 2]) {
      packs.useVersion(version);
      other.useVersion(version);
      const panels = [packs.transposed(one), packs.plain(one), other.plain(two)];
      expect([other.transposed(one), other.plain(one), packs.plain(two)]).toEqual(panels);
      expect(packings()).toBe(2 * (version + 1));
    }
  });

  it("that could not be made are made when they are next asked for", () => {
    const { heap, kernels, weight } = makePacks();
    let broken = true;
    const packB: Kernels["packB"] = (...parameters) => {
      if (broken) throw new Error("broken");
      kernels.packB(...parameters);
    };
    const caller = { kernels: { ...kernels, packB }, gemmWorkspace: NONE, profile: undefined };
    const packs = new WeightPacks(caller, heap);
    const w = weight(4, 4);
    expect(() => packs.plain(w)).toThrow("broken");
    broken = false;
    expect(packs.plain(w)).toMatchObject({ rows: 4, columns: 4 });
  });

  it("that another thread is making are waited for, and others made meanwhile", async () => {
    const heap = Heap.shared();
    const kernels = bindKernels(REFERENCE, heap.wasm);
    const [one, two] = [0, 1].map(() => ({ pointer: heap.reserve(4 * 6), rows: 2, columns: 3 }));
    const flags = heap.reserve(4 * 4);
    const [MAKING, MADE, PACKED_BY_OTHER, PANELS_OF_OTHER] = [0, 1, 2, 3] as const;
    const words = heap.integers(flags, 4);
    // While this thread makes the first pack, the other asks for it, and makes the second.
    const packB: Kernels["packB"] = (...parameters) => {
      if (parameters[1] === one!.pointer && version === 1) {
        Atomics.store(words, MAKING, 1);
        Atomics.notify(words, MAKING);
        expect(Atomics.wait(words, MADE, 0, 60_000)).not.toBe("timed-out");
      }
      packed.push(parameters[1]);
      kernels.packB(...parameters);
    };
    const packed: number[] = [];
    const caller = { kernels: { ...kernels, packB }, gemmWorkspace: NONE, profile: undefined };
    const packs = new WeightPacks(caller, heap);
    let version = 0;
    for (const w of [one!, two!]) packs.plain(w);
    version = 1;
    packs.useVersion(1);
    const dist = new URL("../../dist/", import.meta.url).href;
    const worker = new Worker(
      `const { parentPort, workerData } = require("node:worker_threads");
      const { memory, list, one, flags, dist } = workerData;
      Promise.all(["tensor/heap.js", "tensor/weightPacks.js", "kernels/reference/index.js"].map((file) => import(dist + file)))
        .then(([{ Heap }, { WeightPacks }, { REFERENCE }]) => {
          const heap = new Heap(memory);
          const words = heap.integers(flags, 4);
          const kernels = REFERENCE.instantiate(memory);
          const packB = (...parameters) => {
            kernels.packB(...parameters);
            Atomics.store(words, ${PACKED_BY_OTHER}, parameters[1]);
            Atomics.store(words, ${MADE}, 1);
            Atomics.notify(words, ${MADE});
          };
          const packs = new WeightPacks({ kernels: { ...kernels, packB } }, heap, list);
          packs.useVersion(1);
          parentPort.postMessage("ready");
          Atomics.wait(words, ${MAKING}, 0);
          words[${PANELS_OF_OTHER}] = packs.plain(one).pointer;
        });`,
      { eval: true, workerData: { memory: heap.wasm, list: packs.list, one, flags, dist } },
    );
    await once(worker, "message");
    const done = once(worker, "exit");
    const panels = packs.plain(one!);
    await done;
    expect(words[PANELS_OF_OTHER]).toBe(panels.pointer);
    expect(words[PACKED_BY_OTHER]).toBe(two!.pointer);
    expect(packed).toEqual([one!.pointer, two!.pointer, one!.pointer]);
    packs.plain(two!);
    expect(packed).toHaveLength(3);
  });
});
