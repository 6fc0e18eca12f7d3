import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readSafetensors } from "../../src/io/safetensors.ts";
import { at } from "../../src/kernels/kernels.ts";
import type { SpecialIds } from "../../src/model/batch.ts";
import { DEFAULT_MODEL, type ModelConfig } from "../../src/model/config.ts";
import { teacherForcedLoss } from "../../src/model/teacherForcing.ts";
import { Transformer } from "../../src/model/transformer.ts";
import { Computation } from "../../src/tensor/computation.ts";
import { sizeOf } from "../../src/tensor/tensor.ts";
import { ENGINES, makePairs, makeWorkbench, placeSentences, poisonScratch } from "../support/engine.ts";

// PyTorch's answers in 64 bits, rounded: see fixtures/variants/make_fixtures.py.
const FOLDER = fileURLToPath(new URL("../fixtures/variants/", import.meta.url));
const NAMES = readdirSync(FOLDER).flatMap((file) =>
  file.endsWith(".safetensors") ? file.slice(0, -".safetensors".length) : [],
);

/** What make_fixtures.py says about a variant beside its tensors. */
interface Fixture {
  readonly config: ModelConfig;
  readonly special: SpecialIds;
  readonly sources: readonly number[][];
  readonly targets: readonly number[][];
  readonly smoothing: number;
  readonly loss: number;
}

function largestDifference(x: Float32Array, y: Float32Array): number {
  expect(x.length).toBe(y.length);
  return x.reduce((most, value, i) => Math.max(most, Math.abs(value - y[i]!)), 0);
}

describe.each(ENGINES)("parity with PyTorch, %s kernels", (engine) => {
  const workbench = makeWorkbench(engine);
  const { heap } = workbench;

  it.each(NAMES)(
    "%s: parameters by name and shape, logits within 1e-5, loss within 2e-6, gradients within 5e-6",
    (name) => {
      const { tensors, metadata } = readSafetensors(`${FOLDER}${name}.safetensors`);
      const { config, special, sources, targets, smoothing, loss } = JSON.parse(metadata.fixture!) as Fixture;
      const stored = (tensor: string): Float32Array => tensors.get(tensor)!.data;
      const model = new Transformer({ ...DEFAULT_MODEL, ...config }, heap);
      const { parameters } = model;
      const named = [...tensors]
        .filter(([tensor]) => tensor.startsWith("parameter/"))
        .map(([tensor, { shape }]) => [tensor.slice("parameter/".length), shape] as const);
      expect(new Map(parameters.list.map((own) => [own.name, own.shape]))).toEqual(
        new Map<string, unknown>(named),
      );
      for (const parameter of parameters.list)
        parameters.values(parameter).set(stored(`parameter/${parameter.name}`));

      poisonScratch(workbench);
      workbench.packs.useVersion(++version);
      const inference = new Computation(workbench);
      const source = placeSentences(inference, sources);
      const read = targets.map((words) => [special.bosId, ...words]);
      const target = placeSentences(inference, read, undefined, 1);
      const logits = model.logits(inference, model.forward(inference, source, target));
      const ours = heap.floats(logits.pointer, sizeOf(logits)).slice();
      expect(largestDifference(ours, stored("logits"))).toBeLessThan(1e-5);

      const gradients = heap.reserve(4 * parameters.size);
      poisonScratch(workbench);
      const run = new Computation(workbench, { gradients });
      const batch = makePairs(workbench, sources, targets, special);
      const tokens = targets.flat().length + targets.length;
      const losses = teacherForcedLoss(model, run, batch, { smoothing, scale: 1 / tokens }).slice();
      run.tape!.backward();
      const mean = losses.reduce((sum, value, i) => (i % 3 === 0 ? sum + value : sum), 0) / tokens;
      expect(Math.abs(mean - loss)).toBeLessThan(2e-6);
      for (const { name: own, offset, rows, columns } of parameters.list) {
        const gradient = heap.floats(at(gradients, offset), rows * columns);
        expect(largestDifference(gradient, stored(`gradient/${own}`)), own).toBeLessThan(5e-6);
      }
    },
  );
});

/** Packed weights are kept for as long as they are told that weights are the same. */
let version = 0;
