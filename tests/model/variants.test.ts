import { describe, expect, it } from "vitest";
import { DecodingSession } from "../../src/decoding/session.ts";
import { at, type Pointer } from "../../src/kernels/kernels.ts";
import { storedModel, wholeModel } from "../../src/model/config.ts";
import { teacherForcedLoss } from "../../src/model/teacherForcing.ts";
import { ATTENTION_KINDS, attentionName, headTrace, trace } from "../../src/model/trace.ts";
import type { Transformer } from "../../src/model/transformer.ts";
import { createRandom } from "../../src/random.ts";
import { Computation, type Workbench } from "../../src/tensor/computation.ts";
import {
  concatenate,
  everywhere,
  makeModel,
  makePairs,
  makeWorkbench,
  placeSentences,
  poisonScratch,
  randomSentences,
  smallModel,
} from "../support/engine.ts";
import { expectSameBits } from "../support/kernels.ts";
import { VARIANTS } from "../support/variants.ts";
import { centralDifference, dot, movedLoss, unitVector } from "../tensor/centralDifferences.ts";

// What has to hold of every kind there is; tests/model/variantParity.test.ts holds them to PyTorch.

const VOCABULARY = 13;
const CONFIG = smallModel(VOCABULARY, { dModel: 16, nHeads: 4, dFF: 9, maxLength: 50 });
const KEY = { seed: 3, step: 4, firstSentence: 0 };
const random = createRandom(11);
const SOURCES = randomSentences([3, 1, 5], VOCABULARY, random);
const TARGETS = randomSentences([4, 2, 0], VOCABULARY, random);
const TARGET_TOKENS = 9; // END included
/** Past the caches' first 32 positions, and past the last distance that counts for itself. */
const LENGTHS = [33, 1, 35];

let weightsVersion = 0;

/** Moves the biases in front of ReLU away from 0, so that no step of a difference takes a unit over its corner. */
function awayFromCorners({ parameters }: Transformer): void {
  for (const parameter of parameters.list) {
    if (!/(linear1|score_queries)\.bias$/.test(parameter.name)) continue;
    parameters.values(parameter).forEach((_, i, bias) => {
      bias[i] = i % 2 === 0 ? 5 : -5;
    });
  }
}

function meanLoss(workbench: Workbench, model: Transformer, dropout: number, gradients?: Pointer): number {
  poisonScratch(workbench);
  workbench.packs.useVersion(++weightsVersion);
  const run = new Computation(workbench, { gradients, dropout: everywhere(dropout) });
  const options = { smoothing: 0.1, scale: 1 / TARGET_TOKENS, dropout: KEY };
  const losses = teacherForcedLoss(model, run, makePairs(workbench, SOURCES, TARGETS), options);
  let sum = 0;
  for (let t = 0; t < TARGET_TOKENS; t++) sum += losses[3 * t]!;
  run.tape?.backward();
  return sum / TARGET_TOKENS;
}

/** The logits of every target token at once, as in training: [sentence][token][V]. */
function logitsOf(
  workbench: Workbench,
  model: Transformer,
  sources: readonly number[][],
  targets: readonly number[][],
): Float32Array[][] {
  poisonScratch(workbench);
  const run = new Computation(workbench);
  const source = placeSentences(run, sources, undefined, 0, model.maxPosition);
  const target = placeSentences(run, targets, undefined, 1, model.maxPosition);
  const logits = model.logits(run, model.forward(run, source, target));
  let row = 0;
  return targets.map((sentence) =>
    sentence.map(() => workbench.heap.floats(at(logits.pointer, VOCABULARY * row++), VOCABULARY).slice()),
  );
}

