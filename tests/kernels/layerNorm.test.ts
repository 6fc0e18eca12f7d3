import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Flag, Kernels } from "../../src/kernels/kernels.ts";
import {
  anyLast,
  anySeed,
  anySize,
  BUILDS,
  expectClose,
  expectSameBits,
  KernelBench,
  ULP,
  uniform,
} from "../support/kernels.ts";

const bench = new KernelBench(1);
const EPSILON = Math.fround(1e-5);
/** What is added to every element: normalisation has to take it off again. */
const offset = fc.constantFrom(0, 3, -100);

/** Lays out the inputs and outputs of both passes; `dx` lies over `dy` when `inPlace`. */
function place(
  rows: number,
  columns: number,
  shift: number,
  accumulate: Flag,
  inPlace: boolean,
  seed: number,
  last = -1,
) {
  bench.reset(last);
  const n = rows * columns;
  const x = bench.matrix(rows, columns, uniform(seed, n, shift - 2, shift + 2));
  const gamma = bench.matrix(1, columns, uniform(seed + 1, columns, 0.5, 1.5));
  const beta = bench.matrix(1, columns, uniform(seed + 2, columns));
  const y = bench.matrix(rows, columns);
  const statistics = bench.matrix(rows, 2);
  const dy = bench.matrix(rows, columns, uniform(seed + 3, n));
  const dx = inPlace ? dy : bench.matrix(rows, columns, uniform(seed + 4, n));
  const dGamma = bench.matrix(1, columns, uniform(seed + 5, columns));
  const dBeta = bench.matrix(1, columns, uniform(seed + 6, columns));
  const forward = (kernels: Kernels) =>
    kernels.layerNormForward(
      ...([
        y.pointer,
        statistics.pointer,
        x.pointer,
        gamma.pointer,
        beta.pointer,
        rows,
        columns,
        EPSILON,
      ] as const),
    );
  const backward = (kernels: Kernels) =>
    kernels.layerNormBackward(
      ...([dx.pointer, dGamma.pointer, dBeta.pointer, dy.pointer, x.pointer, statistics.pointer] as const),
      ...([gamma.pointer, rows, columns, accumulate] as const),
    );
  return { x, y, statistics, dx, dGamma, dBeta, forward, backward };
}

describe.each(BUILDS)("layerNorm, %s build", (build) => {
  it("forward: y within (columns + 8) 2^-23 (1 + the largest |x| over the deviation), and nothing else is written", () => {
    fc.assert(
      fc.property(anySize(9), anySize(70), offset, anySeed, anyLast, (rows, columns, shift, seed, last) => {
        const at = place(rows, columns, shift, 0, false, seed, last % 6);
        const [y, statistics] = bench.run(build, at.forward, at.y, at.statistics);
        const [expected, exact] = bench.run("reference", at.forward, at.y, at.statistics);
        const largest = Math.abs(shift) + 2;
        const unit = (columns + 8) * 2 * ULP;
        expectClose(y!, expected!, (i) => unit * (1 + largest * exact![2 * Math.floor(i / columns) + 1]!));
        expectClose(statistics!, exact!, (i) =>
          i % 2 === 0 ? unit * largest : unit * (1 + largest * exact![i]!) * exact![i]!,
        );
      }),
      { numRuns: 200 },
    );
  });

  it("backward: dx, dGamma, dBeta within (rows or columns + 8) 2^-22 of their terms, in place, added or written", () => {
    const ways = fc.constantFrom(
      { accumulate: 0, inPlace: false },
      { accumulate: 1, inPlace: false },
      { accumulate: 0, inPlace: true },
    );
    fc.assert(
      fc.property(
        anySize(9),
        anySize(70),
        offset,
        ways,
        anySeed,
        anyLast,
        (rows, columns, shift, way, seed, last) => {
          const at = place(rows, columns, shift, way.accumulate as Flag, way.inPlace, seed, last % 9);
          const [, statistics] = bench.run("reference", at.forward, at.y, at.statistics);
          bench.write(at.statistics, statistics!);
          const expected = bench.run("reference", at.backward, at.dx, at.dGamma, at.dBeta);
          const actual = bench.run(build, at.backward, at.dx, at.dGamma, at.dBeta);
          // dy is below 1 and gamma below 1.5; n, off by `largest` roundings of x over the deviation, enters squared.
          const inverse = (row: number) => statistics![2 * row + 1]!;
          const largest = 1 + (Math.abs(shift) + 2);
          const size = (row: number) =>
            1.5 * inverse(row) * (1 + 2 * Math.sqrt(columns) * (1 + largest * inverse(row)));
          expectClose(
            actual[0]!,
            expected[0]!,
            (i) => (columns + 8) * 4 * ULP * (1 + size(Math.floor(i / columns))),
          );
          const widest = Math.max(...Array.from({ length: rows }, (_, row) => 1 + largest * inverse(row)));
          expectClose(actual[1]!, expected[1]!, (rows + 8) * 4 * ULP * rows * widest);
          expectClose(actual[2]!, expected[2]!, (rows + 8) * 4 * ULP * rows);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("256 ordinary columns: y within 1e-6", () => {
    const at = place(20, 256, 0, 0, false, 3);
    expectClose(
      bench.run(build, at.forward, at.y, at.statistics)[0]!,
      bench.run("reference", at.forward, at.y, at.statistics)[0]!,
      1e-6,
    );
  });

  it("a NaN stays in its row, and a constant row gives beta", () => {
    const at = place(3, 7, 0, 0, false, 1);
    const [before] = bench.run(build, at.forward, at.y, at.statistics);
    const values = bench.read(at.x);
    values[9] = Number.NaN;
    values.fill(0.1, 14);
    bench.write(at.x, values);
    const [after] = bench.run(build, at.forward, at.y, at.statistics);
    expectSameBits(after!.subarray(0, 7), before!.subarray(0, 7));
    expect(after!.subarray(7, 14).every(Number.isNaN)).toBe(true);
    expectClose(after!.subarray(14), uniform(3, 7), 1e-4);
  });
});
