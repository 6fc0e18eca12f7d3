import type { ModelConfig, PresetName } from "../../model/config.ts";
import type { Value } from "../../valueType.ts";
import { DEFAULT_TRAINING } from "../config.ts";
import type { DataConfig, RunConfig } from "../runConfig.ts";
import { DEFAULT_TOKENIZER } from "../tokenizerConfig.ts";
import type { Setting } from "./setting.ts";
import { valueIn } from "./values.ts";

/** The preset where none is named. */
export const DEFAULT_PRESET: PresetName = "small";

/** What the data are when only the path of the training pairs is said. */
export const DEFAULT_DATA: Omit<DataConfig, "train"> = {
  valid: null,
  test: null,
  sourceLanguage: "",
  targetLanguage: "",
};

/** What a model is beside the sizes of its preset. */
export const DEFAULT_MODEL = {
  norm: "post",
  activation: "relu",
  positions: "sinusoidal",
  tie: "decoder",
  maxLength: 256,
  attentionDropout: null,
  activationDropout: 0,
} as const satisfies Partial<ModelConfig>;

/** What a setting is when nothing else is said; undefined for one that has no such value. */
export function defaultOf(setting: Setting): Value | undefined {
  if (setting.key === "preset") return DEFAULT_PRESET;
  if (setting.section === "run") return null;
  return valueIn(DEFAULTS, setting);
}

/** What is left out is decided by the preset or the corpus. */
const DEFAULTS: { readonly [S in keyof RunConfig]: Partial<RunConfig[S]> } = {
  data: DEFAULT_DATA,
  tokenizer: DEFAULT_TOKENIZER,
  model: DEFAULT_MODEL,
  training: DEFAULT_TRAINING,
};
