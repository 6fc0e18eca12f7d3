import { NO_FILTER } from "../../data/check/filterConfig.ts";
import { DEFAULT_MODEL, DEFAULT_PRESET } from "../../model/config.ts";
import { checkField, type Value } from "../../valueType.ts";
import {
  DEFAULT_DATA,
  DEFAULT_START,
  DEFAULT_TOKENIZER,
  DEFAULT_TRAINING,
  type RunConfig,
  type StartConfig,
} from "../config.ts";
import { USUAL_SAMPLES } from "../samples.ts";
import {
  DATA_SETTINGS,
  FILTER_SETTINGS,
  RUN_SETTINGS,
  TOKENIZER_SETTINGS,
  tokenizerSettingsOf,
} from "./dataSettings.ts";
import { FITTED_FIELDS } from "./fit.ts";
import { MODEL_SETTINGS } from "./modelSettings.ts";
import { pathOf, type SectionName, type Setting } from "./setting.ts";
import { TRAINING_SETTINGS } from "./trainingSettings.ts";

/** The table of all settings, section by section as a configuration file has them. */
export const SETTINGS: Readonly<Record<SectionName, readonly Setting[]>> = {
  run: RUN_SETTINGS,
  data: DATA_SETTINGS,
  filter: FILTER_SETTINGS,
  tokenizer: TOKENIZER_SETTINGS,
  "tokenizer.source": tokenizerSettingsOf("source"),
  "tokenizer.target": tokenizerSettingsOf("target"),
  model: MODEL_SETTINGS,
  training: TRAINING_SETTINGS,
};

/** All settings, in the order of the table. */
export const ALL_SETTINGS: readonly Setting[] = Object.values(SETTINGS).flat();

/** The sections that a configuration file names, with what they hold. */
export const SECTIONS = {
  data: "Where the sentence pairs are.",
  filter: "Which pairs of the training corpora are left out.",
  tokenizer: "How text becomes tokens.",
  "tokenizer.source": "What is otherwise for the source.",
  "tokenizer.target": "What is otherwise for the target.",
  model: "The sizes and choices that make a model.",
  training: "How the model is trained.",
} as const satisfies Partial<Record<SectionName, string>>;

/** A section that a configuration file names. */
export type NamedSection = keyof typeof SECTIONS;

/** The setting of that key. */
export function settingOf(section: SectionName, key: string): Setting | undefined {
  return SETTINGS[section].find((setting) => setting.key === key);
}

/** A configuration, or some of it. */
type PartialConfig = { readonly [S in keyof Omit<RunConfig, "start">]: Partial<RunConfig[S]> };

/** The settings of a {@link StartConfig}, with their fields. */
export const START_SETTINGS: readonly (readonly [field: keyof StartConfig, setting: Setting])[] =
  RUN_SETTINGS.flatMap((setting) =>
    setting.kept ? [[setting.option as keyof StartConfig, setting] as const] : [],
  );

/**
 * The value a setting has in a configuration.
 *
 * @returns undefined where the configuration does not say
 */
export function valueIn(config: PartialConfig, { section, fields }: Setting): Value | undefined {
  const part = partOf(config, section);
  const values = fields.map((field) => part[field] as Value | undefined);
  return values.length > 1 ? (values as number[]) : values[0];
}

/** The part of a configuration that a section is; empty where the configuration does not say. */
function partOf(config: object, section: SectionName): Record<string, unknown> {
  let part = config as Record<string, unknown>;
  for (const name of pathOf(section)) part = (part[name] ?? {}) as Record<string, unknown>;
  return part;
}

/** What a setting is when nothing else is said; undefined for one that has no such value, or whose is {@link FITTED}. */
export function defaultOf(setting: Setting): Value | undefined {
  if (isFitted(setting)) return undefined;
  if (setting.option !== undefined) return OPTION_DEFAULTS[setting.option] ?? null;
  return valueIn(DEFAULTS, setting);
}

/** Those that a `RunConfig` does not hold; null for what the machine or the directory decides. */
const OPTION_DEFAULTS: Partial<Record<NonNullable<Setting["option"]>, Value>> = {
  ...DEFAULT_START,
  preset: DEFAULT_PRESET,
  samples: USUAL_SAMPLES,
  tensorboard: false,
};

/** Whether a setting is fitted to the data where it is not given. */
export function isFitted({ section, fields }: Setting): boolean {
  const { [section]: fitted = [] }: Readonly<Record<string, readonly string[]>> = FITTED_FIELDS;
  return fields.some((field) => fitted.includes(field));
}

/** What is left out is decided by the preset or the corpus. */
const DEFAULTS: PartialConfig = {
  data: DEFAULT_DATA,
  filter: NO_FILTER,
  tokenizer: DEFAULT_TOKENIZER,
  model: DEFAULT_MODEL,
  training: DEFAULT_TRAINING,
};

/**
 * Checks the fields of a part of a configuration against the table.
 *
 * @throws XformerError CONFIG that names the field and what it has to be
 */
export function checkFields(section: NamedSection, config: Partial<RunConfig>): void {
  const part = partOf(config, section);
  const [, ...inside] = pathOf(section);
  for (const setting of SETTINGS[section]) {
    for (const field of setting.fields) checkField([...inside, field].join("."), part[field], setting);
  }
}

/** A configuration as a file that `xformer train --config` reads: every setting, by section and key. */
export function toConfigFile(config: RunConfig): object {
  const start = START_SETTINGS.map(([field, { key }]) => [key, config.start[field]]);
  const settings = ALL_SETTINGS.filter(({ option }) => option === undefined);
  const named = nested(settings.map((setting) => [setting, valueIn(config, setting)]));
  return { ...Object.fromEntries(start), ...named };
}

/** What is said of settings as an object, by section and key. */
export function nested(entries: readonly (readonly [setting: Setting, value: unknown])[]): object {
  const whole: Record<string, unknown> = {};
  for (const [{ section, key }, value] of entries) {
    let part = whole;
    for (const name of pathOf(section)) {
      part[name] ??= {};
      part = part[name] as Record<string, unknown>;
    }
    part[key] = value;
  }
  return whole;
}
