import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeParts } from "../../src/io/safetensorsFormat.ts";
import { BEYOND_HALF, fromHalf, halfBytes, rounded, toHalf, widened } from "../../src/web/half.ts";

describe("half floats", () => {
  it("all 63,488 finite ones are themselves, bit for bit", () => {
    const halves = Array.from({ length: 0x1_0000 }, (_, half) => half);
    const finite = halves.filter((half) => ((half >>> 10) & 0x1f) !== 31);
    expect(finite).toHaveLength(63_488);
    expect(finite.filter((half) => toHalf(fromHalf(half)) !== half)).toEqual([]);
  });

  // IEEE 754-2008, table 3.5: precision 11, exponents -14 to 15.
  it.each([
    [1, 0x3c00],
    [-2, 0xc000],
    [65_504, 0x7bff],
    [2 ** -14, 0x0400],
    [2 ** -24, 0x0001],
    [1 / 3, 0x3555],
    [2 ** -25, 0x0000], // halfway between 0 and the least: to the even one
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [BEYOND_HALF, 0x7c00],
    [Math.fround(BEYOND_HALF - 1), 0x7bff],
    [Number.NEGATIVE_INFINITY, 0xfc00],
    [-0, 0x8000],
  ])("%f is %i", (value, half) => {
    expect(toHalf(value)).toBe(half);
  });

  it("round to the nearest: the error is at most 2^-11 of the number, or 2^-25", () => {
    fc.assert(
      fc.property(fc.float({ min: -65_504, max: 65_504, noNaN: true }), (value) => {
        const [near] = rounded(Float32Array.of(value));
        expect(Math.abs(near! - value)).toBeLessThanOrEqual(Math.max(Math.abs(value) * 2 ** -11, 2 ** -25));
      }),
    );
  });

  it("a file that was narrowed and widened is that of the rounded numbers", () => {
    const data = rounded(Float32Array.of(0.1, -3, 1e-6, 700));
    const [prefix, header, ...numbers] = encodeParts([{ name: "w", shape: [2, 2], data }], { a: "b" }, crc32);
    const half = Buffer.concat([prefix!, header!, halfBytes(data)]);
    expect(Buffer.from(widened(half))).toEqual(Buffer.concat([prefix!, header!, ...numbers]));
    expect(half.length).toBe(prefix!.length + header!.length + 8);
  });
});
