import { join } from "node:path";
import { findCorpusFolder } from "../data/corpusFolder.ts";
import { XformerError } from "../errors.ts";
import { PRESETS } from "../model/config.ts";
import {
  describeOrigin,
  type ExplainedSetting,
  explainConfig,
  explainedJson,
} from "../training/settings/explain.ts";
import type { Origins } from "../training/settings/origins.ts";
import { resolveConfig, resumedConfig, withFullFiles } from "../training/settings/resolve.ts";
import { settingOf } from "../training/settings/table.ts";
import { type GivenSettings, optionsOf, together } from "../training/settings/values.ts";
import type { ResumeOptions, TrainOptions } from "../training/train.ts";
import { givenFlags, type TrainFlags } from "./trainFlags.ts";
import { explainedYaml } from "./ui/explainedYaml.ts";
import { jsonLines, print } from "./ui/terminal.ts";

/** The settings of the configuration file, if there is one, those of the corpus, and those of the flags, which win. */
export async function givenSettings(flags: TrainFlags, corpus?: string): Promise<GivenSettings> {
  const fromFlags = together(corpusSettings(corpus, flags), givenFlags(flags));
  if (flags.config === undefined) return fromFlags;
  const { readConfigFile } = await import("../training/settings/configFile.ts");
  return together(readConfigFile(flags.config), fromFlags);
}

/** What the path of a corpus says: all of its parts if it is a folder, and otherwise what to train on. */
function corpusSettings(corpus: string | undefined, { sourceLang, targetLang }: TrainFlags): GivenSettings {
  if (corpus === undefined) return new Map();
  const parts = findCorpusFolder(corpus, { source: sourceLang, target: targetLang });
  const { train = corpus, valid, test, source, target } = parts ?? {};
  const values = { train, valid, test, source_lang: source, target_lang: target };
  return new Map(
    Object.entries(values).flatMap(([key, value]) =>
      value === undefined
        ? []
        : [[settingOf("data", key)!, { value, origin: { file: corpus, line: undefined } }] as const],
    ),
  );
}

/**
 * What a new run is asked to be.
 *
 * @throws XformerError USAGE for other data without training data
 */
export function newRunOf(given: GivenSettings): Omit<TrainOptions, "onEvent" | "signal"> {
  const { data, ...options } = optionsOf(given);
  const { train } = data;
  if (train === undefined) refuseLoneData(given);
  return { ...options, ...(train === undefined ? {} : { data: { ...data, train } }) };
}

/** Where the settings of model and training were given, by the fields that they are of. */
export function namedOrigins(given: GivenSettings): Origins {
  return Object.fromEntries(
    [...given].flatMap(([{ section, fields }, { origin }]) =>
      section === "model" || section === "training"
        ? fields.map((field) => [field, describeOrigin(origin)])
        : [],
    ),
  );
}

/** What a resumed run is expected to be. */
export function resumedOf(given: GivenSettings): ResumeOptions {
  const { preset, out: _, model, tokenizer, ...options } = optionsOf(given);
  return {
    ...options,
    model: { ...(preset === undefined ? {} : PRESETS[preset]), ...model },
    // A run keeps full paths.
    tokenizer: withFullFiles(tokenizer),
  };
}

/** Prints every setting of the run that the flags ask for, and where it came from. */
export async function printConfig(flags: TrainFlags, given: GivenSettings): Promise<void> {
  const explained =
    flags.resume === undefined
      ? explainConfig(resolveConfig(await withModelOf(newRunOf(given))), given)
      : await explainResumed(flags.resume, given);
  await print(flags.json ? jsonLines(explainedJson(explained), 2) : explainedYaml(explained));
}

/** The options of a new run with what it has from the model that it is to start from. */
async function withModelOf(options: ReturnType<typeof newRunOf>): Promise<ReturnType<typeof newRunOf>> {
  const { from, keepOptimizer = false } = options;
  if (from === undefined) return options;
  const [{ describeCheckpoint }, { originFile, withOrigin }] = await Promise.all([
    import("../training/checkpoint.ts"),
    import("../training/origin.ts"),
  ]);
  return withOrigin(options, describeCheckpoint(originFile({ from, keepOptimizer })));
}

async function explainResumed(run: string, given: GivenSettings): Promise<ExplainedSetting[]> {
  const { configOf, readConfigFile } = await import("../training/settings/configFile.ts");
  const stored = readConfigFile(join(run, "config.json"));
  const config = resumedConfig(configOf(stored), run, resumedOf(given));
  return explainConfig(config, together(stored, given));
}

/** The bundled corpus has its own validation pairs, test pairs and languages. */
function refuseLoneData(given: GivenSettings): void {
  for (const [{ section, key }, { value, origin }] of given) {
    if (section !== "data" || value === null) continue;
    if ("flag" in origin) {
      throw new XformerError(
        "USAGE",
        `${describeOrigin(origin)}: without --train the bundled corpus is used`,
        {
          hint: "Give --train too.",
        },
      );
    }
    throw new XformerError("CONFIG", `${key}: without train the bundled corpus is used`, {
      ...origin,
      hint: "Give train too.",
    });
  }
}
