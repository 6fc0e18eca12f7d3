import { describe, expect, it } from "vitest";
import { createRandom } from "../../../src/random.ts";
import type { Computation } from "../../../src/tensor/computation.ts";
import { attention } from "../../../src/tensor/operations/attention.ts";
import type { Ragged, Tensor } from "../../../src/tensor/tensor.ts";
import { ENGINES, makeWorkbench, placeSentences } from "../../support/engine.ts";
import { type Differentiable, gradientErrors, randomMatrix, weightedSum } from "../centralDifferences.ts";

const KEY = { seed: 5, step: 9, firstSentence: 2 };
const DROPOUTS = [0, 0.3];
/** Heads and the width of each. */
const HEADS = [
  [1, 1],
  [2, 3],
  [3, 4],
  [4, 9],
] as const;

const zeros = (length: number): number[] => new Array<number>(length).fill(0);

function selfAttention(run: Computation, qkv: Tensor, sentences: Ragged, nHeads: number, causal: boolean): Tensor {
  const dModel = qkv.columns / 3;
  const columns = (part: number) => ({ tensor: qkv, first: part * dModel });
  return attention(run, columns(0), columns(1), columns(2), sentences, sentences, nHeads, dModel, causal);
}

function crossAttention(run: Computation, q: Tensor, kv: Tensor, queries: Ragged, keys: Ragged, nHeads: number): Tensor {
  const dModel = q.columns;
  const k = { tensor: kv, first: 0 };
  const v = { tensor: kv, first: dModel };
  return attention(run, { tensor: q, first: 0 }, k, v, queries, keys, nHeads, dModel, false);
}

describe.each(ENGINES)("attention, %s kernels", (engine) => {
  const workbench = makeWorkbench(engine);

  describe.each([true, false])("self-attention, causal: %s", (causal) => {
    it.each(HEADS)("%i heads of %i columns, ragged: gradients within 2e-5 of central differences", (nHeads, dHead) => {
      for (const dropout of DROPOUTS) {
        const subject: Differentiable = {
          inputs: [randomMatrix(9, 3 * nHeads * dHead, createRandom(nHeads, dHead), 1.5)],
          parameters: [],
          dropout,
          loss: (run, [qkv]) => {
            const sentences = placeSentences(run, [zeros(3), zeros(1), zeros(5)], KEY);
            return weightedSum(run, selfAttention(run, qkv!, sentences, nHeads, causal));
          },
        };
        const { elements, directions } = gradientErrors(workbench, subject, { every: nHeads * dHead > 12 ? 5 : 1 });
        expect(Math.max(...elements, ...directions)).toBeLessThan(2e-5);
      }
    });

    it("sentences of more than one block of queries: gradients within 2e-5 of central differences", () => {
      for (const dropout of DROPOUTS) {
        const subject: Differentiable = {
          inputs: [randomMatrix(154, 12, createRandom(1), 1.5)],
          parameters: [],
          dropout,
          loss: (run, [qkv]) => {
            const sentences = placeSentences(run, [zeros(101), zeros(4), zeros(49)], KEY);
            return weightedSum(run, selfAttention(run, qkv!, sentences, 2, causal));
          },
        };
        const { elements, directions } = gradientErrors(workbench, subject, { every: 197 });
        expect(Math.max(...elements, ...directions)).toBeLessThan(2e-5);
      }
    });
  });

  it.each(HEADS)(
    "cross-attention, %i heads of %i columns, ragged: gradients within 2e-5 of central differences",
    (nHeads, dHead) => {
      for (const dropout of DROPOUTS) {
        const random = createRandom(nHeads, dHead);
        const subject: Differentiable = {
          inputs: [
            randomMatrix(9, nHeads * dHead, random, 1.5),
            randomMatrix(8, 2 * nHeads * dHead, random, 1.5),
          ],
          parameters: [],
          dropout,
          loss: (run, [q, kv]) => {
            const queries = placeSentences(run, [zeros(4), zeros(1), zeros(4)], KEY, 1);
            const keys = placeSentences(run, [zeros(1), zeros(5), zeros(2)], KEY, 0);
            return weightedSum(run, crossAttention(run, q!, kv!, queries, keys, nHeads));
          },
        };
        const { elements, directions } = gradientErrors(workbench, subject, { every: nHeads * dHead > 12 ? 5 : 1 });
        expect(Math.max(...elements, ...directions)).toBeLessThan(2e-5);
      }
    },
  );
});
