import { describe, expect, it } from "vitest";
import { at } from "../../../src/kernels/kernels.ts";
import { createRandom } from "../../../src/random.ts";
import { Computation } from "../../../src/tensor/computation.ts";
import { attention, cachedAttention } from "../../../src/tensor/operations/attention.ts";
import { type Ragged, sizeOf, type Tensor } from "../../../src/tensor/tensor.ts";
import { ENGINES, everywhere, makeWorkbench, placeSentences, poisonScratch } from "../../support/engine.ts";
import { expectSameBits } from "../../support/kernels.ts";
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

function selfAttention(
  run: Computation,
  qkv: Tensor,
  sentences: Ragged,
  nHeads: number,
  causal: boolean,
): Tensor {
  const dModel = qkv.columns / 3;
  const columns = (part: number) => ({ tensor: qkv, first: part * dModel });
  const projections = { q: columns(0), k: columns(1), v: columns(2) };
  return attention(run, projections, sentences, sentences, { nHeads, dModel }, causal);
}

function crossAttention(
  run: Computation,
  q: Tensor,
  kv: Tensor,
  queries: Ragged,
  keys: Ragged,
  nHeads: number,
): Tensor {
  const dModel = q.columns;
  const k = { tensor: kv, first: 0 };
  const v = { tensor: kv, first: dModel };
  return attention(run, { q: { tensor: q, first: 0 }, k, v }, queries, keys, { nHeads, dModel }, false);
}

