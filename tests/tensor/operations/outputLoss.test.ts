import { describe, expect, it } from "vitest";
import { at } from "../../../src/kernels/kernels.ts";
import { createRandom } from "../../../src/random.ts";
import { Computation } from "../../../src/tensor/computation.ts";
import { outputLoss } from "../../../src/tensor/operations/outputLoss.ts";
import type { Parameter, Tensor } from "../../../src/tensor/tensor.ts";
import { ENGINES, makeWorkbench } from "../../support/engine.ts";
import { BUILDS, expectSameBits } from "../../support/kernels.ts";
import { type Differentiable, gradientErrors, randomMatrix } from "../centralDifferences.ts";

/** What is differentiated: the sum over the tokens of the smoothed loss, each weighing `scale`. */
function totalLoss(
  run: Computation,
  hidden: Tensor,
  weight: Parameter,
  bias: Parameter,
  smoothing: number,
  scale: number,
) {
  const tokens = hidden.rows;
  const labels = run.arena.allocate(tokens);
  run.heap.integers(labels, tokens).set(Array.from({ length: tokens }, (_, t) => (7 * t) % weight.rows));
  const results = run.heap.floats(
    outputLoss(run, hidden, weight, bias, labels, smoothing, scale),
    3 * tokens,
  );
  let sum = 0;
  for (let t = 0; t < tokens; t++) sum += scale * results[3 * t]!;
  return sum;
}

function subjectOf(
  tokens: number,
  dModel: number,
  vocabulary: number,
  smoothing: number,
  scale: number,
): Differentiable {
  const random = createRandom(tokens, dModel, vocabulary);
  return {
    inputs: [randomMatrix(tokens, dModel, random)],
    parameters: [randomMatrix(vocabulary, dModel, random), randomMatrix(1, vocabulary, random)],
    loss: (run, [hidden], [weight, bias]) => totalLoss(run, hidden!, weight!, bias!, smoothing, scale),
  };
}

describe.each(ENGINES)("outputLoss, %s kernels", (engine) => {
  const workbench = makeWorkbench(engine);

  it.each([0, 0.1, 0.5])("label smoothing %d: gradients within 5e-5 of central differences", (smoothing) => {
    for (const [tokens, dModel, vocabulary] of [
      [1, 1, 2],
      [7, 5, 13],
      [3, 8, 30],
    ] as const) {
      const { elements, directions } = gradientErrors(
        workbench,
        subjectOf(tokens, dModel, vocabulary, smoothing, 0.7),
      );
      expect(Math.max(...elements, ...directions)).toBeLessThan(5e-5);
    }
  });
});

describe.each(BUILDS)("outputLoss in chunks, %s kernels", (engine) => {
  const workbench = makeWorkbench(engine);
  // 2^18 floats are 87 rows of this vocabulary, so a chunk has the least number, 96: chunks of 96, 96 and 8 rows.
  const [tokens, dModel, vocabulary] = [200, 3, 3001] as const;

  it("three chunks: gradients within 5e-5 of central differences", () => {
    const { elements, directions } = gradientErrors(
      workbench,
      subjectOf(tokens, dModel, vocabulary, 0.1, 0.05),
      {
        every: 451,
      },
    );
    expect(Math.max(...elements, ...directions)).toBeLessThan(5e-5);
  });

  it("three chunks: the results of a row are, bit for bit, those of the row alone", () => {
    const random = createRandom(1);
    const place = (rows: number, columns: number): Parameter => {
      const pointer = workbench.heap.reserve(4 * rows * columns);
      workbench.heap.floats(pointer, rows * columns).set(randomMatrix(rows, columns, random).values);
      return { pointer, rows, columns, offset: 0 };
    };
    const [hidden, weight, bias] = [place(tokens, dModel), place(vocabulary, dModel), place(1, vocabulary)];
    const labels = workbench.heap.reserve(4 * tokens);
    workbench.heap.integers(labels, tokens).forEach((_, t, all) => {
      all[t] = random.below(vocabulary);
    });
    const results = (first: number, count: number): Float32Array => {
      const run = new Computation(workbench);
      const rows = { pointer: at(hidden.pointer, first * dModel), rows: count, columns: dModel };
      return workbench.heap
        .floats(outputLoss(run, rows, weight, bias, at(labels, first), 0.1, 1), 3 * count)
        .slice();
    };
    const together = results(0, tokens);
    for (const row of [0, 5, 95, 96, 100, 191, 192, 199]) {
      expectSameBits(results(row, 1), together.subarray(3 * row, 3 * row + 3));
    }
  });
});
