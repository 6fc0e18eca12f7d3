import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Kernels } from "../../src/kernels/kernels.ts";
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
import { sumOfPartials } from "../support/sums.ts";

const bench = new KernelBench(1);

describe.each(BUILDS)("vector kernels, %s build", (build) => {
  it("add: every bit as the reference, and nothing else is written", () => {
    fc.assert(
      fc.property(anySize(70), anySeed, anyLast, (n, seed, last) => {
        bench.reset(last % 3);
        const y = bench.matrix(1, n, uniform(seed, n));
        const x = bench.matrix(1, n, uniform(seed + 1, n));
        const call = (kernels: Kernels) => kernels.add(y.pointer, x.pointer, n);
        expectSameBits(bench.run(build, call, y)[0]!, bench.run("reference", call, y)[0]!);
      }),
    );
  });

  it("lerp: within two roundings of the larger of both, and nothing else is written", () => {
    fc.assert(
      fc.property(anySize(70), anySeed, anyLast, fc.double({ min: 0, max: 1 }), (n, seed, last, share) => {
        bench.reset(last % 3);
        const y = bench.matrix(1, n, uniform(seed, n));
        const x = bench.matrix(1, n, uniform(seed + 1, n));
        const t = Math.fround(Number.isNaN(share) ? 0.5 : share);
        const call = (kernels: Kernels) => kernels.lerp(y.pointer, x.pointer, t, n);
        expectClose(bench.run(build, call, y)[0]!, bench.run("reference", call, y)[0]!, 4 * ULP);
      }),
    );
  });

  it("clear and copy: as the reference, and nothing else is written", () => {
    fc.assert(
      fc.property(anySize(70), anySeed, anyLast, (n, seed, last) => {
        bench.reset(last % 3);
        const y = bench.matrix(1, n, uniform(seed, n));
        const x = bench.matrix(1, n, uniform(seed + 1, n));
        const copy = (kernels: Kernels) => kernels.copy(y.pointer, x.pointer, n);
        expectSameBits(bench.run(build, copy, y)[0]!, bench.run("reference", copy, y)[0]!);
        const clear = (kernels: Kernels) => kernels.clear(y.pointer, n);
        expectSameBits(bench.run(build, clear, y)[0]!, new Float32Array(n));
      }),
    );
  });

  it("columnSums: error below (rows + 1) 2^-24 (rows + 1) for elements below 1, and nothing else is written", () => {
    fc.assert(
      fc.property(anySize(40), anySize(40), anySeed, anyLast, (rows, columns, seed, last) => {
        bench.reset(last % 3);
        const sums = bench.matrix(1, columns, uniform(seed, columns));
        const x = bench.matrix(rows, columns, uniform(seed + 1, rows * columns));
        const call = (kernels: Kernels) => kernels.columnSums(sums.pointer, x.pointer, rows, columns);
        const expected = bench.run("reference", call, sums)[0]!;
        expectClose(bench.run(build, call, sums)[0]!, expected, (rows + 1) ** 2 * ULP);
      }),
    );
  });

  it("sumSquares: relative error below 1e-14, and the bits of sixteen partial sums", () => {
    fc.assert(
      fc.property(fc.nat(200), anySeed, anyLast, (n, seed, last) => {
        bench.reset(last % 2);
        const x = bench.matrix(1, n, uniform(seed, n, -1e4, 1e4));
        const sum = (implementation: "reference" | typeof build) => {
          let result = Number.NaN;
          bench.run(implementation, (kernels) => {
            result = kernels.sumSquares(x.pointer, n);
          });
          return result;
        };
        const expected = sum("reference");
        const actual = sum(build);
        expectClose([actual], [expected], 1e-14 * expected);
        const squares = Array.from(bench.read(x), (value) => value * value);
        expect(actual).toBe(sumOfPartials(squares, (exact) => exact));
      }),
    );
  });

  it("sumSquares: NaN and infinity show", () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      for (const at of [0, 4]) {
        bench.reset();
        const x = bench.matrix(1, 5, [1, 1, 1, 1, 1].with(at, bad));
        let sum = 0;
        bench.run(build, (kernels) => {
          sum = kernels.sumSquares(x.pointer, 5);
        });
        expect(sum).toBe(bad);
      }
    }
  });

  it("reluBackward: every bit as the reference, in place or not, and nothing else is written", () => {
    fc.assert(
      fc.property(anySize(70), fc.boolean(), anySeed, anyLast, (n, inPlace, seed, last) => {
        bench.reset(last % 4);
        const y = bench.matrix(
          1,
          n,
          uniform(seed, n).map((value) => Math.max(0, value)),
        );
        const dy = bench.matrix(1, n, uniform(seed + 1, n));
        const dx = inPlace ? dy : bench.matrix(1, n);
        const call = (kernels: Kernels) => kernels.reluBackward(dx.pointer, dy.pointer, y.pointer, n);
        expectSameBits(bench.run(build, call, dx)[0]!, bench.run("reference", call, dx)[0]!);
      }),
    );
  });
});
