import type { Rule } from "../../valueType.ts";
import type { StartConfig } from "../config.ts";

/** The parts of a configuration: those of a `RunConfig`, and `run` for what is at the top of a file. */
export type SectionName =
  | "run"
  | "data"
  | "filter"
  | "tokenizer"
  | "tokenizer.source"
  | "tokenizer.target"
  | "model"
  | "training";

/** The keys that lead to a section of a configuration; none to what is at the top. */
export function pathOf(section: SectionName): string[] {
  return section === "run" ? [] : section.split(".");
}

/**
 * One setting of a training run: a key of a configuration file and a flag of `xformer train` at the same time.
 * Everything about it is said here once, as data, so that `--help` has no more to load than this.
 */
export interface Setting extends Rule {
  readonly section: SectionName;
  /** Its name in a configuration file: snake_case. */
  readonly key: string;
  /** The field of its section of `RunConfig` that it sets, or a field for each number of its list. */
  readonly fields: readonly string[];
  /** The option of `train` that it is, for what a `RunConfig` does not hold: then it has no fields. */
  readonly option?:
    | "out"
    | "threads"
    | "kernels"
    | "cacheDirectory"
    | "samples"
    | "tensorboard"
    | "preset"
    | "minutes"
    | "maxMinutes"
    | keyof StartConfig;
  /** Whether a run keeps it though it is an option: a field of `RunConfig.start`. */
  readonly kept?: boolean;
  /** One line, for the help, the schema and the documentation. */
  readonly description: string;
  /** What help calls its value: `steps` for `--max-steps <steps>`. */
  readonly placeholder?: string;
  /** Its flag, without the dashes, where that is not the key with hyphens. */
  readonly flag?: string;
  /** The flag that turns it off, where that is not `no-` and its flag. */
  readonly offFlag?: string;
  /** What help says it is otherwise, where the default alone does not tell. */
  readonly usual?: string;
  /** Whether checkpoints before it lack it: it then has its default, and is left out where it has. */
  readonly later?: boolean;
  /** Keys of settings in the same section that are null wherever this one is given without them. */
  readonly replaces?: string | readonly string[];
  /** Its name in a configuration of JoeyNMT 2. */
  readonly joeynmt?: string;
  /** Its name in fairseq. */
  readonly fairseq?: string;
}

/** The flag of a setting, without the dashes. */
export function flagOf({ flag, key }: Setting): string {
  return flag ?? key.replaceAll("_", "-");
}

/** The flag that turns a setting off, without the dashes; none for those that take a value. */
export function offFlagOf(setting: Setting): string | undefined {
  return setting.type.kind === "boolean" ? (setting.offFlag ?? `no-${flagOf(setting)}`) : undefined;
}
