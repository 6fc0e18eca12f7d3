import { describe, expect, it } from "vitest";
import { at, type Pointer } from "../../src/kernels/kernels.ts";
import type { ModelConfig } from "../../src/model/config.ts";
import { teacherForcedLoss } from "../../src/model/teacherForcing.ts";
import type { Transformer } from "../../src/model/transformer.ts";
import { createRandom } from "../../src/random.ts";
import { Computation, type Workbench } from "../../src/tensor/computation.ts";
import {
  everywhere,
  makeModel,
  makePairs,
  makeWorkbench,
  poisonScratch,
  randomSentences,
  SMALL_MODEL,
} from "../support/engine.ts";
import { BUILDS } from "../support/kernels.ts";
import { centralDifference, dot, movedLoss, unitVector } from "../tensor/centralDifferences.ts";

const KEY = { seed: 3, step: 4, firstSentence: 0 };
const SMOOTHING = 0.1;
/** What parameters are moved by: layer normalisation of six columns bends too much for more. */
const STEP = 0.01;

const random = createRandom(11);
const SOURCES = randomSentences([3, 1, 5], 11, random);
const TARGETS = randomSentences([4, 2, 0], 11, random);
const TARGET_TOKENS = 9; // END included

const VARIANTS = (["post", "pre"] as const).flatMap((norm) =>
  (["relu", "gelu"] as const).flatMap((activation) =>
    (["sinusoidal", "learned"] as const).flatMap((positions) =>
      (["none", "decoder", "all"] as const).map((tie) => ({ norm, activation, positions, tie })),
    ),
  ),
);

/**
 * Moves the feed-forward biases so far from 0 that no step of a difference takes a unit over the corner of ReLU:
 * half of the units are always on, the others always off.
 */
function awayFromCorners({ parameters }: Transformer): void {
  for (const parameter of parameters.list) {
    if (!parameter.name.endsWith("linear1.bias")) continue;
    parameters.values(parameter).forEach((_, i, bias) => {
      bias[i] = i % 2 === 0 ? 5 : -5;
    });
  }
}

/** Runs without a tape keep packed weights for as long as they are told that weights are the same. */
let weightsVersion = 0;

/** The mean loss of the pairs; with a gradient region, also its gradient there. */
function meanLoss(workbench: Workbench, model: Transformer, dropout: number, gradients?: Pointer): number {
  poisonScratch(workbench);
  workbench.packs.useVersion(++weightsVersion);
  const run = new Computation(workbench, { gradients, dropout: everywhere(dropout) });
  const options = { smoothing: SMOOTHING, scale: 1 / TARGET_TOKENS, dropout: KEY };
  const losses = teacherForcedLoss(model, run, makePairs(workbench, SOURCES, TARGETS), options);
  expect(losses.length).toBe(3 * TARGET_TOKENS);
  let sum = 0;
  for (let t = 0; t < TARGET_TOKENS; t++) sum += losses[3 * t]!;
  run.tape?.backward();
  return sum / TARGET_TOKENS;
}

describe.each(BUILDS)("the gradient of every parameter of the whole model, %s kernels", (engine) => {
  const workbench = makeWorkbench(engine);

  it.each(VARIANTS.map((variant) => [Object.values(variant).join(", "), variant] as const))(
    "%s: within 5e-5 of central differences along a random direction",
    (_, variant) => {
      const config: ModelConfig = { ...SMALL_MODEL, ...variant };
      const model = makeModel(workbench, config);
      if (variant.activation === "relu") awayFromCorners(model);
      const { parameters } = model;
      const gradients = workbench.heap.reserve(4 * parameters.size);
      for (const dropout of [0, 0.2]) {
        workbench.heap.floats(gradients, parameters.size).fill(0);
        meanLoss(workbench, model, dropout, gradients);
        for (const parameter of parameters.list) {
          const values = parameters.values(parameter);
          const gradient = workbench.heap.floats(at(gradients, parameter.offset), values.length);
          const along = unitVector(values.length, createRandom(parameter.offset));
          const loss = movedLoss(values, along, () => meanLoss(workbench, model, dropout));
          const error = Math.abs(centralDifference(loss, STEP) - dot(gradient, along));
          expect(error, parameter.name).toBeLessThan(5e-5);
        }
      }
    },
  );
});
