import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readSafetensors, type Safetensors } from "../../src/io/safetensors.ts";
import { at, type Pointer } from "../../src/kernels/kernels.ts";
import type { SpecialIds } from "../../src/model/batch.ts";
import { DEFAULT_MODEL, type ModelConfig } from "../../src/model/config.ts";
import { teacherForcedLoss } from "../../src/model/teacherForcing.ts";
import { Transformer } from "../../src/model/transformer.ts";
import { Computation, type Workbench } from "../../src/tensor/computation.ts";
import { sizeOf } from "../../src/tensor/tensor.ts";
import { ENGINES, makePairs, makeWorkbench, placeSentences, poisonScratch } from "../support/engine.ts";

// PyTorch's answers in 64 bits, rounded; its own 32-bit answers are off by up to 1e-6 in logits and losses, 1e-7
// in gradients and 3e-7 in trained weights. See fixtures/parity/make_fixtures.py.
const VARIANTS = ["post-relu-sinusoidal-none", "pre-gelu-learned-decoder", "post-relu-sinusoidal-all"];

/** What make_fixtures.py says about a variant beside its tensors. */
interface Fixture {
  readonly config: Omit<ModelConfig, "attentionDropout" | "activationDropout">;
  readonly special: SpecialIds;
  readonly sources: readonly number[][];
  readonly targets: readonly number[][];
  readonly smoothing: number;
  readonly adam: {
    readonly rate: number;
    readonly beta1: number;
    readonly beta2: number;
    readonly epsilon: number;
  };
  readonly clipNorm: number;
  readonly loss: number;
  readonly stepLosses: readonly number[];
  readonly stepNorms: readonly number[];
}

function readFixture(variant: string): { readonly fixture: Fixture; readonly file: Safetensors } {
  const file = readSafetensors(
    fileURLToPath(new URL(`../fixtures/parity/${variant}.safetensors`, import.meta.url)),
  );
  return { fixture: JSON.parse(file.metadata.fixture!) as Fixture, file };
}

/** The tensor of a fixture under its name there, such as `gradient/encoder.norm.weight`. */
function stored({ tensors }: Safetensors, name: string): Float32Array {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new Error(`the fixture has no tensor ${name}`);
  return tensor.data;
}

/** The model of a fixture, with its weights. */
function buildModel(workbench: Workbench, { config }: Fixture, file: Safetensors): Transformer {
  const model = new Transformer({ ...DEFAULT_MODEL, ...config }, workbench.heap);
  for (const parameter of model.parameters.list) {
    model.parameters.values(parameter).set(stored(file, `parameter/${parameter.name}`));
  }
  return model;
}

/** Every target token's loss, and the gradients of their mean. */
function lossAndGradients(
  workbench: Workbench,
  model: Transformer,
  fixture: Fixture,
  gradients: Pointer,
): Float32Array {
  const { sources, targets, special, smoothing } = fixture;
  workbench.heap.floats(gradients, model.parameters.size).fill(0);
  poisonScratch(workbench);
  const run = new Computation(workbench, { gradients });
  const batch = makePairs(workbench, sources, targets, special);
  const scale = 1 / (targets.flat().length + targets.length);
  const losses = teacherForcedLoss(model, run, batch, { smoothing, scale }).slice();
  run.tape!.backward();
  return losses;
}

function meanLoss(losses: Float32Array): number {
  const smoothed = losses.filter((_, i) => i % 3 === 0);
  return smoothed.reduce((sum, loss) => sum + loss, 0) / smoothed.length;
}

function largestDifference(x: Float32Array, y: Float32Array): number {
  expect(x.length).toBe(y.length);
  return x.reduce((most, value, i) => Math.max(most, Math.abs(value - y[i]!)), 0);
}

/**
 * The bias of the keys adds the same to all scores of a query: its gradient is 0, and Adam makes steps of the
 * rounding errors in its place, here and there.
 */
function withoutKeyBias(name: string, values: Float32Array): Float32Array {
  if (!name.endsWith("in_proj_bias")) return values;
  const dModel = values.length / 3;
  return Float32Array.of(...values.subarray(0, dModel), ...values.subarray(2 * dModel));
}

