import { DEFAULT_TRAINING, type SettledTraining } from "../../src/training/config.ts";

/** The usual settings of a run that is long, with targets of many words. */
export const SETTLED_TRAINING: SettledTraining = {
  ...DEFAULT_TRAINING,
  memory: null,
  warmupSteps: 600,
  metric: "bleu",
};
