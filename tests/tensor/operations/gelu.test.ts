import { describe, expect, it } from "vitest";
import { createRandom } from "../../../src/random.ts";
import { gelu } from "../../../src/tensor/operations/gelu.ts";
import { ENGINES, makeWorkbench } from "../../support/engine.ts";
import { type Differentiable, gradientErrors, randomMatrix, weightedSum } from "../centralDifferences.ts";

describe.each(ENGINES)("gelu, %s kernels", (engine) => {
  it.each([1, 3, 10])(
    "%i columns of numbers from -4 to 4: gradients within 2e-5 of central differences",
    (columns) => {
      const subject: Differentiable = {
        inputs: [randomMatrix(9, columns, createRandom(columns), 4)],
        parameters: [],
        loss: (run, [x]) => weightedSum(run, gelu(run, x!)),
      };
      const { elements, directions } = gradientErrors(makeWorkbench(engine), subject);
      expect(Math.max(...elements, ...directions)).toBeLessThan(2e-5);
    },
  );
});