describe.each(ENGINES)("parity with PyTorch's nn.Transformer, %s kernels", (engine) => {
  describe.each(VARIANTS)("%s", (variant) => {
    const { fixture, file } = readFixture(variant);
    const { sources, targets, special } = fixture;
    const workbench = makeWorkbench(engine);
    const model = buildModel(workbench, fixture, file);
    const { parameters } = model;
    const gradients = workbench.heap.reserve(4 * parameters.size);
    const labels = targets.flatMap((target) => [...target, special.eosId]);
    const logits = stored(file, "logits");
    const vocabulary = fixture.config.targetVocabSize;

    it("has the same parameters, by name and shape", () => {
      const named = [...file.tensors]
        .filter(([name]) => name.startsWith("parameter/"))
        .map(([name, { shape }]) => [name.slice("parameter/".length), shape]);
      expect(new Map(parameters.list.map(({ name, shape }) => [name, shape]))).toEqual(new Map(named as []));
    });

    it("a ragged batch has the logits of a padded and masked one, within 3e-6", () => {
      poisonScratch(workbench);
      const run = new Computation(workbench);
      const source = placeSentences(run, sources);
      const target = placeSentences(
        run,
        targets.map((words) => [special.bosId, ...words]),
        undefined,
        1,
      );
      const hidden = model.forward(run, source, target);
      const ours = model.logits(run, hidden);
      expect(largestDifference(workbench.heap.floats(ours.pointer, sizeOf(ours)), logits)).toBeLessThan(3e-6);
    });

    it("the loss with label smoothing agrees within 1e-6, -ln p of every token within 3e-6, and whether it is guessed", () => {
      const losses = lossAndGradients(workbench, model, fixture, gradients);
      expect(Math.abs(meanLoss(losses) - fixture.loss)).toBeLessThan(1e-6);
      for (const [t, label] of labels.entries()) {
        const row = Array.from(logits.subarray(t * vocabulary, (t + 1) * vocabulary));
        const logSum = Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0));
        expect(Math.abs(losses[3 * t + 1]! - (logSum - row[label]!))).toBeLessThan(3e-6);
        expect(losses[3 * t + 2]).toBe(row.indexOf(Math.max(...row)) === label ? 1 : 0);
      }
    });

    it("every gradient agrees within 1e-6", () => {
      lossAndGradients(workbench, model, fixture, gradients);
      for (const { name, offset, rows, columns } of parameters.list) {
        const ours = workbench.heap.floats(at(gradients, offset), rows * columns);
        expect(largestDifference(ours, stored(file, `gradient/${name}`)), name).toBeLessThan(1e-6);
      }
    });

    it("ten steps of Adam with clipping agree: losses and norms within 2e-6, last weights within 1e-6", () => {
      const { kernels, heap } = workbench;
      const { adam, clipNorm, stepLosses, stepNorms } = fixture;
      const { rate, beta1, beta2, epsilon } = adam;
      const [m, v] = [heap.reserve(4 * parameters.size), heap.reserve(4 * parameters.size)];
      for (const [i, expectedLoss] of stepLosses.entries()) {
        const loss = meanLoss(lossAndGradients(workbench, model, fixture, gradients));
        const norm = Math.sqrt(kernels.sumSquares(gradients, parameters.size));
        expect(Math.abs(loss - expectedLoss), `loss of step ${i + 1}`).toBeLessThan(2e-6);
        expect(Math.abs(norm - stepNorms[i]!), `norm of step ${i + 1}`).toBeLessThan(2e-6);
        kernels.adam(
          ...([parameters.pointer, gradients, m, v, parameters.size, rate / (1 - beta1 ** (i + 1))] as const),
          ...([beta1, beta2, epsilon, 1 / Math.sqrt(1 - beta2 ** (i + 1))] as const),
          Math.min(1, clipNorm / (norm + 1e-6)), // as torch.nn.utils.clip_grad_norm_
          0,
        );
      }
      for (const parameter of parameters.list) {
        const ours = withoutKeyBias(parameter.name, parameters.values(parameter));
        const expected = withoutKeyBias(parameter.name, stored(file, `trained/${parameter.name}`));
        expect(largestDifference(ours, expected), parameter.name).toBeLessThan(1e-6);
      }
    });
  });
});
