import fc from "fast-check";
import { describe, it } from "vitest";
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
const f32 = Math.fround;

describe.each(BUILDS)("adam, %s build", (build) => {
  it("moments within 2^-20 of the largest term, the step within 1e-6 of itself, and nothing else is written", () => {
    fc.assert(
      fc.property(anySize(70), fc.integer({ min: 1, max: 5000 }), anySeed, anyLast, (n, step, seed, last) => {
        bench.reset(last % 5);
        const before = uniform(seed, n);
        const parameters = bench.matrix(1, n, before);
        const gradients = bench.matrix(1, n, uniform(seed + 1, n));
        const m = bench.matrix(1, n, uniform(seed + 2, n, -0.1, 0.1));
        const v = bench.matrix(1, n, uniform(seed + 3, n, 0, 0.1));
        const settings = [
          ...[f32(0.01 / (1 - 0.9 ** step)), f32(0.9), f32(0.98), f32(1e-9)],
          ...[f32(1 / Math.sqrt(1 - 0.98 ** step)), f32(0.7), f32(0.003)],
        ] as [number, number, number, number, number, number, number];
        const call = (kernels: Kernels) =>
          kernels.adam(parameters.pointer, gradients.pointer, m.pointer, v.pointer, n, ...settings);
        const expected = bench.run("reference", call, parameters, m, v);
        const actual = bench.run(build, call, parameters, m, v);
        expectClose(actual[1]!, expected[1]!, 2 ** -20 * 0.17);
        expectClose(actual[2]!, expected[2]!, 2 ** -20 * 0.11);
        // The step is relative to sqrt(v), so compare what it is from the same moments.
        expectClose(actual[0]!, expected[0]!, (i) => {
          const root = Math.sqrt(expected[2]![i]!);
          return (
            3 * ULP * Math.abs(before[i]!) +
            (settings[0] / settings[4]) * (2e-7 / root + 2e-7 / (root * root))
          );
        });
      }),
      { numRuns: 200 },
    );
  });

  it("first step from rest: every parameter moves by the learning rate against its gradient's sign", () => {
    bench.reset();
    const parameters = bench.matrix(1, 5, [1, 2, 3, 4, 5]);
    const gradients = bench.matrix(1, 5, [1, -1, 1e-3, -30, 0]);
    const m = bench.matrix(1, 5, new Float32Array(5));
    const v = bench.matrix(1, 5, new Float32Array(5));
    const [result] = bench.run(
      build,
      (kernels) =>
        kernels.adam(
          ...([parameters.pointer, gradients.pointer, m.pointer, v.pointer, 5] as const),
          ...([
            f32(0.5 / (1 - 0.9)),
            f32(0.9),
            f32(0.98),
            f32(1e-9),
            f32(1 / Math.sqrt(1 - 0.98)),
            1,
            0,
          ] as const),
        ),
      parameters,
      m,
      v,
    );
    expectClose(result!, [0.5, 2.5, 2.5, 4.5, 5], 1e-5);
  });
});
