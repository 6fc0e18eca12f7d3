import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Kernels } from "../../src/kernels/kernels.ts";
import {
  anyLast,
  anySeed,
  anySize,
  BUILDS,
  expectClose,
  KernelBench,
  ULP,
  uniform,
} from "../support/kernels.ts";

const bench = new KernelBench(1);

describe.each(BUILDS)("gelu, %s build", (build) => {
  it("forward: error below 3e-7 |x|, and nothing else is written", () => {
    fc.assert(
      fc.property(anySize(70), fc.constantFrom(1, 4, 20), anySeed, anyLast, (n, range, seed, last) => {
        bench.reset(last % 3);
        const values = uniform(seed, n, -range, range);
        const x = bench.matrix(1, n, values);
        const y = bench.matrix(1, n);
        const call = (kernels: Kernels) => kernels.geluForward(y.pointer, x.pointer, n);
        const expected = bench.run("reference", call, y)[0]!;
        expectClose(bench.run(build, call, y)[0]!, expected, (i) => (3e-7 + ULP) * Math.abs(values[i]!));
      }),
      { numRuns: 300 },
    );
  });

  it("backward: error below 5e-7 |dy|, in place or not, and nothing else is written", () => {
    fc.assert(
      fc.property(
        anySize(70),
        fc.constantFrom(1, 4, 20),
        fc.boolean(),
        anySeed,
        anyLast,
        (n, range, inPlace, seed, last) => {
          bench.reset(last % 4);
          const gradient = uniform(seed + 1, n);
          const x = bench.matrix(1, n, uniform(seed, n, -range, range));
          const dy = bench.matrix(1, n, gradient);
          const dx = inPlace ? dy : bench.matrix(1, n);
          const call = (kernels: Kernels) => kernels.geluBackward(dx.pointer, dy.pointer, x.pointer, n);
          const expected = bench.run("reference", call, dx)[0]!;
          expectClose(bench.run(build, call, dx)[0]!, expected, (i) => 5e-7 * Math.abs(gradient[i]!));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("NaN stays NaN, 0 stays 0, and far out it is the identity or next to nothing", () => {
    bench.reset();
    const x = bench.matrix(1, 5, [Number.NaN, 0, 50, -50, 1e6]);
    const y = bench.matrix(1, 5);
    const [result] = bench.run(build, (kernels) => kernels.geluForward(y.pointer, x.pointer, 5), y);
    expectClose(result!, [Number.NaN, 0, 50, 0, 1e6], 1e-30);
    const ones = bench.matrix(1, 5, [1, 1, 1, 1, 1]);
    const slopes = bench.run(
      build,
      (kernels) => kernels.geluBackward(y.pointer, ones.pointer, x.pointer, 5),
      y,
    )[0]!;
    expect(slopes[0]).toBeNaN();
    expectClose(slopes.subarray(1), [0.5, 1, 0, 1], 1.5e-7);
  });
});