describe.each(ENGINES)("attention, %s kernels", (engine) => {
  const workbench = makeWorkbench(engine);

  describe.each([true, false])("self-attention, causal: %s", (causal) => {
    it.each(HEADS)(
      "%i heads of %i columns, ragged: gradients within 2e-5 of central differences",
      (nHeads, dHead) => {
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
          const { elements, directions } = gradientErrors(workbench, subject, {
            every: nHeads * dHead > 6 ? 7 : 1,
          });
          expect(Math.max(...elements, ...directions)).toBeLessThan(2e-5);
        }
      },
    );

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
        const { elements, directions } = gradientErrors(workbench, subject, {
          every: nHeads * dHead > 6 ? 7 : 1,
        });
        expect(Math.max(...elements, ...directions)).toBeLessThan(2e-5);
      }
    },
  );

  it.each(DROPOUTS)(
    "dropout %d: adds to the gradients of projections with another reader, within 2e-5 of central differences",
    (dropout) => {
      const random = createRandom(6);
      const whole: Differentiable = {
        inputs: [randomMatrix(9, 18, random, 1.5)],
        parameters: [],
        dropout,
        loss: (run, [qkv]) => {
          const sentences = placeSentences(run, [zeros(3), zeros(1), zeros(5)], KEY);
          const other = weightedSum(run, qkv!);
          return other + weightedSum(run, selfAttention(run, qkv!, sentences, 2, true));
        },
      };
      const apart: Differentiable = {
        inputs: [randomMatrix(9, 6, random, 1.5), randomMatrix(8, 12, random, 1.5)],
        parameters: [],
        dropout,
        loss: (run, [q, kv]) => {
          const queries = placeSentences(run, [zeros(4), zeros(1), zeros(4)], KEY, 1);
          const keys = placeSentences(run, [zeros(1), zeros(5), zeros(2)], KEY, 0);
          // Twice over the same keys and values, and the second time with queries that have gradients already.
          const first = weightedSum(run, crossAttention(run, q!, kv!, queries, keys, 2));
          return first + weightedSum(run, crossAttention(run, q!, kv!, queries, keys, 3));
        },
      };
      for (const subject of [whole, apart]) {
        const { elements, directions } = gradientErrors(workbench, subject);
        expect(Math.max(...elements, ...directions)).toBeLessThan(2e-5);
      }
    },
  );

  it("each head has a dropout mask of its own, and none is that of the next place in the model", () => {
    workbench.arena.release();
    const run = new Computation(workbench, { dropout: everywhere(0.5) });
    const sentences = placeSentences(run, [zeros(32)], KEY);
    const qkv = run.tensor(32, 12);
    // Without queries all weights are 1 / 32, and with values of 1 the result counts the keys that stay.
    workbench.heap.floats(qkv.pointer, 32 * 12).forEach((_, i, all) => {
      all[i] = i % 12 < 8 ? 0 : 1;
    });
    const out = workbench.heap.floats(selfAttention(run, qkv, sentences, 4, false).pointer, 32 * 4);
    const heads = [0, 1, 2, 3].map((h) => String(out.filter((_, i) => i % 4 === h)));
    expect(new Set(heads).size).toBe(4);
    expect(run.dropoutSites()).toBe(4);
  });

  it("over a cache with gaps: the same as over sentences without, bit for bit, and the weights that give it", () => {
    const [dModel, nHeads, dHead] = [12, 3, 4];
    const random = createRandom(9);
    const [queryLengths, keyLengths, starts] = [
      [2, 1, 3],
      [4, 7, 1],
      [3, 10, 20],
    ] as const;
    const [q, kv] = [randomMatrix(6, dModel, random, 2), randomMatrix(12, 2 * dModel, random, 2)];
    poisonScratch(workbench);
    const run = new Computation(workbench);
    const queries = placeSentences(run, queryLengths.map(zeros));
    const keys = placeSentences(run, keyLengths.map(zeros));
    const [qTensor, kvTensor, cache] = [
      run.tensor(6, dModel),
      run.tensor(12, 2 * dModel),
      run.tensor(24, 2 * dModel),
    ];
    const { heap, arena } = workbench;
    heap.floats(qTensor.pointer, q.values.length).set(q.values);
    heap.floats(kvTensor.pointer, kv.values.length).set(kv.values);
    const cached = heap.floats(cache.pointer, sizeOf(cache)).fill(Number.NaN);
    const range = [arena.allocate(3), arena.allocate(3)] as const;
    const offsets = heap.integers(keys.offsets, 4);
    for (const [b, start] of starts.entries()) {
      cached.set(
        kv.values.subarray(offsets[b]! * 2 * dModel, offsets[b + 1]! * 2 * dModel),
        start * 2 * dModel,
      );
      heap.integers(range[0], 3)[b] = start;
      heap.integers(range[1], 3)[b] = start + keyLengths[b]!;
    }
    const weights = arena.allocate(nHeads * (2 * 4 + 1 * 7 + 3 * 1));
    const place = { starts: range[0], ends: range[1], longest: 7 };
    const columns = { tensor: qTensor, first: 0 };
    const parts = { k: { tensor: cache, first: 0 }, v: { tensor: cache, first: dModel } };
    const ours = cachedAttention(run, columns, parts, queries, place, { nHeads, dModel }, weights);
    const out = heap.floats(ours.pointer, sizeOf(ours));
    const expected = crossAttention(run, qTensor, kvTensor, queries, keys, nHeads);
    expectSameBits(out, heap.floats(expected.pointer, sizeOf(expected)));

    let next = weights;
    let row = 0;
    for (const [b, length] of queryLengths.entries()) {
      for (let h = 0; h < nHeads; h++) {
        for (let i = 0; i < length; i++, next = at(next, keyLengths[b]!)) {
          const w = heap.floats(next, keyLengths[b]!);
          expect(w.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 6);
          for (let column = h * dHead; column < (h + 1) * dHead; column++) {
            const value = (j: number) => kv.values[(offsets[b]! + j) * 2 * dModel + dModel + column]!;
            const sum = w.reduce((total, x, j) => total + x * value(j), 0);
            expect(out[(row + i) * dModel + column]).toBeCloseTo(sum, 5);
          }
        }
      }
      row += length;
    }
  });
});
