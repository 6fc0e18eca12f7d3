import { describe, expect, it } from "vitest";
import { createRandom } from "../../../src/random.ts";
import { layerNorm, residualNorm } from "../../../src/tensor/operations/layerNorm.ts";
import { residual } from "../../../src/tensor/operations/residual.ts";
import { ENGINES, makeWorkbench, placeSentences } from "../../support/engine.ts";
import { type Differentiable, gradientErrors, randomMatrix, weightedSum } from "../centralDifferences.ts";

describe.each(ENGINES)("layerNorm, %s kernels", (engine) => {
  const workbench = makeWorkbench(engine);

  it.each([1, 3, 7, 16, 21])("%i columns: gradients within 3e-5 of central differences", (columns) => {
    const random = createRandom(columns);
    const subject: Differentiable = {
      inputs: [randomMatrix(5, columns, random, 3)],
      parameters: [randomMatrix(1, columns, random), randomMatrix(1, columns, random)],
      loss: (run, [x], [gamma, beta]) => weightedSum(run, layerNorm(run, x!, gamma!, beta!)),
    };
    const { elements, directions } = gradientErrors(workbench, subject);
    expect(Math.max(...elements, ...directions)).toBeLessThan(3e-5);
  });

  it("adds to the gradient of an input with another reader, within 3e-5 of central differences", () => {
    const random = createRandom(8);
    const subject: Differentiable = {
      inputs: [randomMatrix(5, 8, random, 3)],
      parameters: [randomMatrix(1, 8, random), randomMatrix(1, 8, random)],
      loss: (run, [x], [gamma, beta]) => {
        const sentences = placeSentences(run, [[0], [0, 0, 0, 0]]);
        return weightedSum(run, residual(run, x!, layerNorm(run, x!, gamma!, beta!), sentences));
      },
    };
    const { elements, directions } = gradientErrors(workbench, subject);
    expect(Math.max(...elements, ...directions)).toBeLessThan(3e-5);
  });
});

describe.each(ENGINES)("residualNorm, %s kernels", (engine) => {
  const workbench = makeWorkbench(engine);

  it.each([0, 0.3])(
    "dropout %d: gradients within 3e-5 of central differences, of an input read twice too",
    (dropout) => {
      for (const columns of [3, 8, 21]) {
        const random = createRandom(columns);
        const subject: Differentiable = {
          inputs: [randomMatrix(5, columns, random, 3), randomMatrix(5, columns, random, 3)],
          parameters: [randomMatrix(1, columns, random), randomMatrix(1, columns, random)],
          dropout,
          loss: (run, [x, sublayer], [gamma, beta]) => {
            const sentences = placeSentences(run, [[0], [0, 0, 0, 0]], {
              seed: 5,
              step: 9,
              firstSentence: 2,
            });
            const y = residualNorm(run, x!, sublayer!, gamma!, beta!, sentences);
            return weightedSum(run, residual(run, x!, y, sentences));
          },
        };
        const { elements, directions } = gradientErrors(workbench, subject);
        expect(Math.max(...elements, ...directions)).toBeLessThan(3e-5);
      }
    },
  );

  it.each([0, 0.3])(
    "dropout %d: adds to the gradient of a sublayer with another reader, within 3e-5 of central differences",
    (dropout) => {
      const random = createRandom(9);
      const subject: Differentiable = {
        inputs: [randomMatrix(5, 8, random, 3), randomMatrix(5, 8, random, 3)],
        parameters: [randomMatrix(1, 8, random), randomMatrix(1, 8, random)],
        dropout,
        loss: (run, [x, sublayer], [gamma, beta]) => {
          const sentences = placeSentences(run, [[0], [0, 0, 0, 0]], { seed: 5, step: 9, firstSentence: 2 });
          const other = weightedSum(run, sublayer!); // before it is used up
          return other + weightedSum(run, residualNorm(run, x!, sublayer!, gamma!, beta!, sentences));
        },
      };
      const { elements, directions } = gradientErrors(workbench, subject);
      expect(Math.max(...elements, ...directions)).toBeLessThan(3e-5);
    },
  );
});
