import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { at, type Flag, NONE } from "../../../src/kernels/kernels.ts";
import {
  type Block,
  expectClose,
  KernelBench,
  numericalGradient,
  randomRowKeys,
  uniform,
  wholeNumbers,
} from "../../support/kernels.ts";

const bench = new KernelBench(1);
const { reference } = bench.kernels;
const seeds = fc.nat(0xffff);
const few = { numRuns: 12 };

/** The loss whose gradient with respect to `result` is `dResult`, after `call` computed it from `x`. */
function lossOf(x: Block, result: Block, dResult: ArrayLike<number>, call: () => void) {
  return (values: Float32Array): number => {
    const before = bench.read(x);
    bench.write(x, values);
    call();
    bench.write(x, before);
    return bench.read(result).reduce((sum, value, i) => sum + value * dResult[i]!, 0);
  };
}

describe("reference gelu", () => {
  it("has the published values of x Phi(x), relative error below 1e-7", () => {
    bench.reset();
    const x = bench.matrix(1, 5, [1, -1, 2, 3, -4]);
    const y = bench.matrix(1, 5);
    reference.geluForward(y.pointer, x.pointer, 5);
    const expected = [0.841344746, -0.158655254, 1.954499736, 2.995950306, -1.26684967e-4];
    expectClose(bench.read(y), expected, (i) => 1e-7 * Math.abs(expected[i]!));
  });
});

