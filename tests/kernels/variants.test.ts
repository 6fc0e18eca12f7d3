import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Flag, type Kernels, NONE } from "../../src/kernels/kernels.ts";
import {
  anyLast,
  anySeed,
  anySize,
  type Block,
  BUILDS,
  expectClose,
  expectSameBits,
  KernelBench,
  uniform,
  wholeNumbers,
} from "../support/kernels.ts";
import { NATIVE_SETS } from "../support/native.ts";

// The kernels of the variants of the model: each fast one against the reference, and the native ones bit for bit against
// the relaxed build.

const bench = new KernelBench(2);
const flag = fc.constantFrom<Flag>(0, 1);

/** A call with its outputs, laid out for random sizes; `tolerance` is what a result may be off by. */
interface Case {
  readonly call: (kernels: Kernels) => void;
  readonly outputs: readonly Block[];
  readonly tolerance: number;
}

/** Sizes and choices: what the letters mean is each kernel's own business. */
interface Sizes {
  readonly rows: number;
  readonly columns: number;
  readonly groups: number;
  readonly slack: number;
  readonly yes: Flag;
  readonly other: Flag;
  readonly seed: number;
}

const anySizes: fc.Arbitrary<Sizes> = fc.record({
  rows: anySize(9),
  columns: anySize(70),
  groups: fc.integer({ min: 1, max: 4 }),
  slack: fc.nat(3),
  yes: flag,
  other: flag,
  seed: anySeed,
});

/** A matrix of random numbers from -2 to 2. */
function random(rows: number, columns: number, seed: number, stride = columns): Block {
  return bench.matrix(rows, columns, uniform(seed, rows * columns, -2, 2), stride);
}

const CASES: Readonly<Record<string, (sizes: Sizes) => Case>> = {
  rmsNormForward: ({ rows, columns, groups, slack, yes, other, seed }) => {
    const stride = groups * columns + slack;
    const x = random(rows, groups * columns, seed, stride);
    const y = yes ? x : random(rows, groups * columns, seed + 1, stride);
    const inverses = bench.matrix(rows, groups);
    const gamma = other ? random(1, columns, seed + 2).pointer : NONE;
    return {
      call: (kernels) =>
        kernels.rmsNormForward(
          ...([y.pointer, inverses.pointer, x.pointer, gamma, rows, stride, groups, columns, 1e-5] as const),
        ),
      outputs: [y, inverses],
      // A single column near 0 has an inverse of up to 1 / sqrt(epsilon).
      tolerance: 5e-4,
    };
  },
  rmsNormBackward: ({ rows, columns, groups, slack, yes, other, seed }) => {
    const stride = groups * columns + slack;
    const x = random(rows, groups * columns, seed, stride);
    const dy = random(rows, groups * columns, seed + 1, stride);
    const dx = yes ? dy : random(rows, groups * columns, seed + 2, stride);
    const inverses = bench.matrix(rows, groups, uniform(seed + 3, rows * groups, 0.5, 2));
    const gamma = random(1, columns, seed + 4);
    const dGamma = random(1, columns, seed + 5);
    return {
      call: (kernels) =>
        kernels.rmsNormBackward(
          ...([dx.pointer, dGamma.pointer, dy.pointer, x.pointer, inverses.pointer] as const),
          ...([other ? gamma.pointer : NONE, rows, stride, groups, columns, yes ? 0 : other] as const),
        ),
      outputs: [dx, dGamma],
      tolerance: 5e-5,
    };
  },
  rotate: ({ rows, columns, groups, slack, yes, seed }) => {
    const dHead = 2 * columns;
    const stride = groups * dHead + slack;
    const x = random(rows, groups * dHead, seed, stride);
    const table = random(7, dHead, seed + 1);
    const positions = bench.integers(wholeNumbers(seed + 2, rows, 7));
    return {
      call: (kernels) =>
        kernels.rotate(x.pointer, stride, table.pointer, positions, rows, groups, dHead, yes),
      outputs: [x],
      tolerance: 2e-6,
    };
  },
  weightsForward: ({ rows, columns, yes, seed }) => {
    const x = random(rows, columns, seed);
    const first = yes ? columns : Math.max(1, columns - rows + 1);
    return {
      call: (kernels) => kernels.weightsForward(x.pointer, rows, columns, first, 1.5),
      outputs: [x],
      tolerance: 1e-6,
    };
  },
  weightsBackward: ({ rows, columns, yes, seed }) => {
    const dy = random(rows, columns, seed);
    const dx = yes ? dy : bench.matrix(rows, columns);
    const weights = bench.matrix(rows, columns, uniform(seed + 1, rows * columns, 0, 2 / columns));
    return {
      call: (kernels) => kernels.weightsBackward(dx.pointer, dy.pointer, weights.pointer, rows, columns, 1.5),
      outputs: [dx],
      tolerance: 3e-5,
    };
  },
  pairScoresForward: ({ rows, columns, groups, slack, yes, seed }) => {
    const q = random(rows, columns, seed, columns + slack);
    const k = random(groups, columns, seed + 1, columns + slack);
    const v = random(1, columns, seed + 2);
    const scores = random(rows, groups, seed + 3);
    return {
      call: (kernels) =>
        kernels.pairScoresForward(
          ...([scores.pointer, q.pointer, q.stride, k.pointer, k.stride, v.pointer] as const),
          ...([rows, groups, columns, yes] as const),
        ),
      outputs: [scores],
      tolerance: 1e-4,
    };
  },
  pairScoresBackward: ({ rows, columns, groups, slack, yes, seed }) => {
    const [q, dq] = [seed, seed + 1].map((s) => random(rows, columns, s, columns + slack));
    const [k, dk] = [seed + 2, seed + 3].map((s) => random(groups, columns, s, columns + slack));
    const [v, dv] = [seed + 4, seed + 5].map((s) => random(1, columns, s));
    const dScores = random(rows, groups, seed + 6);
    return {
      call: (kernels) =>
        kernels.pairScoresBackward(
          ...([dq!.pointer, dk!.pointer, dv!.pointer, dScores.pointer] as const),
          ...([
            q!.pointer,
            q!.stride,
            k!.pointer,
            k!.stride,
            v!.pointer,
            rows,
            groups,
            columns,
            yes,
          ] as const),
        ),
      outputs: [dq!, dk!, dv!],
      tolerance: 2e-5,
    };
  },
  swigluForward: ({ rows, columns, seed }) => {
    const x = random(rows, 2 * columns, seed);
    const y = bench.matrix(rows, columns);
    return {
      call: (kernels) => kernels.swigluForward(y.pointer, x.pointer, rows, columns),
      outputs: [y],
      tolerance: 2e-6,
    };
  },
  swigluBackward: ({ rows, columns, seed }) => {
    const x = random(rows, 2 * columns, seed);
    const dy = random(rows, columns, seed + 1);
    const dx = bench.matrix(rows, 2 * columns);
    return {
      call: (kernels) => kernels.swigluBackward(dx.pointer, dy.pointer, x.pointer, rows, columns),
      outputs: [dx],
      tolerance: 5e-6,
    };
  },
};

