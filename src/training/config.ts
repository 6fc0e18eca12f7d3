import { XformerError } from "../errors.ts";

/** How a model is trained; with the data, a model configuration and this, a run is fully determined. */
export interface TrainingConfig {
  /** Where every random number starts: first weights, order of the sentences, dropout. */
  readonly seed: number;
  /** The most source tokens and the most target tokens in a step, ENDs included. */
  readonly batchTokens: number;
  /** Steps to train; the smaller of this and `maxEpochs` counts. */
  readonly maxSteps: number | null;
  /** Passes over the corpus. */
  readonly maxEpochs: number | null;
  /** The peak learning rate, reached after warm-up; null for the paper's dModel^-0.5 warmup^-0.5. */
  readonly learningRate: number | null;
  /** Steps over which the learning rate rises. */
  readonly warmupSteps: number;
  readonly labelSmoothing: number;
  /** The largest norm of the gradient; 0 for no clipping. */
  readonly clipNorm: number;
  /** Steps between two lines of the log. */
  readonly logEvery: number;
  /** Steps between two validations; null for once an epoch. */
  readonly validateEvery: number | null;
  /** Steps between two saves of the last state; null for at every validation. */
  readonly saveEvery: number | null;
}

/** What {@link TrainingConfig} is when nothing else is said. */
export const DEFAULT_TRAINING: TrainingConfig = {
  seed: 1,
  batchTokens: 512,
  maxSteps: null,
  maxEpochs: 20,
  learningRate: null,
  warmupSteps: 600,
  labelSmoothing: 0.1,
  clipNorm: 1,
  logEvery: 50,
  validateEvery: null,
  saveEvery: null,
};

/** What suits the bundled corpus better: enough for it, and done in about two minutes on two cores. */
export const BUNDLED_TRAINING = {
  maxEpochs: 8,
  learningRate: 0.002,
} as const satisfies Partial<TrainingConfig>;

const AT_LEAST_ONE = [
  "batchTokens",
  "maxSteps",
  "maxEpochs",
  "warmupSteps",
  "logEvery",
  "validateEvery",
  "saveEvery",
] as const;

/**
 * Checks that a run can be made of it.
 *
 * @throws XformerError CONFIG that names the field and what it has to be
 */
export function validateTrainingConfig(config: TrainingConfig): TrainingConfig {
  const wrong = (name: keyof TrainingConfig, hint: string): XformerError =>
    new XformerError("CONFIG", `${name} is ${config[name]}`, { hint });
  for (const name of AT_LEAST_ONE) {
    const value = config[name];
    if (value !== null && (!Number.isSafeInteger(value) || value < 1)) {
      throw wrong(name, "It has to be a whole number of at least 1.");
    }
  }
  if (!Number.isSafeInteger(config.seed) || config.seed < 0 || config.seed > 0xffff_ffff) {
    throw wrong("seed", "It has to be a whole number from 0 to 4294967295.");
  }
  if (config.maxSteps === null && config.maxEpochs === null) {
    throw new XformerError("CONFIG", "nothing says when to stop", { hint: "Give maxSteps or maxEpochs." });
  }
  if (config.learningRate !== null && !(config.learningRate > 0 && config.learningRate <= 10)) {
    throw wrong("learningRate", "It has to be above 0 and at most 10.");
  }
  if (!(config.labelSmoothing >= 0 && config.labelSmoothing < 1)) {
    throw wrong("labelSmoothing", "It has to be at least 0 and below 1.");
  }
  if (!(config.clipNorm >= 0)) throw wrong("clipNorm", "It has to be at least 0, and 0 means no clipping.");
  return config;
}
