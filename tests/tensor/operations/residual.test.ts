import { describe, expect, it } from "vitest";
import { createRandom } from "../../../src/random.ts";
import { Computation } from "../../../src/tensor/computation.ts";
import { linear } from "../../../src/tensor/operations/linear.ts";
import { residual } from "../../../src/tensor/operations/residual.ts";
import { ENGINES, everywhere, makeWorkbench, placeSentences } from "../../support/engine.ts";
import { type Differentiable, gradientErrors, randomMatrix, weightedSum } from "../centralDifferences.ts";

const SENTENCES = [[0, 0], [0], [0, 0, 0]];
const KEY = { seed: 5, step: 9, firstSentence: 2 };

describe.each(ENGINES)("residual, %s kernels", (engine) => {
  const workbench = makeWorkbench(engine);

  it.each([0, 0.3])("dropout %d: gradients within 2e-5 of central differences", (dropout) => {
    for (const columns of [1, 5, 8, 19]) {
      const random = createRandom(columns);
      const subject: Differentiable = {
        inputs: [randomMatrix(6, columns, random), randomMatrix(6, columns, random)],
        parameters: [],
        dropout,
        loss: (run, [x, sublayer]) =>
          weightedSum(run, residual(run, x!, sublayer!, placeSentences(run, SENTENCES, KEY))),
      };
      const { elements, directions } = gradientErrors(workbench, subject);
      expect(Math.max(...elements, ...directions)).toBeLessThan(2e-5);
    }
  });

  it("adds to the gradient of an input that a later operation has read, within 2e-5 of central differences", () => {
    const random = createRandom(4);
    const subject: Differentiable = {
      inputs: [randomMatrix(6, 5, random), randomMatrix(6, 5, random)],
      parameters: [randomMatrix(5, 5, random)],
      dropout: 0.2,
      loss: (run, [x, sublayer], [weight]) => {
        const sentences = placeSentences(run, SENTENCES, KEY);
        const sum = residual(run, x!, sublayer!, sentences);
        return weightedSum(run, residual(run, sum, linear(run, x!, weight!, undefined), sentences));
      },
    };
    const { elements, directions } = gradientErrors(workbench, subject);
    expect(Math.max(...elements, ...directions)).toBeLessThan(2e-5);
  });

  it.each([0, 0.3])(
    "dropout %d: adds to the gradient of a sublayer with another reader, within 2e-5 of central differences",
    (dropout) => {
      const random = createRandom(5);
      const subject: Differentiable = {
        inputs: [randomMatrix(6, 5, random), randomMatrix(6, 5, random)],
        parameters: [],
        dropout,
        loss: (run, [x, sublayer]) => {
          const sentences = placeSentences(run, SENTENCES, KEY);
          const other = weightedSum(run, sublayer!, 100); // before it is used up
          return other + weightedSum(run, residual(run, x!, sublayer!, sentences));
        },
      };
      const { elements, directions } = gradientErrors(workbench, subject);
      expect(Math.max(...elements, ...directions)).toBeLessThan(2e-5);
    },
  );

  it("drops at another place of the model by another mask", () => {
    workbench.arena.release();
    const run = new Computation(workbench, { dropout: everywhere(0.5) });
    const sentences = placeSentences(run, SENTENCES, KEY);
    const drop = () => {
      const [zeros, ones] = [run.tensor(6, 16), run.tensor(6, 16)];
      workbench.heap.floats(zeros.pointer, 96).fill(0);
      workbench.heap.floats(ones.pointer, 96).fill(1);
      return workbench.heap.floats(residual(run, zeros, ones, sentences).pointer, 96).slice();
    };
    const [first, second] = [drop(), drop()];
    expect(new Set([...first, ...second])).toEqual(new Set([0, 2]));
    expect(first).not.toEqual(second);
  });
});
