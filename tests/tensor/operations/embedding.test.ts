import { describe, expect, it } from "vitest";
import { fillSinusoids } from "../../../src/model/transformer.ts";
import { createRandom } from "../../../src/random.ts";
import { embedding } from "../../../src/tensor/operations/embedding.ts";
import { ENGINES, makeWorkbench, placeSentences } from "../../support/engine.ts";
import { type Differentiable, gradientErrors, randomMatrix, weightedSum } from "../centralDifferences.ts";

/** Words come again, within a sentence and across; 4 and 6 never come. */
const SENTENCES = [[3, 3, 1], [0], [5, 1, 2, 3]];
const KEY = { seed: 5, step: 9, firstSentence: 2 };

describe.each(ENGINES)("embedding, %s kernels", (engine) => {
  const workbench = makeWorkbench(engine);

  it.each([0, 0.3])(
    "sinusoidal positions, dropout %d: gradients within 2e-5 of central differences",
    (dropout) => {
      for (const dModel of [2, 6, 18]) {
        const pointer = workbench.heap.reserve(4 * 4 * dModel);
        fillSinusoids(workbench.heap.floats(pointer, 4 * dModel), dModel);
        const subject: Differentiable = {
          inputs: [],
          parameters: [randomMatrix(7, dModel, createRandom(dModel))],
          dropout,
          loss: (run, _, [table]) =>
            weightedSum(
              run,
              embedding(run, placeSentences(run, SENTENCES, KEY), table!, { learned: false, pointer }),
            ),
        };
        const { elements, directions } = gradientErrors(workbench, subject);
        expect(Math.max(...elements, ...directions)).toBeLessThan(2e-5);
      }
    },
  );

  it.each([0, 0.3])(
    "learned positions, dropout %d: gradients within 2e-5 of central differences",
    (dropout) => {
      for (const dModel of [1, 5, 18]) {
        const random = createRandom(dModel);
        const subject: Differentiable = {
          inputs: [],
          parameters: [randomMatrix(7, dModel, random), randomMatrix(3, dModel, random)],
          dropout,
          // The last sentence is longer than the table: its last two tokens share the last position.
          loss: (run, _, [words, table]) =>
            weightedSum(
              run,
              embedding(run, placeSentences(run, SENTENCES, KEY, 0, 2), words!, {
                learned: true,
                table: table!,
              }),
            ),
        };
        const { elements, directions } = gradientErrors(workbench, subject);
        expect(Math.max(...elements, ...directions)).toBeLessThan(2e-5);
      }
    },
  );
});
