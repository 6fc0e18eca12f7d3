import { describe, expect, it } from "vitest";
import type { Pointer } from "../../src/kernels/kernels.ts";
import { type NamedParameter, Parameters } from "../../src/model/parameters.ts";
import { Transformer } from "../../src/model/transformer.ts";
import { createRandom } from "../../src/random.ts";
import { Heap } from "../../src/tensor/heap.ts";
import { Adam, adamSlice, clipScale } from "../../src/training/adam.ts";
import { ENGINES, makeWorkbench, randomFloats, SMALL_MODEL } from "../support/engine.ts";
import { expectClose, expectSameBits } from "../support/kernels.ts";

/** Floats of a matrix, a vector of 7 and a vector of 15, each of which begins at a multiple of 16. */
const COUNT = 47;
const SHAPES = [[3, 5], [7], [15]] as const;
const PARAMETERS = new Parameters();
for (const [i, shape] of SHAPES.entries()) PARAMETERS.add(`p${i}`, shape, { kind: "constant", value: 0 });
const LIST = PARAMETERS.list;
/** As different from the defaults as they can be. */
const SETTINGS = { beta1: 0.8, beta2: 0.95, epsilon: 1e-3, weightDecay: 0 };

describe.each(ENGINES)("adamSlice, %s kernels", (engine) => {
  const workbench = makeWorkbench(engine);
  const { heap } = workbench;
  const region = () => heap.reserve(4 * COUNT);
  const places = { parameters: region(), gradients: region(), m: region(), v: region() };
  const values = (pointer: Pointer): Float32Array => heap.floats(pointer, COUNT);
  const start = randomFloats(COUNT, createRandom(1));

  /** Updates over slices of `width`; what is then in the parameters. */
  function afterUpdates(updates: number, width: number, weightDecay = 0): Float32Array {
    values(places.parameters).set(start);
    for (const moments of [places.m, places.v]) values(moments).fill(0);
    for (let update = 1; update <= updates; update++) {
      values(places.gradients).set(randomFloats(COUNT, createRandom(2, update)));
      const adam = {
        ...{ ...places, ...SETTINGS, weightDecay, update, rate: 0.1 / update, gradientScale: 0.5 },
      };
      for (let first = 0; first < COUNT; first += width)
        adamSlice(workbench, adam, LIST, first, Math.min(width, COUNT - first));
    }
    return values(places.parameters).slice();
  }

  /** The same in 64 bits: Loshchilov and Hutter 2019, algorithm 2, where `decayed` says so. */
  function expected(updates: number, weightDecay: number, decayed: (i: number) => boolean) {
    const { beta1, beta2, epsilon } = SETTINGS;
    const p = Float64Array.from(start);
    const m = new Float64Array(COUNT);
    const v = new Float64Array(COUNT);
    for (let update = 1; update <= updates; update++) {
      const gradients = randomFloats(COUNT, createRandom(2, update));
      for (let i = 0; i < COUNT; i++) {
        const g = 0.5 * gradients[i]!;
        m[i] = beta1 * m[i]! + (1 - beta1) * g;
        v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
        const mHat = m[i]! / (1 - beta1 ** update);
        const vHat = v[i]! / (1 - beta2 ** update);
        const decay = decayed(i) ? weightDecay * p[i]! : 0;
        p[i]! -= (0.1 / update) * (mHat / (Math.sqrt(vHat) + epsilon) + decay);
      }
    }
    return { p, m, v };
  }

  it("twenty updates are those of the paper's algorithm 1 in 64 bits, within 1e-5", () => {
    const { p, m, v } = expected(20, 0, () => false);
    expectClose(afterUpdates(20, COUNT), p, 1e-5);
    expectClose(values(places.m), m, 1e-6);
    expectClose(values(places.v), v, 1e-6);
  });

  it("weight decay is AdamW's for the matrix, and spares both vectors: within 1e-5", () => {
    const actual = afterUpdates(20, COUNT, 0.3);
    const { p } = expected(20, 0.3, (i) => i < 15);
    for (const { offset, rows, columns } of LIST) {
      const end = offset + rows * columns;
      expectClose(actual.subarray(offset, end), p.subarray(offset, end), 1e-5);
    }
    expect(Math.abs(actual[0]! - afterUpdates(20, COUNT)[0]!)).toBeGreaterThan(1e-3);
  });

  it("three updates with weight decay are PyTorch's torch.optim.AdamW, within 2e-6", () => {
    const n = 5;
    const [matrix] = LIST as [NamedParameter];
    values(places.parameters).set([1, -2, 0.5, 3, -0.25]);
    for (const moments of [places.m, places.v]) values(moments).fill(0);
    // lr=0.1, betas=(0.9, 0.98), eps=1e-9, weight_decay=0.1, in PyTorch 2 on a CPU.
    const trained = [
      [0.89, -2.0799999, 0.395, 2.8700001, -0.3475],
      [0.7848585, -2.1554415, 0.2948085, 2.7450588, -0.3075196],
      [0.6817313, -2.2291658, 0.1965818, 2.6223295, -0.3385817],
    ];
    for (const [i, weights] of trained.entries()) {
      const update = i + 1;
      const gradients = [0.5, 1, 0.25, 2, update % 2 === 0 ? -4 : 4];
      values(places.gradients).set(gradients.map((gradient) => gradient * update));
      const common = { beta1: 0.9, beta2: 0.98, epsilon: 1e-9, weightDecay: 0.1, rate: 0.1 };
      adamSlice(workbench, { ...places, ...common, update, gradientScale: 1 }, [matrix], 0, n);
      expectClose(values(places.parameters).subarray(0, n), weights, 2e-6);
    }
  });

  it.each([1, 5, 8, 16])("slices of %i give the same as one slice, bit for bit", (width) => {
    expectSameBits(afterUpdates(5, width), afterUpdates(5, COUNT));
    const decayed = afterUpdates(5, width, 0.3);
    expectSameBits(decayed, afterUpdates(5, COUNT, 0.3));
  });

  it("a slice leaves everything outside of it alone", () => {
    afterUpdates(1, COUNT);
    const before = values(places.parameters).slice();
    const adam = { ...places, ...SETTINGS, update: 2, rate: 0.1, gradientScale: 1 };
    adamSlice(workbench, adam, LIST, 8, 9);
    values(places.parameters).forEach((value, i) => {
      expect(value !== before[i]).toBe(i >= 8 && i < 17);
    });
  });
});

describe("Adam", () => {
  it("starts from moments of zero that lie apart, as many as the parameters", () => {
    const heap = Heap.shared();
    const { parameters } = new Transformer(SMALL_MODEL, heap);
    const { m, v } = new Adam(parameters, heap);
    heap.floats(m, parameters.size).fill(1);
    expect(heap.floats(v, parameters.size).every((moment) => moment === 0)).toBe(true);
    expect(heap.floats(parameters.pointer, parameters.size).every((value) => value === 0)).toBe(true);
  });
});

describe("clipScale", () => {
  it("scales a gradient that is too long to the limit, as PyTorch: its norm plus 1e-6", () => {
    expect(clipScale(10, 2)).toBe(2 / (10 + 1e-6));
    expect(10 * clipScale(10, 2)).toBeLessThanOrEqual(2);
  });

  it("leaves a short gradient alone, and every one when there is no limit", () => {
    expect(clipScale(1.9, 2)).toBe(1);
    expect(clipScale(0, 2)).toBe(1);
    expect(clipScale(1e9, 0)).toBe(1);
  });
});
