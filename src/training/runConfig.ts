import { resolve } from "node:path";
import type { Languages } from "../data/corpus.ts";
import { XformerError } from "../errors.ts";
import type { ModelConfig } from "../model/config.ts";
import { type TrainingConfig, validateTrainingConfig } from "./config.ts";
import type { TokenizerConfig } from "./tokenizerConfig.ts";
import type { ResumeOptions } from "./train.ts";

/** Where the sentence pairs are. */
export interface DataConfig {
  /** A `.tsv` of two columns, or a prefix that the two languages complete. */
  readonly train: string;
  readonly valid: string | null;
  readonly test: string | null;
  readonly sourceLanguage: string;
  readonly targetLanguage: string;
}

/** Everything that determines a run, as `config.json` holds it. */
export interface RunConfig {
  readonly data: DataConfig;
  readonly tokenizer: TokenizerConfig;
  readonly model: Omit<ModelConfig, "sourceVocabSize" | "targetVocabSize">;
  readonly training: TrainingConfig;
}

export { resolveConfig } from "./settings/resolve.ts";

/**
 * The configuration with which a run goes on: its own, with other places for the data and another end if asked for.
 * A new end moves what `cosine` and `linear` do from there on.
 *
 * @param stored what the run was begun with
 * @param path the run, for the error message
 * @throws XformerError CONFIG when another setting is asked for
 */
export function resumedConfig(stored: RunConfig, path: string, options: ResumeOptions): RunConfig {
  const { maxSteps, maxEpochs, ...fixed } = options.training ?? {};
  refuseOther(path, "model", stored.model, options.model);
  refuseOther(path, "tokenizer", stored.tokenizer, options.tokenizer);
  refuseOther(path, "training", stored.training, fixed);
  const end = {
    ...(maxSteps === undefined ? {} : { maxSteps }),
    ...(maxEpochs === undefined ? {} : { maxEpochs }),
  };
  const training = validateTrainingConfig({ ...stored.training, ...end });
  return { ...stored, data: { ...stored.data, ...options.data }, training };
}

/** A run may be resumed from another working directory; until then paths are as the user wrote them. */
export function withFullPaths(config: RunConfig): RunConfig {
  const { train, valid, test } = config.data;
  const full = (path: string | null): string | null => (path === null ? null : resolve(path));
  return {
    ...config,
    data: { ...config.data, train: resolve(train), valid: full(valid), test: full(test) },
    tokenizer: { ...config.tokenizer, file: full(config.tokenizer.file) },
  };
}

/** The languages that are known. */
export function languagesOf({ sourceLanguage, targetLanguage }: DataConfig): Languages {
  return {
    ...(sourceLanguage === "" ? {} : { source: sourceLanguage }),
    ...(targetLanguage === "" ? {} : { target: targetLanguage }),
  };
}

/** A resumed run keeps its settings: being asked for others is a misunderstanding to be told, not to be passed over. */
function refuseOther(file: string, what: string, stored: object, wanted: object = {}): void {
  for (const [name, value] of Object.entries(wanted)) {
    const had = (stored as Record<string, unknown>)[name];
    if (value === undefined || value === had) continue;
    throw new XformerError(
      "CONFIG",
      `this run was begun with ${what} setting ${name} = ${had}, not ${value}`,
      {
        file,
        hint: "Leave the setting out to go on, or begin a new run.",
      },
    );
  }
}
