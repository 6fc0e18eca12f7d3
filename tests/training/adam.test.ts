import { describe, expect, it } from "vitest";
import { Transformer } from "../../src/model/transformer.ts";
import { createRandom } from "../../src/random.ts";
import { SharedMemory } from "../../src/tensor/memory.ts";
import { Adam, adamSlice, clipScale } from "../../src/training/adam.ts";
import { ENGINES, makeWorkbench, randomFloats, SMALL_MODEL } from "../support/engine.ts";
import { expectClose, expectSameBits } from "../support/kernels.ts";

const COUNT = 37;

describe.each(ENGINES)("adamSlice, %s kernels", (engine) => {
  const { kernels, memory } = makeWorkbench(engine);
  const region = () => memory.reserve(4 * COUNT);
  const places = { parameters: region(), gradients: region(), m: region(), v: region() };
  const values = (pointer: number): Float32Array => memory.floats(pointer, COUNT);
  const start = randomFloats(COUNT, createRandom(1));

  /** Steps over slices of `width`; what is then in the parameters. */
  function afterSteps(steps: number, width: number): Float32Array {
    values(places.parameters).set(start);
    for (const moments of [places.m, places.v]) values(moments).fill(0);
    for (let step = 1; step <= steps; step++) {
      values(places.gradients).set(randomFloats(COUNT, createRandom(2, step)));
      const adam = { ...places, step, rate: 0.1 / step, gradientScale: 0.5 };
      for (let first = 0; first < COUNT; first += width)
        adamSlice(kernels, adam, first, Math.min(width, COUNT - first));
    }
    return values(places.parameters).slice();
  }

  it("twenty steps are those of the paper's algorithm 1 in 64 bits, within 1e-5", () => {
    const [beta1, beta2, epsilon] = [0.9, 0.98, 1e-9];
    const p = Float64Array.from(start);
    const m = new Float64Array(COUNT);
    const v = new Float64Array(COUNT);
    for (let step = 1; step <= 20; step++) {
      const gradients = randomFloats(COUNT, createRandom(2, step));
      for (let i = 0; i < COUNT; i++) {
        const g = 0.5 * gradients[i]!;
        m[i] = beta1 * m[i]! + (1 - beta1) * g;
        v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
        const mHat = m[i]! / (1 - beta1 ** step);
        const vHat = v[i]! / (1 - beta2 ** step);
        p[i]! -= ((0.1 / step) * mHat) / (Math.sqrt(vHat) + epsilon);
      }
    }
    expectClose(afterSteps(20, COUNT), p, 1e-5);
    expectClose(values(places.m), m, 1e-6);
    expectClose(values(places.v), v, 1e-6);
  });

  it.each([1, 5, 8, 16])("slices of %i give the same as one slice, bit for bit", (width) => {
    expectSameBits(afterSteps(5, width), afterSteps(5, COUNT));
  });

  it("a slice leaves everything outside of it alone", () => {
    afterSteps(1, COUNT);
    const before = values(places.parameters).slice();
    adamSlice(kernels, { ...places, step: 2, rate: 0.1, gradientScale: 1 }, 8, 9);
    values(places.parameters).forEach((value, i) => {
      expect(value !== before[i]).toBe(i >= 8 && i < 17);
    });
  });
});

describe("Adam", () => {
  it("starts from moments of zero that lie apart, as many as the parameters", () => {
    const memory = new SharedMemory();
    const { parameters } = new Transformer(SMALL_MODEL, memory);
    const { m, v } = new Adam(parameters, memory);
    memory.floats(m, parameters.size).fill(1);
    expect(memory.floats(v, parameters.size).every((moment) => moment === 0)).toBe(true);
    expect(memory.floats(parameters.pointer, parameters.size).every((value) => value === 0)).toBe(true);
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
