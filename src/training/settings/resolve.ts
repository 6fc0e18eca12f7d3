import { basename, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { checkBatchSize } from "../../data/batches.ts";
import type { Languages } from "../../data/corpusPlace.ts";
import { XformerError } from "../../errors.ts";
import { packageFile } from "../../io/packageFiles.ts";
import { DEFAULT_MODEL, DEFAULT_PRESET, PRESETS, validateModelConfig } from "../../model/config.ts";
import { checkField } from "../../valueType.ts";
import {
  BUNDLED_TRAINING,
  type ConfigOptions,
  type DataConfig,
  DEFAULT_DATA,
  DEFAULT_START,
  DEFAULT_TOKENIZER,
  DEFAULT_TRAINING,
  type RunConfig,
  type SettledConfig,
  type StartConfig,
  type TokenizerConfig,
  type TrainingConfig,
} from "../config.ts";
import type { Beginnings } from "../state.ts";
import type { FittedSettings } from "./fit.ts";
import { checkFields, START_SETTINGS, settingOf } from "./table.ts";

/**
 * Everything that determines a run: what was said, and for the rest what is fitted to the data, the preset and the
 * defaults.
 *
 * @param fitted left out as long as the data are not known: then what would be fitted has its default
 * @throws XformerError CONFIG for a value that is out of range or does not fit the others
 */
export function resolveConfig(options: ConfigOptions, fitted?: FittedSettings): RunConfig {
  const data: DataConfig = { ...DEFAULT_DATA, ...(options.data ?? bundledData()) };
  const usual = { ...DEFAULT_TRAINING, ...(options.data === undefined ? BUNDLED_TRAINING : {}) };
  const { minutes } = options;
  // How many steps fit is known when they have been timed.
  const timed =
    minutes === undefined ? {} : ({ maxSteps: null, maxEpochs: null, schedule: "linear" } as const);
  const config: RunConfig = {
    start: startOf(options),
    data,
    tokenizer: { ...DEFAULT_TOKENIZER, ...options.tokenizer },
    model: {
      ...DEFAULT_MODEL,
      ...PRESETS[options.preset ?? fitted?.preset ?? DEFAULT_PRESET],
      ...fitted?.model,
      ...options.model,
    },
    training: validateTrainingConfig(
      { ...usual, ...fitted?.training, ...timed, ...withOneBatchSize(options.training) },
      minutes,
    ),
  };
  checkFields("data", data);
  checkSplits(data);
  checkFields("tokenizer", config.tokenizer);
  // The vocabularies are not known yet; that they fit is checked again when they are.
  validateModelConfig({ ...config.model, sourceVocabSize: 1, targetVocabSize: 1 });
  if (data.valid === null && data.validSplit === 0) refuseToWaitForNothing(config.training);
  return config;
}

/**
 * The model that a run is to start from.
 *
 * @throws XformerError CONFIG for what only makes sense with one
 */
export function startOf(options: ConfigOptions): StartConfig {
  const { from, keepOptimizer, extendVocabulary } = DEFAULT_START;
  const start = {
    from: options.from ?? from,
    keepOptimizer: options.keepOptimizer ?? keepOptimizer,
    extendVocabulary: options.extendVocabulary ?? extendVocabulary,
  };
  for (const [field, setting] of START_SETTINGS) checkField(field, start[field], setting);
  for (const field of ["keepOptimizer", "extendVocabulary"] as const) {
    if (!start[field] || start.from !== null) continue;
    throw new XformerError("CONFIG", `${field} is true, but there is no model to start from`, {
      hint: "Give --from too.",
    });
  }
  return start;
}

function bundledData(): DataConfig {
  const [train, valid, test] = ["train", "valid", "test"].map((split) =>
    fileURLToPath(packageFile(`data/zh-en/${split}`)),
  );
  return {
    ...DEFAULT_DATA,
    train: train!,
    valid: valid!,
    test: test!,
    sourceLanguage: "zh",
    targetLanguage: "en",
  };
}

/**
 * Without validation pairs nothing is ever better than before.
 *
 * @throws XformerError CONFIG for a run that waits for something better all the same
 */
export function refuseToWaitForNothing({ patience, schedule }: TrainingConfig): void {
  const waiting =
    patience !== null
      ? `patience is ${patience}`
      : schedule === "plateau"
        ? `schedule is "plateau"`
        : undefined;
  if (waiting === undefined) return;
  throw new XformerError("CONFIG", `${waiting}, but there are no validation pairs to improve on`, {
    hint: "Give valid or validSplit too.",
  });
}

function checkSplits(data: DataConfig): void {
  for (const [name, flag] of [
    ["validSplit", "--valid-split"],
    ["testSplit", "--test-split"],
  ] as const) {
    const { [name]: split } = data;
    if (split === null || split < 1 || Number.isSafeInteger(split)) continue;
    const hint = `Give ${flag} a whole number of pairs, or a share below 1.`;
    throw new XformerError("CONFIG", `${name} is ${split}`, { hint });
  }
}

/**
 * Checks that a run can be made of it.
 *
 * @param minutes how long it is to take, when that is to decide the steps
 * @throws XformerError CONFIG that names the field and what it has to be
 */
export function validateTrainingConfig(config: TrainingConfig, minutes?: number): TrainingConfig {
  checkFields("training", config);
  const { maxSteps, maxEpochs, optimizer, weightDecay } = config;
  if (minutes !== undefined) {
    checkField("minutes", minutes, settingOf("training", "minutes")!);
    const other = maxSteps !== null ? `maxSteps is ${maxSteps}` : `maxEpochs is ${maxEpochs}`;
    if (maxSteps !== null || maxEpochs !== null) {
      throw new XformerError("CONFIG", `minutes is ${minutes}, but ${other}`, {
        hint: "Give one of the two.",
      });
    }
  } else if (maxSteps === null && maxEpochs === null) {
    throw new XformerError("CONFIG", "nothing says when to stop", { hint: "Give maxSteps or maxEpochs." });
  }
  if (config.memory === null) checkBatchSize(config);
  else refuseTwoSizes(config);
  if (optimizer === "adam" && weightDecay > 0) {
    throw new XformerError("CONFIG", `weightDecay is ${weightDecay}, but adam does not decay weights`, {
      hint: "Choose the optimizer adamw.",
    });
  }
  return config;
}

/** What a resumed run is asked to be. */
type ResumedOptions = Omit<ConfigOptions, "data" | "preset"> & { readonly data?: Partial<DataConfig> };

/** The settings of {@link ResumedOptions} that say what the run was begun with. */
function startAsked({ from, keepOptimizer, extendVocabulary }: ResumedOptions): object {
  return { from: from === undefined ? undefined : resolve(from), keepOptimizer, extendVocabulary };
}

/**
 * The configuration with which a run goes on: its own, with other places for the data and another end if asked for.
 * A new end moves what `cosine` and `linear` do from there on.
 *
 * @param stored what the run was begun with
 * @param path the run, for the error message
 * @throws XformerError CONFIG when another setting is asked for
 */
export function resumedConfig(stored: RunConfig, path: string, options: ResumedOptions): RunConfig {
  const { maxSteps, maxEpochs, ...fixed } = options.training ?? {};
  const { validSplit, testSplit } = options.data ?? {};
  refuseOther(path, "data", stored.data, { validSplit, testSplit });
  refuseOther(path, "start", stored.start, startAsked(options));
  refuseOther(path, "model", stored.model, options.model);
  refuseOther(path, "tokenizer", stored.tokenizer, options.tokenizer);
  refuseOther(path, "training", stored.training, fixed);
  const { minutes } = options;
  const end = {
    ...(minutes === undefined ? {} : { maxSteps: null, maxEpochs: null }),
    ...(maxSteps === undefined ? {} : { maxSteps }),
    ...(maxEpochs === undefined ? {} : { maxEpochs }),
  };
  const training = validateTrainingConfig({ ...stored.training, ...end }, minutes);
  const data = { ...stored.data, ...options.data };
  const tokenizer = { ...stored.tokenizer, unkReplace: stored.tokenizer.unkReplace ?? 0 };
  // A run from before there were these has none of them; those of the others are numbers.
  const splits = { validSplit: stored.data.validSplit ?? 0, testSplit: stored.data.testSplit ?? 0 };
  return { ...stored, data: { ...data, ...splits }, tokenizer, training };
}

/** A run may be resumed from another working directory; until then paths are as the user wrote them. */
export function withFullPaths(config: RunConfig): RunConfig {
  const { train, valid, test } = config.data;
  const full = (path: string | null): string | null => (path === null ? null : resolve(path));
  return {
    ...config,
    data: { ...config.data, train: resolve(train), valid: full(valid), test: full(test) },
    start: { ...config.start, from: full(config.start.from) },
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

/** A tokenizer's settings with the name of its file alone: it may lie elsewhere when a run goes on. */
function withName<T extends TokenizerConfig>(tokenizer: T): T {
  return { ...tokenizer, file: tokenizer.file === null ? null : basename(tokenizer.file) };
}

/**
 * What a run is begun with, as its checkpoints keep it.
 *
 * @param validation SHA-256 of the validation pairs; null without
 */
export function beginningsOf({ tokenizer, data }: SettledConfig, validation: string | null): Beginnings {
  const { validSplit, testSplit } = data;
  return { validation, tokenizer: withName(tokenizer), splits: { validSplit, testSplit } };
}

/** What a checkpoint says of its run. */
interface BegunWith {
  readonly model: RunConfig["model"];
  readonly training: TrainingConfig;
  readonly sourceLanguage: string;
  readonly targetLanguage: string;
  readonly tokenizer: Beginnings["tokenizer"];
  readonly splits: Beginnings["splits"];
}

/**
 * The configuration of a run that is to go on: its file says where the data is and where the end, the checkpoint the
 * rest.
 *
 * @param file the configuration that the run directory keeps
 * @throws XformerError CONFIG when the file says something else than the checkpoint
 */
export function storedConfig(stored: RunConfig, file: string, begun: BegunWith): RunConfig {
  const { maxSteps, maxEpochs, ...training } = stored.training;
  const hint = "Put it back in the file, or begin a new run.";
  const languages = { sourceLanguage: begun.sourceLanguage, targetLanguage: begun.targetLanguage };
  const { sourceLanguage, targetLanguage, validSplit, testSplit } = stored.data;
  refuseOther(file, "model", begun.model, stored.model, hint);
  refuseOther(file, "training", begun.training, training, hint);
  refuseOther(file, "data", languages, { sourceLanguage, targetLanguage }, hint);
  if (begun.splits !== undefined) refuseOther(file, "data", begun.splits, { validSplit, testSplit }, hint);
  if (begun.tokenizer !== undefined)
    refuseOther(file, "tokenizer", begun.tokenizer, withName(stored.tokenizer), hint);
  return { ...stored, model: begun.model, training: { ...begun.training, maxSteps, maxEpochs } };
}

/** Who says how many sentences a batch has, or memory, wants so many, whatever the tokens are by default. */
function withOneBatchSize(training: Partial<TrainingConfig> = {}): Partial<TrainingConfig> {
  const { batchSentences, memory, batchTokens } = training;
  const isOther = (batchSentences ?? memory ?? null) !== null;
  return isOther && batchTokens === undefined ? { ...training, batchTokens: null } : training;
}

function refuseTwoSizes({ memory, batchTokens, batchSentences }: TrainingConfig): void {
  if (batchTokens === null && batchSentences === null) return;
  const other = batchTokens === null ? `batchSentences ${batchSentences}` : `batchTokens ${batchTokens}`;
  throw new XformerError("CONFIG", `memory is ${memory}, and ${other}`, {
    hint: "Memory decides how large batches are: leave one of them out.",
  });
}

/** A resumed run keeps its settings: being asked for others is a misunderstanding to be told, not to be passed over. */
function refuseOther(
  file: string,
  what: string,
  stored: object,
  wanted: object = {},
  hint = "Leave the setting out to go on, or begin a new run.",
): void {
  for (const [name, value] of Object.entries(wanted)) {
    const had = (stored as Record<string, unknown>)[name];
    if (value === undefined || JSON.stringify(value) === JSON.stringify(had)) continue;
    const [before, now] = [had, value].map((each) => (each === "" ? '""' : each));
    throw new XformerError(
      "CONFIG",
      `this run was begun with ${what} setting ${name} = ${before}, not ${now}`,
      { file, hint },
    );
  }
}
