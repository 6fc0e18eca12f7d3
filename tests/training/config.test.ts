import { describe, expect, it } from "vitest";
import {
  BUNDLED_TRAINING,
  DEFAULT_TRAINING,
  type TrainingConfig,
  validateTrainingConfig,
} from "../../src/training/config.ts";
import { oneLine } from "../io/oneLine.ts";

const WHOLE = "It has to be a whole number of at least 1.";
const SEED = "It has to be a whole number from 0 to 4294967295.";
const RATE = "It has to be above 0 and at most 10.";
const SMOOTHING = "It has to be at least 0 and below 1.";
const CLIP = "It has to be at least 0, and 0 means no clipping.";

describe("validateTrainingConfig", () => {
  it.each<[Partial<TrainingConfig>, string]>([
    [{ batchTokens: 0 }, `batchTokens is 0. ${WHOLE}`],
    [{ batchTokens: 2.5 }, `batchTokens is 2.5. ${WHOLE}`],
    [{ maxSteps: -1 }, `maxSteps is -1. ${WHOLE}`],
    [{ maxEpochs: 0 }, `maxEpochs is 0. ${WHOLE}`],
    [{ warmupSteps: 0 }, `warmupSteps is 0. ${WHOLE}`],
    [{ logEvery: Number.NaN }, `logEvery is NaN. ${WHOLE}`],
    [{ validateEvery: 0.1 }, `validateEvery is 0.1. ${WHOLE}`],
    [{ saveEvery: Number.POSITIVE_INFINITY }, `saveEvery is Infinity. ${WHOLE}`],
    [{ seed: -1 }, `seed is -1. ${SEED}`],
    [{ seed: 0.5 }, `seed is 0.5. ${SEED}`],
    [{ seed: 2 ** 32 }, `seed is 4294967296. ${SEED}`],
    [{ learningRate: 0 }, `learningRate is 0. ${RATE}`],
    [{ learningRate: 10.5 }, `learningRate is 10.5. ${RATE}`],
    [{ learningRate: Number.NaN }, `learningRate is NaN. ${RATE}`],
    [{ labelSmoothing: 1 }, `labelSmoothing is 1. ${SMOOTHING}`],
    [{ labelSmoothing: -0.1 }, `labelSmoothing is -0.1. ${SMOOTHING}`],
    [{ clipNorm: -1 }, `clipNorm is -1. ${CLIP}`],
    [{ clipNorm: Number.NaN }, `clipNorm is NaN. ${CLIP}`],
    [{ maxSteps: null, maxEpochs: null }, "nothing says when to stop. Give maxSteps or maxEpochs."],
  ])("refuses %o", (change, message) => {
    const config = { ...DEFAULT_TRAINING, ...change };
    expect(oneLine(() => validateTrainingConfig(config))).toBe(message);
  });

  it.each<Partial<TrainingConfig>>([
    {},
    BUNDLED_TRAINING,
    { seed: 0 },
    { seed: 2 ** 32 - 1 },
    { maxSteps: 1, maxEpochs: null },
    { learningRate: 10, labelSmoothing: 0, clipNorm: 0, warmupSteps: 1, batchTokens: 1 },
  ])("takes %o and gives it back", (change) => {
    const config = { ...DEFAULT_TRAINING, ...change };
    expect(validateTrainingConfig(config)).toBe(config);
  });
});
