import { describe, expect, it } from "vitest";
import { createRandom } from "../../../src/random.ts";
import { Computation } from "../../../src/tensor/computation.ts";
import { gelu } from "../../../src/tensor/operations/gelu.ts";
import { residual } from "../../../src/tensor/operations/residual.ts";
import { ENGINES, makeWorkbench, placeSentences } from "../../support/engine.ts";
import { expectSameBits } from "../../support/kernels.ts";
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

  it("an input with several readers gathers all their gradients, within 2e-5 of central differences", () => {
    const subject: Differentiable = {
      inputs: [randomMatrix(3, 5, createRandom(1), 2)],
      parameters: [],
      loss: (run, [x]) => {
        const sentences = placeSentences(run, [[0], [0, 0]]);
        // On the way back the residual gives first, and both GELUs add.
        return weightedSum(
          run,
          residual(run, residual(run, x!, gelu(run, x!), sentences), gelu(run, x!), sentences),
        );
      },
    };
    const { elements, directions } = gradientErrors(makeWorkbench(engine), subject);
    expect(Math.max(...elements, ...directions)).toBeLessThan(2e-5);
  });

  it("twice over the same input gives twice the gradient, bit for bit", () => {
    const { values } = randomMatrix(9, 7, createRandom(2), 4);
    const gradient = (times: number): Float32Array => {
      const workbench = makeWorkbench(engine);
      const run = new Computation(workbench, { gradients: workbench.heap.reserve(4) });
      const x = run.tensor(9, 7);
      workbench.heap.floats(x.pointer, values.length).set(values);
      for (let i = 0; i < times; i++) weightedSum(run, gelu(run, x));
      run.tape!.backward();
      return workbench.heap.floats(run.tape!.target(x).pointer, values.length).slice();
    };
    expectSameBits(
      gradient(2),
      gradient(1).map((g) => 2 * g),
    );
  });
});