describe.each(Object.keys(CASES))("%s", (name) => {
  const place = CASES[name]!;

  it.each(BUILDS)("%s build: close to the reference, and nothing else is written", (build) => {
    fc.assert(
      fc.property(anySizes, anyLast, (sizes, last) => {
        bench.reset(last % 8);
        const { call, outputs, tolerance } = place(sizes);
        const expected = bench.run("reference", call, ...outputs);
        bench.run(build, call, ...outputs).forEach((values, i) => {
          expectClose(values, expected[i]!, (j) => tolerance * Math.max(1, Math.abs(expected[i]![j]!)));
        });
      }),
      { numRuns: 150 },
    );
  });

  it.each(NATIVE_SETS.map((set) => [set.name, set] as const))(
    "%s: the bits of the relaxed build",
    (_, { bind, share }) => {
      const native = bind(bench.memory);
      fc.assert(
        fc.property(anySizes, anyLast, (sizes, last) => {
          bench.reset(last % 8);
          const { call, outputs } = place(sizes);
          const expected = bench.run("relaxed", call, ...outputs);
          bench.run(native, call, ...outputs).forEach((values, i) => {
            expectSameBits(values, expected[i]!);
          });
        }),
        { numRuns: Math.ceil(150 * share) },
      );
    },
  );
});

it("weights: a row that sees one column gives it all, and what it does not see is 0", () => {
  bench.reset();
  const x = bench.matrix(3, 3, [5, 90, 90, 1, 1, 90, 0, 0, 0]);
  for (const build of ["reference", ...BUILDS] as const) {
    const [weights] = bench.run(build, (kernels) => kernels.weightsForward(x.pointer, 3, 3, 1, 1), x);
    expectClose(weights!, [1, 0, 0, 0.5, 0.5, 0, 1 / 3, 1 / 3, 1 / 3], 1e-6);
    expect(weights![1]).toBe(0);
  }
});
