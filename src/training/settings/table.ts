import { DATA_SETTINGS, RUN_SETTINGS, TOKENIZER_SETTINGS } from "./dataSettings.ts";
import { MODEL_SETTINGS } from "./modelSettings.ts";
import type { SectionName, Setting } from "./setting.ts";
import { TRAINING_SETTINGS } from "./trainingSettings.ts";

/** The table of all settings, section by section as a configuration file has them. */
export const SETTINGS: Readonly<Record<SectionName, readonly Setting[]>> = {
  run: RUN_SETTINGS,
  data: DATA_SETTINGS,
  tokenizer: TOKENIZER_SETTINGS,
  model: MODEL_SETTINGS,
  training: TRAINING_SETTINGS,
};

/** All settings, in the order of the table. */
export const ALL_SETTINGS: readonly Setting[] = Object.values(SETTINGS).flat();

/** The sections that a configuration file names, with what they hold. */
export const SECTIONS = {
  data: "Where the sentence pairs are.",
  tokenizer: "How text becomes tokens.",
  model: "The sizes and choices that make a model.",
  training: "How the model is trained.",
} as const satisfies Partial<Record<SectionName, string>>;

/** A section that a configuration file names. */
export type NamedSection = keyof typeof SECTIONS;

/** The setting of that key. */
export function settingOf(section: SectionName, key: string): Setting | undefined {
  return SETTINGS[section].find((setting) => setting.key === key);
}
