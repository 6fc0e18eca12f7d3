import { fileURLToPath } from "node:url";
import { XformerError } from "../../errors.ts";
import { PRESETS, validateModelConfig } from "../../model/config.ts";
import { BUNDLED_TRAINING, DEFAULT_TRAINING, validateTrainingConfig } from "../config.ts";
import type { DataConfig, RunConfig } from "../runConfig.ts";
import { DEFAULT_TOKENIZER } from "../tokenizerConfig.ts";
import type { TrainOptions } from "../train.ts";
import { DEFAULT_DATA, DEFAULT_MODEL, DEFAULT_PRESET } from "./defaults.ts";
import { checkFields } from "./validate.ts";

/** The corpus that comes with the package, as a prefix without its split. */
const BUNDLED_CORPUS: string = fileURLToPath(new URL("../../../data/zh-en/", import.meta.url));

/**
 * Everything that determines a run: what was said, and for the rest the preset and the defaults.
 *
 * @throws XformerError CONFIG for a value that is out of range or does not fit the others
 */
export function resolveConfig(
  options: Pick<TrainOptions, "data" | "preset" | "model" | "tokenizer" | "training">,
): RunConfig {
  const data: DataConfig = { ...DEFAULT_DATA, ...(options.data ?? bundledData()) };
  const usual = { ...DEFAULT_TRAINING, ...(options.data === undefined ? BUNDLED_TRAINING : {}) };
  const config: RunConfig = {
    data,
    tokenizer: { ...DEFAULT_TOKENIZER, ...options.tokenizer },
    model: { ...DEFAULT_MODEL, ...PRESETS[options.preset ?? DEFAULT_PRESET], ...options.model },
    training: validateTrainingConfig({ ...usual, ...options.training }),
  };
  checkFields("tokenizer", config.tokenizer);
  // The vocabularies are not known yet; that they fit is checked again when they are.
  validateModelConfig({ ...config.model, sourceVocabSize: 1, targetVocabSize: 1 });
  refuseToWaitForNothing(config);
  return config;
}

function bundledData(): DataConfig {
  const [train, valid, test] = ["train", "valid", "test"].map((split) => `${BUNDLED_CORPUS}${split}`);
  return { train: train!, valid: valid!, test: test!, sourceLanguage: "zh", targetLanguage: "en" };
}

/** Without validation pairs nothing is ever better than before. */
function refuseToWaitForNothing({ data, training }: RunConfig): void {
  if (data.valid !== null) return;
  const waiting =
    training.patience !== null
      ? `patience is ${training.patience}`
      : training.schedule === "plateau"
        ? `schedule is "plateau"`
        : undefined;
  if (waiting === undefined) return;
  throw new XformerError("CONFIG", `${waiting}, but there are no validation pairs to improve on`, {
    hint: "Give valid too.",
  });
}
