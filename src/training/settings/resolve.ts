import { basename, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { checkBatchSize } from "../../data/batches.ts";
import { NO_FILTER } from "../../data/check/filterConfig.ts";
import type { Languages } from "../../data/corpusPlace.ts";
import { XformerError } from "../../errors.ts";
import { packageFile } from "../../io/packageFiles.ts";
import { DEFAULT_MODEL, DEFAULT_PRESET, PRESETS, validateModelConfig } from "../../model/config.ts";
import { checkField } from "../../valueType.ts";
import {
  BUNDLED_TRAINING,
  type ConfigOptions,
  type CorpusEntry,
  corporaOf,
  type DataConfig,
  type DataOptions,
  DEFAULT_DATA,
  DEFAULT_START,
  DEFAULT_TOKENIZER,
  DEFAULT_TRAINING,
  entriesOf,
  type MeasuredEntry,
  type RunConfig,
  type SettledConfig,
  type Side,
  type SideTokenizer,
  type StartConfig,
  type TokenizerConfig,
  type TokenizerOptions,
  type TrainingConfig,
  tokenizerOf,
  withCorpora,
  withTokenizer,
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
  // What is wrong with a list of corpora is told before anything is made of it.
  if (options.data !== undefined)
    checkFields("data", { data: { ...DEFAULT_DATA, ...options.data } as DataConfig });
  const data = { ...DEFAULT_DATA, ...withCorpora(options.data ?? bundledData()) } as DataConfig;
  const usual = { ...DEFAULT_TRAINING, ...(options.data === undefined ? BUNDLED_TRAINING : {}) };
  const { minutes } = options;
  // How many steps fit is known when they have been timed.
  const timed =
    minutes === undefined ? {} : ({ maxSteps: null, maxEpochs: null, schedule: "linear" } as const);
  const config: RunConfig = {
    start: startOf(options),
    data,
    filter: { ...NO_FILTER, ...options.filter },
    tokenizer: withTokenizer(DEFAULT_TOKENIZER, options.tokenizer),
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
  checkSplits(data);
  for (const section of ["filter", "tokenizer", "tokenizer.source", "tokenizer.target"] as const)
    checkFields(section, config);
  const { minLength, maxLength } = config.filter;
  if (minLength !== null && maxLength !== null && minLength > maxLength) {
    const problem = `the filter's minLength is ${minLength}, its maxLength ${maxLength}`;
    throw new XformerError("CONFIG", problem, { hint: "Leave some length between them." });
  }
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
    if (isSplit(split)) continue;
    const hint = `Give ${flag} a whole number of pairs, or a share below 1.`;
    throw new XformerError("CONFIG", `${name} is ${split}`, { hint });
  }
  for (const [i, entry] of entriesOf(data.train).entries()) {
    const part = (["valid", "test"] as const).find((name) => !isSplit(entry[name]));
    if (part === undefined) continue;
    const hint = "Give a whole number of pairs, or a share below 1.";
    throw new XformerError("CONFIG", `train[${i}].${part} is ${entry[part]}`, { hint });
  }
}

function isSplit(split: number | null): boolean {
  return split === null || split < 1 || Number.isSafeInteger(split);
}

/**
 * Checks that a run can be made of it.
 *
 * @param minutes how long it is to take, when that is to decide the steps
 * @throws XformerError CONFIG that names the field and what it has to be
 */
export function validateTrainingConfig(config: TrainingConfig, minutes?: number): TrainingConfig {
  checkFields("training", { training: config });
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
type ResumedOptions = Omit<ConfigOptions, "data" | "preset"> & { readonly data?: DataOptions };

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
  refuseOther(path, "filter", stored.filter, options.filter);
  refuseOtherTokenizer(path, stored.tokenizer, options.tokenizer);
  refuseOther(path, "training", stored.training, fixed);
  const { minutes } = options;
  const end = {
    ...(minutes === undefined ? {} : { maxSteps: null, maxEpochs: null }),
    ...(maxSteps === undefined ? {} : { maxSteps }),
    ...(maxEpochs === undefined ? {} : { maxEpochs }),
  };
  const training = validateTrainingConfig({ ...stored.training, ...end }, minutes);
  const data = { ...stored.data, ...withCorpora(options.data ?? {}) };
  const train = movedCorpora(path, stored.data.train, data.train);
  const tokenizer = { ...stored.tokenizer, unkReplace: stored.tokenizer.unkReplace ?? 0 };
  // A run from before there were these has none of them; those of the others are numbers.
  const splits = { validSplit: stored.data.validSplit ?? 0, testSplit: stored.data.testSplit ?? 0 };
  return { ...stored, data: { ...data, train, ...splits }, tokenizer, training };
}

/** The corpora that a run was begun with, where they are now. */
function movedCorpora(
  path: string,
  stored: DataConfig["train"],
  wanted: DataConfig["train"],
): DataConfig["train"] {
  const [had, want] = [entriesOf(stored), entriesOf(wanted)];
  if (had.length !== want.length) {
    const problem = `this run was begun with ${had.length} training ${had.length === 1 ? "corpus" : "corpora"}, not ${want.length}`;
    throw new XformerError("CONFIG", problem, { file: path, hint: "Name as many, or begin a new run." });
  }
  return corporaOf(
    had.map((entry, i) => {
      const { path: place, weight, tag, source, target, reverse } = want[i]!;
      refuseOther(path, `data.train[${i}]`, entry, { weight, tag, source, target, reverse });
      return { ...entry, path: place };
    }),
  );
}

/** A run may be resumed from another working directory; until then paths are as the user wrote them. */
export function withFullPaths(config: RunConfig): RunConfig {
  const { train, valid, test } = config.data;
  const full = <C extends string | readonly MeasuredEntry[] | null>(corpora: C): C =>
    (corpora === null
      ? null
      : typeof corpora === "string"
        ? resolve(corpora)
        : corpora.map((entry) => ({ ...entry, path: resolve(entry.path) }))) as C;
  return {
    ...config,
    data: { ...config.data, train: full(train), valid: full(valid), test: full(test) },
    start: { ...config.start, from: full(config.start.from) },
    tokenizer: withTokenizer(config.tokenizer, withFullFiles(config.tokenizer)),
  };
}

/** The files of tokenizers by their full paths. */
export function withFullFiles({ source, target, ...both }: TokenizerOptions): TokenizerOptions {
  const full = <T extends { readonly file?: string | null }>(part: T): T =>
    typeof part.file === "string" ? { ...part, file: resolve(part.file) } : part;
  return {
    ...full(both),
    ...(source === undefined ? {} : { source: full(source) }),
    ...(target === undefined ? {} : { target: full(target) }),
  };
}

/** A tokenizer's settings with the names of its files alone: they may lie elsewhere when a run goes on. */
function withName<T extends TokenizerConfig>(tokenizer: T): T {
  const named = <P extends { readonly file: string | null }>(part: P): P =>
    part.file === null ? part : { ...part, file: basename(part.file) };
  return { ...named(tokenizer), source: named(tokenizer.source), target: named(tokenizer.target) };
}

/**
 * What a run is begun with, as its checkpoints keep it.
 *
 * @param validation SHA-256 of the validation pairs; null without
 */
export function beginningsOf({ tokenizer, data }: SettledConfig, validation: string | null): Beginnings {
  const { validSplit, testSplit } = data;
  const { source, target, ...both } = withName(tokenizer);
  const isOther = [source, target].some((side) => Object.values(side).some((value) => value !== null));
  const sides = isOther ? { source, target } : {};
  return { validation, tokenizer: { ...both, ...sides }, splits: { validSplit, testSplit } };
}

/**
 * The languages that are known.
 *
 * @param corpus one of several corpora, which may have its own
 */
export function languagesOf(
  { sourceLanguage, targetLanguage }: DataConfig,
  corpus?: Pick<CorpusEntry, "source" | "target">,
): Languages {
  const source = corpus?.source ?? sourceLanguage;
  const target = corpus?.target ?? targetLanguage;
  return { ...(source === "" ? {} : { source }), ...(target === "" ? {} : { target }) };
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
  if (begun.tokenizer !== undefined) {
    // One of a time before sides had their own says nothing of them.
    const had = withTokenizer(DEFAULT_TOKENIZER, begun.tokenizer);
    const { source, target, ...both } = withName(stored.tokenizer);
    refuseOther(file, "tokenizer", had, both, hint);
    refuseOther(file, "tokenizer.source", had.source, source, hint);
    refuseOther(file, "tokenizer.target", had.target, target, hint);
  }
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
    hint: "Memory decides how large batches are: leave out --memory or the other.",
  });
}

/** What matters is what becomes of each side, however that is said. */
function refuseOtherTokenizer(path: string, stored: TokenizerConfig, options: TokenizerOptions = {}): void {
  const wanted = withTokenizer(stored, options);
  const settingsOf = (config: TokenizerConfig, side: Side): object => {
    const { joint, unkReplace } = config;
    const { kind, file, ...others }: SideTokenizer = tokenizerOf(config, side);
    return file === null
      ? { kind, file, ...others, joint, unkReplace }
      : { file, ...others, joint, unkReplace };
  };
  const [had, want] = [stored, wanted].map((config) => ({
    source: settingsOf(config, "source"),
    target: settingsOf(config, "target"),
  })) as [Record<Side, object>, Record<Side, object>];
  const areAlike = [had, want].every(({ source, target }) => isDeepStrictEqual(source, target));
  for (const side of ["source", "target"] as const)
    refuseOther(path, areAlike ? "tokenizer" : `tokenizer.${side}`, had[side], want[side]);
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
