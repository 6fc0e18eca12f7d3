import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Flag, Kernels, Pointer } from "../../src/kernels/kernels.ts";
import {
  anyLast,
  anySeed,
  anySize,
  type Block,
  BUILDS,
  expectClose,
  expectSameBits,
  KernelBench,
  randomRowKeys,
  ULP,
  uniform,
} from "../support/kernels.ts";
import { sumOfPartials } from "../support/sums.ts";

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

  it("the mean of a row is that of sixteen partial sums, bit for bit", () => {
    fc.assert(
      fc.property(anySize(150), offset, anySeed, (columns, shift, seed) => {
        const at = place(1, columns, shift, 0, false, seed);
        const [, statistics] = bench.run(build, at.forward, at.y, at.statistics);
        const sum = sumOfPartials(bench.read(at.x), Math.fround);
        expect(statistics![0]).toBe(Math.fround(sum / columns));
      }),
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

/** Lays out the inputs and outputs of the fused passes, and room for what they are made of one by one. */
function placeFused(rows: number, columns: number, threshold: number, accumulate: Flag, seed: number) {
  bench.reset();
  const n = rows * columns;
  const filled = (index: number) => bench.matrix(rows, columns, uniform(seed + index, n));
  const [x, sublayer, dy, dx, dSublayer, y, sum] = [0, 1, 2, 3, 4, 5, 6].map(filled) as Block[];
  const [gamma, beta, dGamma, dBeta] = [7, 8, 9, 10].map((i) =>
    bench.matrix(1, columns, uniform(seed + i, columns)),
  ) as Block[];
  const statistics = bench.matrix(rows, 2);
  const keys = bench.integers(randomRowKeys(seed, rows));
  const size = [rows, columns] as const;
  const mask = [keys, 5, threshold] as const;
  const at = { x, sublayer, dy, dx, dSublayer, y, sum, dGamma, dBeta, statistics } as Record<string, Block>;
  const [px, ps, pdy, pdx, pds, py, psum, pg, pb, pdg, pdb, pst] = [
    ...[x, sublayer, dy, dx, dSublayer, y, sum, gamma, beta, dGamma, dBeta, statistics],
  ].map((block) => block!.pointer) as Pointer[];
  return {
    at,
    forward: (k: Kernels) =>
      k.residualNormForward(...([py!, psum!, pst!, px!, ps!, pg!, pb!, ...size, EPSILON, ...mask] as const)),
    forwardApart: (k: Kernels) => {
      k.residualForward(psum!, px!, ps!, ...size, ...mask);
      k.layerNormForward(py!, pst!, psum!, pg!, pb!, ...size, EPSILON);
    },
    backward: (k: Kernels) =>
      k.residualNormBackward(
        ...([pdx!, pds!, pdg!, pdb!, pdy!, psum!, pst!, pg!, ...size, accumulate, ...mask] as const),
      ),
    backwardApart: (k: Kernels) => {
      k.layerNormBackward(...([pds!, pdg!, pdb!, pdy!, psum!, pst!, pg!, ...size, 0] as const));
      if (accumulate) k.add(pdx!, pds!, n);
      else k.copy(pdx!, pds!, n);
      k.dropout(pds!, ...size, ...mask);
    },
  };
}

describe.each([...BUILDS, "reference"] as const)("residual and norm in one pass, %s kernels", (kernels) => {
  it("gives the bits of its parts, forward and backward, with dropout and without, dx added or written", () => {
    fc.assert(
      fc.property(
        ...[anySize(9), anySize(70), fc.constantFrom(0, 6554, 40_000), fc.constantFrom<Flag>(0, 1), anySeed],
        (rows, columns, threshold, accumulate, seed) => {
          const { at, forward, forwardApart, backward, backwardApart } = placeFused(
            ...([rows, columns, threshold, accumulate, seed] as const),
          );
          const outputs = [at.y!, at.sum!, at.statistics!, at.sublayer!];
          const apart = bench.run(kernels, forwardApart, ...outputs);
          const fused = bench.run(kernels, forward, ...outputs);
          for (const [i, block] of outputs.entries()) {
            expectSameBits(fused[i]!, apart[i]!);
            bench.write(block, apart[i]!);
          }
          const gradients = [at.dx!, at.dSublayer!, at.dGamma!, at.dBeta!];
          const gradientsApart = bench.run(kernels, backwardApart, ...gradients);
          const gradientsFused = bench.run(kernels, backward, ...gradients);
          for (const [i, bits] of gradientsFused.entries()) expectSameBits(bits, gradientsApart[i]!);
        },
      ),
      { numRuns: 100 },
    );
  });
});
