import { ARCHITECTURE } from "../../model/config.ts";
import type { Value } from "../../valueType.ts";
import type { RunConfig } from "../config.ts";
import { USUAL_WARMUP, warmUp } from "../schedule.ts";
import { FITTED } from "./fit.ts";
import { originOf } from "./origins.ts";
import type { SectionName, Setting } from "./setting.ts";
import { ALL_SETTINGS, defaultOf, nested, settingOf, valueIn } from "./table.ts";
import { type GivenSettings, type Origin, optionsOf } from "./values.ts";

/** A setting of a run: its value, and where this came from: `default`, `preset small`, `recipe.yaml:12`, `--lr`. */
export interface ExplainedSetting {
  readonly setting: Setting;
  /** Undefined for what is fitted to the data, which are not read for this. */
  readonly value: Value | undefined;
  readonly from: string;
}

/**
 * Says of every setting of a run what it is and where it came from.
 *
 * @param config the configuration that `given` was resolved to
 */
export function explainConfig(config: RunConfig, given: GivenSettings): ExplainedSetting[] {
  const { data, minutes, ...options } = optionsOf(given);
  const said = { ...options, ...(data.train === undefined ? {} : { data: { ...data, train: data.train } }) };
  const isContinued = config.start.from !== null;
  const fromElsewhere = (setting: Setting): string => {
    const { section, fields, option } = setting;
    const [field = option ?? ""] = fields;
    if (isContinued && isOfOrigin(setting, config)) return "the model to start from";
    if (minutes !== undefined && field === "schedule") return "default with minutes";
    const from = originOf(section, field, said);
    const isOpen = isContinued || (minutes !== undefined && field === "maxEpochs");
    return isOpen && from === FITTED ? "default" : from;
  };
  const warmup = whatStepsDecide(config);
  return ALL_SETTINGS.map((setting) => {
    const own = given.get(setting);
    const value =
      setting.option === undefined ? valueIn(config, setting) : (own?.value ?? defaultOf(setting));
    if (own !== undefined) return { setting, value: value ?? null, from: describeOrigin(own.origin) };
    if (setting.key === "warmup") return { setting, value: value ?? null, ...warmup };
    const from = fromElsewhere(setting);
    return { setting, value: from === FITTED ? undefined : (value ?? null), from };
  });
}

/** Whether a setting is that of the model to start from unless it is given. */
function isOfOrigin(setting: Setting, config: RunConfig): boolean {
  const { section, fields } = setting;
  const [field = ""] = fields;
  if (section === "tokenizer") return ["kind", "lowercase", "joint"].includes(field);
  // A side that is as both are says nothing.
  if (section === "tokenizer.source" || section === "tokenizer.target")
    return ["kind", "lowercase"].includes(field) && valueIn(config, setting) !== null;
  return section === "model" && [...ARCHITECTURE, "maxLength"].includes(field);
}

/** What is known of warm-up before the corpus is read: everything, where the steps are given. */
function whatStepsDecide({ training, model }: RunConfig): { value?: Value; from: string } {
  const { warmupSteps, maxSteps, maxEpochs } = training;
  if (warmupSteps !== null) return { from: "default" };
  if (maxSteps === null || maxEpochs !== null)
    return { from: `default: ${settingOf("training", "warmup")!.nullMeans}` };
  const { warmupSteps: value } = warmUp(training, model.dModel, maxSteps);
  return { value, from: value < USUAL_WARMUP ? "a tenth of max_steps" : "default" };
}

/** An origin as errors and `--print-config` name it. */
export function describeOrigin(origin: Origin): string {
  if ("flag" in origin) return `--${origin.flag}`;
  return origin.line === undefined ? origin.file : `${origin.file}:${origin.line}`;
}

/** Explained settings as data: by section and key. */
export function explainedJson(settings: readonly ExplainedSetting[]): object {
  return nested(settings.map(({ setting, value, from }) => [setting, { value: value ?? null, from }]));
}

/** Explained settings by their sections, in the order of the table. */
export function bySection(settings: readonly ExplainedSetting[]): [SectionName, ExplainedSetting[]][] {
  const names = new Set(settings.map(({ setting }) => setting.section));
  return [...names].map((name) => [name, settings.filter(({ setting }) => setting.section === name)]);
}
