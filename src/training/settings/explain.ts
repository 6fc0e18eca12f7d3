import { DEFAULT_PRESET, PRESETS } from "../../model/config.ts";
import type { Value } from "../../valueType.ts";
import { BUNDLED_TRAINING, type RunConfig } from "../config.ts";
import { USUAL_WARMUP, warmUp } from "../schedule.ts";
import type { SectionName, Setting } from "./setting.ts";
import { ALL_SETTINGS, defaultOf, nested, settingOf, valueIn } from "./table.ts";
import { type GivenSettings, type Origin, optionsOf } from "./values.ts";

/** A setting of a run: its value, and where this came from: `default`, `preset small`, `recipe.yaml:12`, `--lr`. */
export interface ExplainedSetting {
  readonly setting: Setting;
  readonly value: Value;
  readonly from: string;
}

/**
 * Says of every setting of a run what it is and where it came from.
 *
 * @param config the configuration that `given` was resolved to
 */
export function explainConfig(config: RunConfig, given: GivenSettings): ExplainedSetting[] {
  const { preset = DEFAULT_PRESET, data } = optionsOf(given);
  const isBundled = data.train === undefined;
  const fromElsewhere = ({ section, fields }: Setting): string => {
    const [field = ""] = fields;
    if (section === "model" && field in PRESETS[preset]) return `preset ${preset}`;
    if (isBundled && (section === "data" || (section === "training" && field in BUNDLED_TRAINING)))
      return "bundled corpus";
    return "default";
  };
  const known = whatStepsDecide(config);
  return ALL_SETTINGS.map((setting) => {
    const own = given.get(setting);
    const decided = own === undefined ? known.get(setting) : undefined;
    const value =
      setting.option === undefined ? valueIn(config, setting) : (own?.value ?? defaultOf(setting));
    const from = own === undefined ? fromElsewhere(setting) : describeOrigin(own.origin);
    return { setting, value: value ?? null, from, ...decided };
  });
}

/** What is known of warm-up and peak before the corpus is read: everything, where the steps are given. */
function whatStepsDecide({ training, model }: RunConfig): Map<Setting, { value?: Value; from: string }> {
  const [warmup, lr] = [settingOf("training", "warmup")!, settingOf("training", "lr")!];
  const { warmupSteps, maxSteps, maxEpochs } = training;
  if (warmupSteps !== null) return new Map();
  if (maxSteps === null || maxEpochs !== null)
    return new Map([[warmup, { from: `default: ${warmup.nullMeans}` }]]);
  const decided = warmUp(training, model.dModel, maxSteps);
  const isShort = decided.warmupSteps < USUAL_WARMUP;
  const peak =
    decided.learningRate === training.learningRate
      ? []
      : [
          [
            lr,
            { value: decided.learningRate, from: `the paper's for a warm-up of ${USUAL_WARMUP}` },
          ] as const,
        ];
  return new Map<Setting, { value?: Value; from: string }>([
    [warmup, { value: decided.warmupSteps, from: isShort ? "a tenth of max_steps" : "default" }],
    ...peak,
  ]);
}

/** An origin as errors and `--print-config` name it. */
export function describeOrigin(origin: Origin): string {
  if ("flag" in origin) return `--${origin.flag}`;
  return origin.line === undefined ? origin.file : `${origin.file}:${origin.line}`;
}

/** Explained settings as data: by section and key. */
export function explainedJson(settings: readonly ExplainedSetting[]): object {
  return nested(settings.map(({ setting, value, from }) => [setting, { value, from }]));
}

/** Explained settings by their sections, in the order of the table. */
export function bySection(settings: readonly ExplainedSetting[]): [SectionName, ExplainedSetting[]][] {
  const names = new Set(settings.map(({ setting }) => setting.section));
  return [...names].map((name) => [name, settings.filter(({ setting }) => setting.section === name)]);
}
