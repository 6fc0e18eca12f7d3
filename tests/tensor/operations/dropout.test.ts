import { describe, expect, it } from "vitest";
import { createRandom } from "../../../src/random.ts";
import { Computation } from "../../../src/tensor/computation.ts";
import { activationDropout } from "../../../src/tensor/operations/dropout.ts";
import { linear } from "../../../src/tensor/operations/linear.ts";
import { residual } from "../../../src/tensor/operations/residual.ts";
import { ENGINES, everywhere, makeWorkbench, placeSentences } from "../../support/engine.ts";
import { gradientErrors, randomMatrix, weightedSum } from "../centralDifferences.ts";

const KEY = { seed: 3, step: 4, firstSentence: 0 };

describe.each(ENGINES)("dropout between the layers of a feed-forward network, %s kernels", (engine) => {
  const workbench = makeWorkbench(engine);

  it("gradients within 2e-5 of central differences, through a linear layer", () => {
    const random = createRandom(5);
    const errors = gradientErrors(workbench, {
      inputs: [randomMatrix(5, 7, random)],
      parameters: [randomMatrix(3, 7, random), randomMatrix(1, 3, random)],
      dropout: 0.3,
      loss: (run, [x], [weight, bias]) => {
        const ragged = placeSentences(
          workbench,
          [
            [1, 2],
            [3, 4, 5],
          ],
          KEY,
        );
        return weightedSum(run, activationDropout(run, linear(run, x!, weight!, bias), ragged));
      },
    });
    expect(Math.max(...errors.elements)).toBeLessThan(2e-5);
    workbench.arena.release();
  });

  it("an input that was read before gathers all gradients, within 2e-5 of central differences", () => {
    const random = createRandom(6);
    const sentences = [
      [1, 2],
      [3, 4, 5],
    ];
    const errors = gradientErrors(workbench, {
      inputs: [randomMatrix(5, 7, random)],
      parameters: [randomMatrix(3, 7, random)],
      dropout: 0.3,
      loss: (run, [x], [weight]) => {
        const ragged = placeSentences(workbench, sentences, KEY);
        const inner = linear(run, x!, weight!, undefined);
        // One reader gives its gradient before dropout does, the other after.
        const early = weightedSum(run, inner);
        const late = weightedSum(run, residual(run, inner, linear(run, x!, weight!, undefined), ragged));
        return early + late + weightedSum(run, activationDropout(run, inner, ragged));
      },
    });
    expect(Math.max(...errors.elements, ...errors.directions)).toBeLessThan(2e-5);
    workbench.arena.release();
  });

  it("without a probability, leaves its input alone but counts as a place", () => {
    const run = new Computation(workbench, { dropout: { ...everywhere(0.5), activation: 0 } });
    const ragged = placeSentences(workbench, [[1, 2]], KEY);
    const x = run.tensor(2, 4);
    expect(activationDropout(run, x, ragged)).toBe(x);
    expect(run.dropoutSites()).toBe(1);
    workbench.arena.release();
  });
});