describe("reference gradients against central differences of the reference's forward pass", () => {
  it("gelu: within 2e-5", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        bench.reset();
        const dResult = uniform(seed + 1, 20);
        const x = bench.matrix(1, 20, uniform(seed, 20, -4, 4));
        const y = bench.matrix(1, 20);
        const dy = bench.matrix(1, 20, dResult);
        const dx = bench.matrix(1, 20);
        reference.geluBackward(dx.pointer, dy.pointer, x.pointer, 20);
        const loss = lossOf(x, y, dResult, () => reference.geluForward(y.pointer, x.pointer, 20));
        expectClose(bench.read(dx), numericalGradient(loss, bench.read(x)), 2e-5);
      }),
      few,
    );
  });

  it("layerNorm: dx, dGamma and dBeta within 1e-4", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        bench.reset();
        const [rows, columns] = [3, 8];
        const dResult = uniform(seed, rows * columns);
        const x = bench.matrix(rows, columns, uniform(seed + 1, rows * columns, -3, 3));
        const gamma = bench.matrix(1, columns, uniform(seed + 2, columns, 0.5, 1.5));
        const beta = bench.matrix(1, columns, uniform(seed + 3, columns));
        const [y, statistics] = [bench.matrix(rows, columns), bench.matrix(rows, 2)];
        const dy = bench.matrix(rows, columns, dResult);
        const dx = bench.matrix(rows, columns);
        const dGamma = bench.matrix(1, columns, new Float32Array(columns));
        const dBeta = bench.matrix(1, columns, new Float32Array(columns));
        const forward = () =>
          reference.layerNormForward(
            ...([
              y.pointer,
              statistics.pointer,
              x.pointer,
              gamma.pointer,
              beta.pointer,
              rows,
              columns,
              1e-5,
            ] as const),
          );
        forward();
        reference.layerNormBackward(
          ...([
            dx.pointer,
            dGamma.pointer,
            dBeta.pointer,
            dy.pointer,
            x.pointer,
            statistics.pointer,
          ] as const),
          ...([gamma.pointer, rows, columns, 0] as const),
        );
        for (const [of, gradient] of [
          [x, dx],
          [gamma, dGamma],
          [beta, dBeta],
        ] as const) {
          expectClose(
            bench.read(gradient),
            numericalGradient(lossOf(of, y, dResult, forward), bench.read(of)),
            1e-4,
          );
        }
      }),
      few,
    );
  });

  it.each([0, 0.1])("crossEntropy with label smoothing %d: within 2e-5 of scale", (smoothing) => {
    fc.assert(
      fc.property(seeds, (seed) => {
        bench.reset();
        const [rows, vocabulary] = [3, 11];
        const logits = uniform(seed, rows * vocabulary, -2, 2);
        const x = bench.matrix(rows, vocabulary, logits);
        const labels = bench.integers(wholeNumbers(seed + 1, rows, vocabulary));
        const results = bench.matrix(rows, 3);
        const forward = (scale: number) =>
          reference.crossEntropy(x.pointer, labels, results.pointer, rows, vocabulary, smoothing, scale);
        // Only the first column of the results is the loss.
        const loss = lossOf(x, results, [1, 0, 0, 1, 0, 0, 1, 0, 0], () => forward(0));
        const expected = numericalGradient(loss, logits).map((slope) => slope / 4);
        forward(0.25);
        expectClose(bench.read(x), expected, 2e-5 / 4);
      }),
      few,
    );
  });

  it.each<{ name: string; lengths: [queries: number, keys: number][]; causal: Flag; threshold: number }>([
    {
      name: "self-attention, causal",
      lengths: [
        [4, 4],
        [1, 1],
        [3, 3],
      ],
      causal: 1,
      threshold: 0,
    },
    {
      name: "cross-attention",
      lengths: [
        [2, 5],
        [4, 1],
      ],
      causal: 0,
      threshold: 0,
    },
    {
      name: "with dropout",
      lengths: [
        [3, 4],
        [2, 3],
      ],
      causal: 0,
      threshold: 20000,
    },
    {
      name: "causal with more keys than queries, with dropout",
      lengths: [[2, 5]],
      causal: 1,
      threshold: 20000,
    },
  ])("attention ($name): dq, dk and dv within 5e-5", ({ lengths, causal, threshold }) => {
    const [heads, dHead] = [2, 3];
    const dModel = heads * dHead;
    const offsets = (side: 0 | 1) => {
      let end = 0;
      return [0, ...lengths.map((pair) => (end += pair[side]))];
    };
    const [tq, tk] = [offsets(0).at(-1)!, offsets(1).at(-1)!];
    for (const seed of [1, 2, 3]) {
      bench.reset();
      const dResult = uniform(seed, tq * dModel);
      const q = bench.matrix(tq, dModel, uniform(seed + 10, tq * dModel));
      const k = bench.matrix(tk, dModel, uniform(seed + 20, tk * dModel));
      const v = bench.matrix(tk, dModel, uniform(seed + 30, tk * dModel));
      const out = bench.matrix(tq, dModel);
      const logSumExp = bench.matrix(tq, heads);
      const dOut = bench.matrix(tq, dModel, dResult);
      const [dq, dk, dv] = [bench.matrix(tq, dModel), bench.matrix(tk, dModel), bench.matrix(tk, dModel)];
      const queryOffsets = bench.integers(offsets(0));
      const keyOffsets = bench.integers(offsets(1));
      const rowKeys = bench.integers(randomRowKeys(seed + 40, tq));
      const inputs = [q.pointer, dModel, k.pointer, v.pointer, dModel, queryOffsets] as const;
      const shape = [lengths.length, heads, dHead, causal, rowKeys, 3, threshold] as const;
      const forward = () =>
        reference.attentionForward(
          ...([
            out.pointer,
            logSumExp.pointer,
            ...inputs,
            keyOffsets,
            at(keyOffsets, 1),
            ...shape,
            NONE,
            NONE,
          ] as const),
        );
      reference.attentionBackward(
        ...([dq.pointer, dk.pointer, dv.pointer, dOut.pointer, out.pointer, logSumExp.pointer] as const),
        ...([...inputs, keyOffsets, ...shape, NONE] as const),
      );
      for (const [of, gradient] of [
        [q, dq],
        [k, dk],
        [v, dv],
      ] as const) {
        const numerical = numericalGradient(lossOf(of, out, dResult, forward), bench.read(of));
        expectClose(bench.read(gradient), numerical, 5e-5);
        expect(bench.read(gradient).some((value) => Math.abs(value) > 1e-2)).toBe(true);
      }
    }
  });
});
