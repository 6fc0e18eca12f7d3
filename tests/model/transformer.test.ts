import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { at } from "../../src/kernels/kernels.ts";
import type { DropoutKey } from "../../src/model/batch.ts";
import type { ModelConfig } from "../../src/model/config.ts";
import { teacherForcedLoss } from "../../src/model/teacherForcing.ts";
import { Transformer } from "../../src/model/transformer.ts";
import { createRandom } from "../../src/random.ts";
import { Computation, type ComputationOptions } from "../../src/tensor/computation.ts";
import { Heap } from "../../src/tensor/heap.ts";
import { oneLine } from "../io/oneLine.ts";
import {
  everywhere,
  makeModel,
  makePairs,
  makeWorkbench,
  placeSentences,
  poisonScratch,
  randomSentences,
  SMALL_MODEL,
  smallModel,
} from "../support/engine.ts";
import { BUILDS, expectSameBits } from "../support/kernels.ts";

const VOCABULARY = 29;
const BOS = 1;

/** Widths past the blocks of the matrix product (256) and not multiples of its tiles. */
const CONFIG = smallModel(VOCABULARY, { dModel: 20, nHeads: 4, dFF: 270 });

const VARIANTS = [
  ["post-norm, ReLU, sinusoids", CONFIG],
  [
    "pre-norm, GELU, learned positions, tied",
    { ...CONFIG, norm: "pre", activation: "gelu", positions: "learned", tie: "all" },
  ],
] as const satisfies readonly (readonly [string, ModelConfig])[];

/** Lengths of sentences on both sides; above 48 attention works in more than one block. */
const anyLengths = fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 })), {
  minLength: 2,
  maxLength: 5,
});

