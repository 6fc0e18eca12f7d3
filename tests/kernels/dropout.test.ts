import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Kernels, NONE } from "../../src/kernels/kernels.ts";
import {
  anyLast,
  anySeed,
  anySize,
  BUILDS,
  expectSameBits,
  KernelBench,
  randomRowKeys,
  uniform,
} from "../support/kernels.ts";

const bench = new KernelBench(2);
const threshold = fc.constantFrom(0, 1, 6554, 32768, 65535);
const site = fc.nat(300);

/** What dropout makes of a matrix, by a build. */
function drop(
  build: "strict" | "relaxed",
  values: Float32Array,
  rowKeys: Int32Array,
  atSite: number,
  dropThreshold: number,
): Float32Array {
  const rows = rowKeys.length / 2;
  const columns = values.length / rows;
  bench.reset();
  const x = bench.matrix(rows, columns, values);
  const keys = bench.integers(rowKeys);
  return bench.run(
    build,
    (kernels) => kernels.dropout(x.pointer, rows, columns, keys, atSite, dropThreshold),
    x,
  )[0]!;
}

/** Which elements stay: 1 where one does, else 0. */
function mask(
  build: "strict" | "relaxed",
  rowKeys: Int32Array,
  columns: number,
  atSite: number,
  dropThreshold: number,
) {
  const ones = new Float32Array((rowKeys.length / 2) * columns).fill(1);
  return drop(build, ones, rowKeys, atSite, dropThreshold).map((value) => (value === 0 ? 0 : 1));
}

/** The correlation of two masks, as a standard normal when they have nothing to do with each other. */
function correlation(x: Float32Array, y: Float32Array): number {
  const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(x), mean(y)];
  const covariance = x.reduce((sum, value, i) => sum + (value - meanX) * (y[i]! - meanY), 0);
  return covariance / Math.sqrt(x.length * meanX * (1 - meanX) * meanY * (1 - meanY));
}

describe.each(BUILDS)("dropout, %s build", (build) => {
  it("is the reference's bit for bit, and writes nothing else", () => {
    fc.assert(
      fc.property(
        anySize(12),
        anySize(50),
        site,
        threshold,
        anySeed,
        anyLast,
        (rows, columns, atSite, t, seed, last) => {
          bench.reset(last % 3);
          const x = bench.matrix(rows, columns, uniform(seed, rows * columns));
          const keys = bench.integers(randomRowKeys(seed, rows));
          const call = (kernels: Kernels) => kernels.dropout(x.pointer, rows, columns, keys, atSite, t);
          expectSameBits(bench.run(build, call, x)[0]!, bench.run("reference", call, x)[0]!);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("residualForward: the sum and the dropped sublayer are the reference's bit for bit, in place or not", () => {
    fc.assert(
      fc.property(
        anySize(12),
        anySize(50),
        site,
        threshold,
        fc.boolean(),
        anySeed,
        anyLast,
        (rows, columns, atSite, t, inPlace, seed, last) => {
          bench.reset(last % 4);
          const x = bench.matrix(rows, columns, uniform(seed, rows * columns));
          const sublayer = bench.matrix(rows, columns, uniform(seed + 1, rows * columns));
          const sum = inPlace ? x : bench.matrix(rows, columns);
          const keys = t === 0 ? NONE : bench.integers(randomRowKeys(seed, rows));
          const call = (kernels: Kernels) =>
            kernels.residualForward(sum.pointer, x.pointer, sublayer.pointer, rows, columns, keys, atSite, t);
          const expected = bench.run("reference", call, sum, sublayer);
          const actual = bench.run(build, call, sum, sublayer);
          expectSameBits(actual[0]!, expected[0]!);
          expectSameBits(actual[1]!, expected[1]!);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("forward and backward have the same mask: a gradient passes where its element stays, scaled alike", () => {
    const keys = randomRowKeys(4, 20);
    const x = drop(build, uniform(1, 20 * 33, 1, 2), keys, 3, 9000);
    const dx = drop(build, new Float32Array(20 * 33).fill(1), keys, 3, 9000);
    const scale = Math.fround(65536 / (65536 - 9000));
    expect(dx.every((d, i) => d === (x[i] === 0 ? 0 : scale))).toBe(true);
  });

  it.each([655, 6554, 32768, 58982])(
    "drops %i of 65536, within 4 standard deviations of 64,000 draws",
    (t) => {
      const kept = mask(build, randomRowKeys(7, 1000), 64, 0, t);
      const probability = 1 - t / 65536;
      const deviation = Math.sqrt((probability * (1 - probability)) / kept.length);
      const share = kept.reduce((sum, value) => sum + value, 0) / kept.length;
      expect(Math.abs(share - probability)).toBeLessThan(4 * deviation);
    },
  );

  it("masks of other rows, columns, sites and steps are uncorrelated, within 4.5 standard deviations", () => {
    const [rows, columns] = [500, 64];
    const keys = randomRowKeys(11, rows);
    const strangers = randomRowKeys(14, rows);
    const otherSecondWords = keys.map((word, i) => (i % 2 === 0 ? word : strangers[i]!));
    const one = mask(build, keys, columns, 5, 13107);
    const others = {
      nextRow: Float32Array.from(one, (_, i) => one[(i + columns) % one.length]!),
      nextColumn: Float32Array.from(one, (_, i) => one[(i + 1) % one.length]!),
      nextGroup: Float32Array.from(one, (_, i) => one[(i + 8) % one.length]!),
      nextSite: mask(build, keys, columns, 6, 13107),
      farSite: mask(build, keys, columns, 260, 13107),
      nextStep: mask(build, randomRowKeys(12, rows), columns, 5, 13107),
      keysOneApart: mask(
        build,
        keys.map((word, i) => (i % 2 === 0 ? word + 1 : word)),
        columns,
        5,
        13107,
      ),
      sameFirstWords: mask(build, otherSecondWords, columns, 5, 13107),
    };
    for (const [name, other] of Object.entries(others)) {
      expect(Math.abs(correlation(one, other)), name).toBeLessThan(4.5);
    }
  });

  it("columns are kept alike: chi-square over 64 columns below its 99.99 % point", () => {
    const [rows, columns, t] = [2000, 64, 16384];
    const kept = mask(build, randomRowKeys(13, rows), columns, 1, t);
    const expected = rows * 0.75;
    let chiSquare = 0;
    for (let j = 0; j < columns; j++) {
      let count = 0;
      for (let i = 0; i < rows; i++) count += kept[i * columns + j]!;
      chiSquare += (count - expected) ** 2 / (rows * 0.75 * 0.25);
    }
    expect(chiSquare).toBeLessThan(115); // 64 degrees of freedom: mean 64, deviation 11.3
  });
});
