import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Flag, type Kernels, NONE } from "../../src/kernels/kernels.ts";
import {
  anyLast,
  anySeed,
  anySize,
  BUILDS,
  expectClose,
  expectSameBits,
  type Implementation,
  KernelBench,
  ULP,
  uniform,
} from "../support/kernels.ts";

const bench = new KernelBench(12);
const { gemmWorkspace, packedSize } = bench.kernels.relaxed;
const flag = fc.constantFrom<Flag>(0, 1);

interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly aTransposed: Flag;
  readonly bTransposed: Flag;
  readonly accumulate: Flag;
  readonly biased: boolean;
  readonly relu: Flag;
  /** Floats more than needed from row to row of A, B and C. */
  readonly slack: number;
  /** Rows of B that are packed but not used. */
  readonly unused: number;
}

const shapes = fc.record({ m: anySize(40), n: anySize(60), k: fc.oneof(fc.constant(0), anySize(70)) });
const options = fc.record({
  aTransposed: flag,
  bTransposed: flag,
  accumulate: flag,
  biased: fc.boolean(),
  relu: flag,
  slack: fc.nat(5),
  unused: fc.nat(3),
});

/** Lays out a product, and gives the call that packs B by the same kernels and multiplies. */
function place(
  { m, n, k, aTransposed, bTransposed, biased, slack, unused, ...rest }: Product,
  seed: number,
  last = -1,
) {
  const packedK = k + unused;
  const values = {
    c: uniform(seed, m * n),
    a: uniform(seed + 1, m * k),
    b: uniform(seed + 2, packedK * n),
    bias: uniform(seed + 3, n),
  };
  bench.reset(last);
  const c = bench.matrix(m, n, values.c, n + slack);
  const bias = biased ? bench.matrix(1, n, values.bias) : undefined;
  const a = aTransposed ? bench.matrix(k, m, values.a, m + slack) : bench.matrix(m, k, values.a, k + slack);
  const b = bTransposed
    ? bench.matrix(n, packedK, values.b, packedK + slack)
    : bench.matrix(packedK, n, values.b, n + slack);
  const packed = bench.scratch(packedSize(n, packedK));
  const workspace = bench.scratch(gemmWorkspace());
  const call = (kernels: Kernels): void => {
    kernels.packB(packed, b.pointer, b.stride, bTransposed, n, packedK);
    kernels.gemm(
      ...([c.pointer, c.stride, a.pointer, a.stride, aTransposed, packed, packedK, m, n, k] as const),
      ...([rest.accumulate, bias?.pointer ?? NONE, rest.relu, workspace] as const),
    );
  };
  return { c, a, b, bias, values, call };
}

/** C by a build and by the reference, and for each element what |A| |B| + |C| + |bias| is. */
function compare(build: Implementation, product: Product, seed: number, last?: number) {
  const { c, a, b, bias, values, call } = place(product, seed, last);
  const [actual] = bench.run(build, call, c);
  const [expected] = bench.run("reference", call, c);
  bench.write(c, values.c.map(Math.abs));
  bench.write(a, values.a.map(Math.abs));
  bench.write(b, values.b.map(Math.abs));
  if (bias !== undefined) bench.write(bias, values.bias.map(Math.abs));
  const [magnitudes] = bench.run("reference", call, c);
  return { actual: actual!, expected: expected!, magnitudes: magnitudes! };
}

describe.each(BUILDS)("gemm, %s build", (build) => {
  it("packs panels as the reference does, bit for bit, and writes nothing else", () => {
    fc.assert(
      fc.property(
        anySize(60),
        anySize(60),
        flag,
        fc.nat(5),
        anySeed,
        anyLast,
        (n, k, transposed, slack, seed, last) => {
          bench.reset(last % 2);
          const [rows, columns] = transposed ? [n, k] : [k, n];
          const b = bench.matrix(rows, columns, uniform(seed, n * k), columns + slack);
          const packed = bench.matrix(1, packedSize(n, k));
          const call = (kernels: Kernels) =>
            kernels.packB(packed.pointer, b.pointer, b.stride, transposed, n, k);
          expectSameBits(bench.run(build, call, packed)[0]!, bench.run("reference", call, packed)[0]!);
        },
      ),
    );
  });

  it("product: error below (k + 4) 2^-24 (|A| |B| + |C| + |bias|)", () => {
    fc.assert(
      fc.property(shapes, options, anySeed, anyLast, (shape, option, seed, last) => {
        const { actual, expected, magnitudes } = compare(build, { ...shape, ...option }, seed, last % 6);
        expectClose(actual, expected, (i) => (shape.k + 4) * ULP * magnitudes[i]!);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    { m: 7, n: 515, k: 258 },
    { m: 6, n: 1025, k: 512 },
    { m: 1, n: 9, k: 777 },
  ])("product over several blocks, m $m, n $n, k $k: the same bound", (shape) => {
    for (const [aTransposed, accumulate] of [
      [0, 0],
      [1, 1],
    ] as const) {
      const option = {
        aTransposed,
        accumulate,
        bTransposed: accumulate,
        biased: true,
        relu: aTransposed,
      } as const;
      const { actual, expected, magnitudes } = compare(
        build,
        { ...shape, ...option, slack: 3, unused: 2 },
        5,
      );
      expectClose(actual, expected, (i) => (shape.k + 4) * ULP * magnitudes[i]!);
    }
  });

  it("a row of C has the same bits whatever m is and wherever the row lies", () => {
    const shape = fc.record({ m: anySize(30), n: anySize(40), k: fc.constantFrom(1, 5, 64, 255, 257, 300) });
    fc.assert(
      fc.property(
        shape,
        options,
        fc.nat(29),
        fc.nat(29),
        anySeed,
        ({ m, n, k }, option, from, count, seed) => {
          const product = { m, n, k, ...option, aTransposed: 0 } as const;
          const { c, values, call } = place(product, seed);
          const whole = bench.run(build, call, c)[0]!;
          const first = from % m;
          const rows = Math.min(m - first, 1 + count);
          const part = place({ ...product, m: rows, slack: 1 }, seed);
          // `place` draws values by their number: B comes out the same, A and C are cut from the whole.
          bench.write(part.c, values.c.subarray(first * n, (first + rows) * n));
          bench.write(part.a, values.a.subarray(first * k, (first + rows) * k));
          const alone = bench.run(build, part.call, part.c)[0]!;
          expectSameBits(alone, whole.subarray(first * n, (first + rows) * n));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("NaN goes through ReLU, in whole tiles and at their edges; infinities and zeros come out right", () => {
    for (const n of [3, 8, 11]) {
      bench.reset();
      const c = bench.matrix(7, n, new Float32Array(7 * n));
      const a = bench.matrix(7, 1, [
        Number.NaN,
        1,
        -1,
        Number.POSITIVE_INFINITY,
        Number.NEGATIVE_INFINITY,
        0,
        Number.NaN,
      ]);
      const b = bench.matrix(1, n, new Float32Array(n).fill(2));
      const packed = bench.scratch(packedSize(n, 1));
      const workspace = bench.scratch(gemmWorkspace());
      const [result] = bench.run(
        build,
        (kernels) => {
          kernels.packB(packed, b.pointer, n, 0, n, 1);
          kernels.gemm(c.pointer, n, a.pointer, 1, 0, packed, 1, 7, n, 1, 0, NONE, 1, workspace);
        },
        c,
      );
      const column = [Number.NaN, 2, 0, Number.POSITIVE_INFINITY, 0, 0, Number.NaN];
      expect(Array.from(result!)).toEqual(column.flatMap((value) => new Array(n).fill(value)));
    }
  });
});