describe.each(BUILDS)("Transformer, %s kernels", (engine) => {
  const workbench = makeWorkbench(engine);
  const gradients = workbench.heap.reserve(2 ** 20);

  describe.each(VARIANTS)("%s", (_, config) => {
    const model = makeModel(workbench, config);

    /** Logits of every target token, a row for each: [sentence][token][vocabulary]. */
    function logitsOf(
      sources: readonly number[][],
      targets: readonly number[][],
      options: ComputationOptions = {},
      key?: DropoutKey,
    ): Float32Array[][] {
      poisonScratch(workbench);
      const run = new Computation(workbench, options);
      const source = placeSentences(run, sources, key, 0, model.maxPosition);
      const target = placeSentences(run, targets, key, 1, model.maxPosition);
      const logits = model.logits(run, model.forward(run, source, target));
      let next = logits.pointer;
      return targets.map((sentence) =>
        sentence.map(() => {
          const row = workbench.heap.floats(next, VOCABULARY).slice();
          next = at(next, VOCABULARY);
          return row;
        }),
      );
    }

    it("a future target token never changes an earlier logit, bit for bit", () => {
      fc.assert(
        fc.property(anyLengths, fc.nat(), fc.nat(), (lengths, seed, where) => {
          const random = createRandom(seed);
          const sources = randomSentences(
            lengths.map(([length]) => length),
            VOCABULARY,
            random,
          );
          const targets = randomSentences(
            lengths.map(([, length]) => length),
            VOCABULARY,
            random,
          );
          const changedSentence = where % targets.length;
          const changedToken = (where >>> 8) % targets[changedSentence]!.length;
          const changed = targets.map((sentence, b) =>
            sentence.map((id, t) =>
              b === changedSentence && t >= changedToken ? (id + 1) % VOCABULARY : id,
            ),
          );
          const before = logitsOf(sources, targets);
          const after = logitsOf(sources, changed);
          before.forEach((sentence, b) => {
            sentence.forEach((row, t) => {
              if (b !== changedSentence || t < changedToken) expectSameBits(after[b]![t]!, row);
              else expect(after[b]![t]).not.toEqual(row);
            });
          });
        }),
        { numRuns: 15, seed: 1 },
      );
    });

    it("a target cut short has the logits of the whole one, bit for bit", () => {
      const random = createRandom(2);
      const sources = randomSentences([7, 50], VOCABULARY, random);
      const targets = randomSentences([60, 55], VOCABULARY, random);
      const whole = logitsOf(sources, targets);
      for (const length of [1, 2, 7, 48, 49, 54]) {
        const cut = logitsOf(
          sources,
          targets.map((target) => target.slice(0, length)),
        );
        cut.forEach((sentence, b) => {
          sentence.forEach((row, t) => {
            expectSameBits(row, whole[b]![t]!);
          });
        });
      }
    });

    it("a sentence's logits depend neither on its neighbours nor on its place in the batch, bit for bit", () => {
      fc.assert(
        fc.property(anyLengths, fc.nat(), (lengths, seed) => {
          const random = createRandom(seed);
          const sources = randomSentences(
            lengths.map(([length]) => length),
            VOCABULARY,
            random,
          );
          const targets = randomSentences(
            lengths.map(([, length]) => length),
            VOCABULARY,
            random,
          );
          const together = logitsOf(sources, targets);
          const turned = logitsOf([...sources].reverse(), [...targets].reverse()).reverse();
          together.forEach((sentence, b) => {
            const [alone] = logitsOf([sources[b]!], [targets[b]!]);
            sentence.forEach((row, t) => {
              expectSameBits(alone![t]!, row);
              expectSameBits(turned[b]![t]!, row);
            });
          });
        }),
        { numRuns: 15, seed: 1 },
      );
    });

    it("with dropout, a sentence depends on its number in the step only, bit for bit", () => {
      const random = createRandom(4);
      const sources = randomSentences([3, 50, 1, 9], VOCABULARY, random);
      const targets = randomSentences([55, 2, 8, 1], VOCABULARY, random);
      const key = { seed: 7, step: 3, firstSentence: 10 };
      const together = logitsOf(sources, targets, { dropout: everywhere(0.3) }, key);
      together.forEach((sentence, b) => {
        const [alone] = logitsOf(
          [sources[b]!],
          [targets[b]!],
          { dropout: everywhere(0.3) },
          { ...key, firstSentence: 10 + b },
        );
        sentence.forEach((row, t) => {
          expectSameBits(alone![t]!, row);
        });
        const [otherStep] = logitsOf(
          [sources[b]!],
          [targets[b]!],
          { dropout: everywhere(0.3) },
          { ...key, step: 4 },
        );
        expect(otherStep).not.toEqual(alone);
      });
    });

    it("every source token counts, and none of another sentence", () => {
      const random = createRandom(5);
      const sources = randomSentences([4, 3], VOCABULARY, random);
      const targets = randomSentences([5, 6], VOCABULARY, random);
      const before = logitsOf(sources, targets);
      for (let t = 0; t < 4; t++) {
        const changed = [sources[0]!.map((id, i) => (i === t ? (id + 1) % VOCABULARY : id)), sources[1]!];
        const after = logitsOf(changed, targets);
        before[0]!.forEach((row, i) => {
          expect(after[0]![i]).not.toEqual(row);
        });
        before[1]!.forEach((row, i) => {
          expectSameBits(after[1]![i]!, row);
        });
      }
    });

    it("a run that records for backward computes the same, bit for bit", () => {
      const random = createRandom(6);
      const sources = randomSentences([4, 30], VOCABULARY, random);
      const targets = randomSentences([50, 6], VOCABULARY, random);
      const recorded = logitsOf(sources, targets, { gradients });
      logitsOf(sources, targets).forEach((sentence, b) => {
        sentence.forEach((row, t) => {
          expectSameBits(recorded[b]![t]!, row);
        });
      });
    });

    it("takes sentences longer than maxLength, which leave the short ones as they were, bit for bit", () => {
      const short = logitsOf([[3, 4]], [[BOS, 5]])[0]!;
      const long = new Array<number>(10 * config.maxLength).fill(6);
      const [longest] = logitsOf([long], [long]);
      expect(longest!.every((row) => row.every(Number.isFinite))).toBe(true);
      logitsOf([[3, 4]], [[BOS, 5]])[0]!.forEach((row, t) => {
        expectSameBits(row, short[t]!);
      });
    });

    it("without words, teacher forcing predicts END from BEGIN, and two runs agree bit for bit", () => {
      const losses = () => {
        poisonScratch(workbench);
        const run = new Computation(workbench);
        const pairs = makePairs(workbench, [[2], [2]], [[], [4]], { bosId: BOS, eosId: 2 });
        return teacherForcedLoss(model, run, pairs, { smoothing: 0, scale: 1 }).slice();
      };
      const rows = logitsOf([[2], [2]], [[BOS], [BOS, 4]]).flat();
      const labels = [2, 4, 2];
      const first = losses();
      expect(first.length).toBe(9);
      expectSameBits(losses(), first);
      rows.forEach((row, t) => {
        const logSum = Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0));
        expect(first[3 * t]).toBeCloseTo(logSum - row[labels[t]!]!, 5);
        expect(first[3 * t + 1]).toBe(first[3 * t]);
        expect(first[3 * t + 2]).toBe(row.indexOf(Math.max(...row)) === labels[t] ? 1 : 0);
      });
    });
  });
});

describe("Transformer", () => {
  it("refuses sizes that do not fit together", () => {
    expect(oneLine(() => new Transformer({ ...SMALL_MODEL, nHeads: 4 }, Heap.shared()))).toBe(
      "dModel 6 cannot be split into 4 heads. Choose a dModel that is a multiple of nHeads.",
    );
  });
});