describe("a variant of the model", () => {
  const workbench = makeWorkbench("relaxed");

  describe.each(Object.entries(VARIANTS))("%s", (_, changes) => {
    const config = { ...CONFIG, ...changes };
    const model = makeModel(workbench, config);
    const { parameters } = model;

    it("the gradient of every parameter is within 5e-5 of central differences along a random direction, of a loss above 1 in proportion", () => {
      const layers = config.shareLayers ? 2 : 1;
      const subject = makeModel(workbench, { ...config, nEncoderLayers: layers, nDecoderLayers: layers });
      if (config.activation === "relu") awayFromCorners(subject);
      const gradients = workbench.heap.reserve(4 * subject.parameters.size);
      const dropout = 0.2; // without any, PyTorch says what gradients are
      workbench.heap.floats(gradients, subject.parameters.size).fill(0);
      const whole = meanLoss(workbench, subject, dropout, gradients);
      for (const parameter of subject.parameters.list) {
        const values = subject.parameters.values(parameter);
        const gradient = workbench.heap.floats(at(gradients, parameter.offset), values.length);
        const along = unitVector(values.length, createRandom(parameter.offset));
        const loss = movedLoss(values, along, () => meanLoss(workbench, subject, dropout));
        const error = Math.abs(centralDifference(loss, 0.01) - dot(gradient, along));
        expect(error, parameter.name).toBeLessThan(5e-5 * Math.max(1, whole));
      }
    });

    it("a token at a time, over a cache, the logits are those of teacher forcing, bit for bit", () => {
      const sources = randomSentences([9, 60, 1], VOCABULARY, createRandom(1));
      const targets = randomSentences(LENGTHS, VOCABULARY, createRandom(2));
      const expected = logitsOf(workbench, model, sources, targets);
      poisonScratch(workbench, 2 ** 18);
      const session = new DecodingSession(model, workbench, concatenate(workbench, sources));
      for (let t = 0; t < Math.max(...LENGTHS); t++) {
        const open = [...targets.keys()].filter((b) => t < targets[b]!.length);
        const ids = Int32Array.from(open, (b) => targets[b]![t]!);
        session.step(Int32Array.from(open), ids, ({ pointer, columns }) => {
          for (const [i, b] of open.entries())
            expectSameBits(workbench.heap.floats(at(pointer, i * columns), columns), expected[b]![t]!);
        });
      }
      session.close();
    });

    it("a hypothesis that forks goes on from where the other stands, bit for bit", () => {
      const [source, target] = [
        [3, 4, 5, 2],
        [1, 6, 7, 8, 9],
      ];
      const [expected] = logitsOf(workbench, model, [source], [target]);
      poisonScratch(workbench);
      const session = new DecodingSession(model, workbench, concatenate(workbench, [source]), 3);
      const take = (slots: number[], ids: number[], row: number) =>
        session.step(Int32Array.from(slots), Int32Array.from(ids), ({ pointer, columns }) => {
          for (const [i, id] of ids.entries())
            if (id === target[row])
              expectSameBits(workbench.heap.floats(at(pointer, i * columns), columns), expected![row]!);
        });
      take([0], [target[0]!], 0);
      session.fork(0, 2);
      take([0, 2], [5, target[1]!], 1);
      session.fork(2, 1);
      take([0, 1, 2], [5, target[2]!, 10], 2);
      session.close();
    });

    it("a future target token changes no earlier logit, a neighbour none at all, bit for bit", () => {
      const sources = randomSentences([4, 7], VOCABULARY, createRandom(3));
      const targets = randomSentences([20, 6], VOCABULARY, createRandom(4));
      const before = logitsOf(workbench, model, sources, targets);
      const changed = [targets[0]!.map((id, t) => (t < 9 ? id : (id + 1) % VOCABULARY)), targets[1]!];
      const after = logitsOf(workbench, model, sources, changed);
      before[0]!.slice(0, 9).forEach((row, t) => {
        expectSameBits(after[0]![t]!, row);
      });
      expect(after[0]![9]).not.toEqual(before[0]![9]);
      const [alone] = logitsOf(workbench, model, [sources[1]!], [targets[1]!]);
      before[1]!.forEach((row, t) => {
        expectSameBits(after[1]![t]!, row);
        expectSameBits(alone![t]!, row);
      });
    });

    it("the attention of a trace, times V, is what W_O reads, within 1e-5", () => {
      const values = trace(model, workbench, makePairs(workbench, [[3, 4, 5, 2]], [[6, 7, 8, 9, 10]]));
      const layers = { encoder: config.nEncoderLayers, decoder: config.nDecoderLayers };
      for (const kind of ATTENTION_KINDS)
        for (let layer = 0; layer < layers[kind === "encoder" ? kind : "decoder"]; layer++)
          for (let head = 0; head < config.nHeads; head++) {
            const heads = values.get(`${attentionName(kind, layer)}heads`)!;
            const { weights, v, scores } = headTrace(values, config, kind, layer, head);
            expect([scores.rows, scores.columns]).toEqual([weights.rows, weights.columns]);
            expect(v.rows).toBe(weights.columns);
            for (let i = 0; i < weights.rows; i++) {
              const row = weights.values.subarray(i * weights.columns, (i + 1) * weights.columns);
              expect(row.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5);
              for (let d = 0; d < v.columns; d++) {
                const mixed = row.reduce((sum, weight, j) => sum + weight * v.values[j * v.columns + d]!, 0);
                expect(mixed).toBeCloseTo(heads.values[i * heads.columns + head * v.columns + d]!, 5);
              }
            }
          }
    });

    it("a checkpoint says what it is, and nothing of what is as usual", () => {
      const stored = JSON.parse(JSON.stringify(storedModel(config)));
      expect(wholeModel(stored)).toEqual(config);
      expect(stored).toMatchObject(changes);
      expect(parameters.list.length).toBeGreaterThan(0);
    });
  });
});

it("the paper's model has no field in a checkpoint that came later", () => {
  expect(Object.keys(storedModel(CONFIG))).toEqual([
    ...["dModel", "nHeads", "dFF", "nEncoderLayers", "nDecoderLayers"],
    ...["norm", "activation", "positions", "tie", "dropout", "attentionDropout", "activationDropout"],
    ...["maxLength", "sourceVocabSize", "targetVocabSize"],
  ]);
  expect(wholeModel(storedModel(CONFIG))).toEqual(CONFIG);
});
