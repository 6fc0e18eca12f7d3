import { describe, expect, it } from "vitest";
import { createRandom } from "../../../src/random.ts";
import { linear } from "../../../src/tensor/operations/linear.ts";
import { residual } from "../../../src/tensor/operations/residual.ts";
import { ENGINES, makeWorkbench, placeSentences } from "../../support/engine.ts";
import {
  type Differentiable,
  gradientErrors,
  type Matrix,
  randomMatrix,
  weightedSum,
} from "../centralDifferences.ts";

/** Tokens, in, out: single numbers, odd numbers, and more than a tile of each. */
const SHAPES = [
  [1, 1, 1],
  [5, 7, 3],
  [13, 9, 17],
] as const;

/**
 * Inputs and weights whose first column decides the sign of every x W^T, so that no step of a difference takes an
 * element over the corner of ReLU.
 */
function awayFromZero(matrix: Matrix): Matrix {
  for (let row = 0; row < matrix.rows; row++) {
    for (let column = 0; column < matrix.columns; column++) {
      const at = row * matrix.columns + column;
      matrix.values[at]! *= 0.3;
      if (column === 0) matrix.values[at] = row % 2 === 0 ? 1.5 : -1.5;
    }
  }
  return matrix;
}

describe.each(ENGINES)("linear, %s kernels", (engine) => {
  const workbench = makeWorkbench(engine);

  it.each(SHAPES)(
    "%i tokens, %i to %i: gradients within 2e-5 of central differences",
    (tokens, inSize, outSize) => {
      const random = createRandom(tokens, inSize, outSize);
      for (const bias of [true, false]) {
        const subject: Differentiable = {
          inputs: [randomMatrix(tokens, inSize, random)],
          parameters: [
            randomMatrix(outSize, inSize, random),
            ...(bias ? [randomMatrix(1, outSize, random)] : []),
          ],
          loss: (run, [x], [weight, b]) => weightedSum(run, linear(run, x!, weight!, b)),
        };
        const { elements, directions } = gradientErrors(workbench, subject);
        expect(Math.max(...elements, ...directions)).toBeLessThan(2e-5);
      }
    },
  );

  it.each(SHAPES)(
    "%i tokens, %i to %i through ReLU: gradients within 2e-5 of central differences",
    (tokens, inSize, outSize) => {
      const random = createRandom(tokens, inSize, outSize);
      for (const bias of [true, false]) {
        const subject: Differentiable = {
          inputs: [awayFromZero(randomMatrix(tokens, inSize, random))],
          parameters: [
            awayFromZero(randomMatrix(outSize, inSize, random)),
            ...(bias ? [randomMatrix(1, outSize, random, 0.2)] : []),
          ],
          loss: (run, [x], [weight, b]) => weightedSum(run, linear(run, x!, weight!, b, "relu")),
        };
        const { elements, directions } = gradientErrors(workbench, subject);
        expect(Math.max(...elements, ...directions)).toBeLessThan(2e-5);
      }
    },
  );

  it("an input with three readers gathers all their gradients, within 2e-5 of central differences", () => {
    const random = createRandom(3);
    const subject: Differentiable = {
      inputs: [randomMatrix(5, 6, random)],
      parameters: [randomMatrix(6, 6, random), randomMatrix(6, 6, random)],
      loss: (run, [x], [first, second]) => {
        const sentences = placeSentences(run, [
          [0, 0],
          [0, 0, 0],
        ]);
        const sum = residual(run, x!, linear(run, x!, first!, undefined), sentences);
        return weightedSum(run, residual(run, sum, linear(run, x!, second!, undefined), sentences));
      },
    };
    const { elements, directions } = gradientErrors(workbench, subject);
    expect(Math.max(...elements, ...directions)).toBeLessThan(2e-5);
  });
});
