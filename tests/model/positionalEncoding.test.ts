import { describe, expect, it } from "vitest";
import { fillSinusoids } from "../../src/model/transformer.ts";

function sinusoids(positions: number, dModel: number): Float32Array {
  const table = new Float32Array(positions * dModel);
  fillSinusoids(table, dModel);
  return table;
}

describe("fillSinusoids", () => {
  it("is the formula of the paper, rounded once", () => {
    const dModel = 14;
    const table = sinusoids(300, dModel);
    for (let pos = 0; pos < 300; pos++) {
      for (let i = 0; i < dModel / 2; i++) {
        const angle = pos / Math.exp((Math.log(10_000) * 2 * i) / dModel);
        expect(Math.abs(table[pos * dModel + 2 * i]! - Math.sin(angle))).toBeLessThan(2 ** -24 + 1e-12);
        expect(Math.abs(table[pos * dModel + 2 * i + 1]! - Math.cos(angle))).toBeLessThan(2 ** -24 + 1e-12);
      }
    }
  });

  it("starts with sin 0 = 0 and cos 0 = 1, and the first pair turns by one radian a position", () => {
    const table = sinusoids(3, 4);
    expect([...table.subarray(0, 4)]).toEqual([0, 1, 0, 1]);
    expect([...table.subarray(4, 6)]).toEqual([Math.sin(1), Math.cos(1)].map(Math.fround));
    expect([...table.subarray(8, 10)]).toEqual([Math.sin(2), Math.cos(2)].map(Math.fround));
  });

  it("the product of two rows depends on their distance only, within 1e-5", () => {
    const dModel = 32;
    const table = sinusoids(60, dModel);
    const row = (pos: number) => table.subarray(pos * dModel, (pos + 1) * dModel);
    const product = (a: number, b: number) => row(a).reduce((sum, x, i) => sum + x * row(b)[i]!, 0);
    for (const distance of [0, 1, 7, 20]) {
      for (let pos = 1; pos + distance < 60; pos++) {
        expect(Math.abs(product(pos, pos + distance) - product(0, distance))).toBeLessThan(1e-5);
      }
    }
    expect(product(0, 1)).toBeLessThan(product(0, 0) - 0.4);
  });
});
