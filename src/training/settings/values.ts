import type { KernelSetName } from "../../kernels/kernels.ts";
import type { PresetName } from "../../model/config.ts";
import type { Value } from "../../valueType.ts";
import type { DataConfig, RunConfig, TokenizerConfig, TrainingConfig } from "../config.ts";
import type { Setting } from "./setting.ts";
import { settingOf } from "./table.ts";

/** A part of a configuration by the names of its fields. */
type Fields = Record<string, unknown>;

/** Where a value was given. */
export type Origin = { readonly flag: string } | { readonly file: string; readonly line: number | undefined };

/** A value that somebody gave to a setting. */
export interface Given {
  readonly value: Value;
  readonly origin: Origin;
}

/** The settings that a file or a command line gives. */
export type GivenSettings = ReadonlyMap<Setting, Given>;

/** What has been given to a run, as the options of `train`: what was not given is left out. */
export interface GivenOptions {
  readonly out?: string;
  readonly threads?: number;
  readonly kernels?: KernelSetName;
  readonly cacheDirectory?: string;
  readonly samples?: number;
  readonly tensorboard?: boolean;
  readonly preset?: PresetName;
  readonly from?: string;
  readonly keepOptimizer?: boolean;
  readonly extendVocabulary?: boolean;
  readonly minutes?: number;
  readonly maxMinutes?: number;
  readonly data: Partial<DataConfig>;
  readonly tokenizer: Partial<TokenizerConfig>;
  readonly model: Partial<RunConfig["model"]>;
  readonly training: Partial<TrainingConfig>;
}

/** The given settings as options. */
export function optionsOf(given: GivenSettings): GivenOptions {
  const options: Record<string, Fields> = { run: {}, data: {}, tokenizer: {}, model: {}, training: {} };
  for (const [{ section, option, fields }, { value }] of given) {
    const part = options[option === undefined ? section : "run"]!;
    if (option !== undefined) part[option] = value ?? undefined;
    for (const [i, field] of fields.entries())
      part[field] = fields.length > 1 ? (value as number[])[i] : value;
  }
  const { run, ...sections } = options;
  return { ...run, ...sections } as unknown as GivenOptions;
}

/** What is given all in all, where later ones win. */
export function together(...layers: readonly GivenSettings[]): GivenSettings {
  return new Map(layers.flatMap((layer) => [...layer]));
}

/**
 * Given settings with those that they replace: whoever says how many steps wants so many, whatever the epochs
 * are by default or elsewhere; and the other way round.
 */
export function withReplaced(given: GivenSettings): GivenSettings {
  const all = new Map(given);
  for (const [{ section, replaces }, { value, origin }] of given) {
    if (replaces === undefined || value === null) continue;
    for (const key of [replaces].flat()) {
      const other = settingOf(section, key);
      if (other !== undefined && !given.has(other)) all.set(other, { value: null, origin });
    }
  }
  return all;
}
