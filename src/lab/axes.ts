import { MOST_HYPOTHESES } from "../decoding/options.ts";
import { tasks } from "../tasks/tasks.ts";
import type { Setting } from "../training/settings/setting.ts";
import { SETTINGS } from "../training/settings/table.ts";
import type { Rule } from "../valueType.ts";

/** A toy task, and how much of it is made; what is left out is as `xformer data make` has it. */
export interface TaskOptions {
  readonly name: string;
  readonly train?: number;
  readonly valid?: number;
  readonly test?: number;
  readonly seed?: number;
  readonly lengths?: readonly [shortest: number, longest: number];
}

/** How test pairs are translated; what is left out is as `xformer eval` has it. */
export interface LabDecoding {
  readonly beam?: number;
  readonly lengthPenalty?: number;
  readonly maxLength?: string;
}

/** What an experiment file may say of something, with the field that it becomes. */
interface Key extends Rule {
  readonly field: string;
  readonly description: string;
}

const COUNT = { kind: "number", whole: true } as const;

/** The keys of `task:`. */
export const TASK_KEYS = {
  name: {
    field: "name",
    type: { kind: "choice", choices: tasks.map(({ name }) => name) },
    description: "the toy task, as of xformer data make",
  },
  train: { field: "train", type: { ...COUNT, from: 1, to: 1e6 }, description: "training pairs" },
  valid: { field: "valid", type: { ...COUNT, from: 0, to: 1e6 }, description: "validation pairs" },
  test: { field: "test", type: { ...COUNT, from: 0, to: 1e6 }, description: "test pairs" },
  seed: {
    field: "seed",
    type: { ...COUNT, from: 0, to: 0xffff_ffff },
    description: "where its random numbers start",
  },
  lengths: {
    field: "lengths",
    type: { kind: "numbers", count: 2, each: { whole: true, from: 1, to: 9999 } },
    description: "symbols of the shortest and of the longest sequence of reverse, copy and sort",
  },
} as const satisfies Readonly<Record<keyof TaskOptions, Key>>;

/** The keys of `decoding:`. */
export const DECODING_KEYS = {
  beam: {
    field: "beam",
    type: { ...COUNT, from: 1, to: MOST_HYPOTHESES },
    description: "hypotheses of beam search; 1 is greedy search",
  },
  length_penalty: {
    field: "lengthPenalty",
    type: { kind: "number", from: 0, to: 100 },
    description: "alpha of the length penalty of Wu et al. 2016",
  },
  max_length: {
    field: "maxLength",
    type: { kind: "text" },
    description: "most tokens of a translation, by those of its source: 1.5x+10",
  },
} as const satisfies Readonly<Record<string, Key>>;

/** What can be varied: a setting of a run, the task, or how its model translates. */
export type Axis =
  | { readonly kind: "setting"; readonly setting: Setting; readonly rule: Rule }
  | { readonly kind: "task" | "decoding"; readonly field: string; readonly rule: Rule };

/** What the lab decides itself: the seeds are listed, and how a run is carried out never shows in its result. */
const DECIDED = ["seed", "minutes"];

/**
 * Everything that can be varied, by its name: settings of the model and of training by their keys, those of other
 * sections behind the section (`tokenizer.kind`), and `task`, `task.train`, `decoding.beam`.
 */
export const AXES: ReadonlyMap<string, Axis> = new Map([
  ...settingAxes("model", ""),
  ...settingAxes("training", ""),
  ...(["data", "filter", "tokenizer", "tokenizer.source", "tokenizer.target"] as const).flatMap((section) =>
    settingAxes(section, `${section}.`),
  ),
  ...keyAxes("task", TASK_KEYS).map(([name, axis]) => [name === "task.name" ? "task" : name, axis] as const),
  ...keyAxes("decoding", DECODING_KEYS),
]);

function settingAxes(section: keyof typeof SETTINGS, prefix: string): [name: string, axis: Axis][] {
  return SETTINGS[section]
    .filter(({ key }) => section !== "training" || !DECIDED.includes(key))
    .map((setting) => [`${prefix}${setting.key}`, { kind: "setting", setting, rule: setting }]);
}

function keyAxes(
  kind: "task" | "decoding",
  keys: Readonly<Record<string, Key>>,
): [name: string, axis: Axis][] {
  return Object.entries(keys).map(([key, rule]) => [`${kind}.${key}`, { kind, field: rule.field, rule }]);
}
