import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import type { FilterConfig } from "../data/check/filterConfig.ts";
import { CorpusHash, loadCorpus, type Pairs, type PairsByCorpus } from "../data/corpus.ts";
import type { CorpusFiles } from "../data/corpusPlace.ts";
import { XformerError } from "../errors.ts";
import { JOBS } from "../jobs.ts";
import type { KernelSetName } from "../kernels/kernels.ts";
import type { ModelConfig, PresetName } from "../model/config.ts";
import type { Pool } from "../replicas/pool.ts";
import { WorkerPool } from "../replicas/workerPool.ts";
import { loadCheckpoint } from "./checkpoint.ts";
import {
  type CorpusEntry,
  type DataConfig,
  type DataOptions,
  entriesOf,
  type NewDataOptions,
  type RunConfig,
  type SettledConfig,
  type TokenizerOptions,
  type TrainingConfig,
} from "./config.ts";
import { fitToMemory, refuseTooLarge } from "./memory.ts";
import { cacheBeside, type PreparedCorpus, prepareCorpus, type Tokenizers } from "./prepare.ts";
import { Run, type RunOptions, type RunParts, type TrainResult } from "./run.ts";
import { RunDirectory } from "./runDirectory.ts";
import { acquireRunLock } from "./runLock.ts";
import {
  beginningsOf,
  languagesOf,
  refuseToWaitForNothing,
  resolveConfig,
  resumedConfig,
  storedConfig,
  withFullPaths,
} from "./settings/resolve.ts";
import { toConfigFile } from "./settings/table.ts";
import { settleSamples, settleTraining, settleUnknown, weightsOf } from "./settle.ts";
import { initialState, type TrainingState } from "./state.ts";
import { distinctNames, joinPairs } from "./trainingText.ts";
import { doubtAboutWords } from "./unknownTokens.ts";

/** Milliseconds between two events about the preparation of the corpus. */
const PROGRESS_EVERY = 500;

/** What a new and a resumed run can both be told. */
interface CommonOptions extends RunOptions {
  /** Sizes and choices that differ from the preset. */
  readonly model?: Partial<RunConfig["model"]>;
  /** Which pairs are left out; none by default. */
  readonly filter?: Partial<FilterConfig>;
  readonly tokenizer?: TokenizerOptions;
  readonly training?: Partial<TrainingConfig>;
  /** Threads to compute on; by default one a core. The result does not depend on it. */
  readonly threads?: number | undefined;
  /** What computes; by default the fastest kernels that run here. */
  readonly kernels?: KernelSetName | undefined;
  /** Where encoded corpora are kept; by default `.cache` beside the run directory. */
  readonly cacheDirectory?: string | undefined;
}

/** What {@link train} can be told; what is left out is as in the README's first command. */
export interface TrainOptions extends CommonOptions {
  /** The corpora; by default the bundled Chinese-English one. */
  readonly data?: NewDataOptions;
  /** Where the run goes; by default `runs/<corpus>-<n>`. */
  readonly out?: string | undefined;
  /** Whether a run that is in `out` already may be overwritten. */
  readonly force?: boolean;
  readonly preset?: PresetName;
}

/** What {@link resume} can be told: settings that the run is expected to have, or a new end for it. */
export interface ResumeOptions extends CommonOptions {
  readonly data?: DataOptions;
}

/**
 * Trains a model and leaves it in a run directory.
 *
 * @throws XformerError for anything a user can mend: the data, the sizes, the disk, a loss that is not finite; the
 *   signal's reason when it aborts before there is a run
 *
 * @example
 * const { directory } = await train({ data: { train: "pairs.tsv" }, preset: "tiny", training: { maxSteps: 500 } });
 */
export async function train(options: TrainOptions = {}): Promise<TrainResult> {
  const config = resolveConfig(options);
  const { out, force = false, tensorboard = false } = options;
  if (out !== undefined) RunDirectory.refuseTaken(out, force);
  const cache = options.cacheDirectory ?? cacheBeside(out ?? RunDirectory.DEFAULT);
  const given = loadCorpora(config.data);
  const prepared = await prepare(config, cache, options);
  const doubt = doubtAboutWords(prepared);
  if (doubt !== undefined) options.onEvent?.({ type: "warning", message: doubt });
  const { settled, ...corpora } = settle(config, prepared, given, options.samples);
  return withPool(prepared, config, options, (pool) => {
    pool.main.model.initialise(config.training.seed);
    const directory = RunDirectory.create(out, prepared.name, force);
    return whileLocked(directory, () => {
      directory.clear(force);
      directory.writeConfig(toConfigFile(withFullPaths(settled)));
      directory.writeHeldOut(prepared, settled.data);
      const fingerprint = fingerprintOfTraining(prepared);
      const beginnings = beginningsOf(settled, fingerprintOf(corpora.validation));
      const state = initialState(settled.training, fingerprint, beginnings);
      const { memory } = config.training;
      const parts = { config: settled, memory, prepared, ...corpora, pool, directory, tensorboard };
      return new Run(parts, state, options.onEvent).carryOut(null, options.signal);
    });
  });
}

/**
 * Goes on with a run that was stopped, as if it never had been.
 *
 * @param path the run directory
 * @throws XformerError when the run's data or settings are not what they were
 */
export async function resume(path: string, options: ResumeOptions = {}): Promise<TrainResult> {
  const directory = new RunDirectory(path);
  if (!existsSync(directory.last)) {
    throw new XformerError("CHECKPOINT", "there is no last.safetensors to go on from", {
      file: path,
      hint: existsSync(directory.config)
        ? "It was stopped before its first save: begin it again with --force."
        : "Name the run directory that `xformer train` printed.",
    });
  }
  directory.refuseStrange();
  return whileLocked(directory, () => goOn(directory, options));
}

async function goOn(directory: RunDirectory, options: ResumeOptions): Promise<TrainResult> {
  const { path } = directory;
  const { tensorboard = false } = options;
  const checkpoint = loadCheckpoint(directory.last);
  // What reads YAML is loaded only where it is needed.
  const { readRunConfig } = await import("./settings/configFile.ts");
  const { sourceVocabSize: _, targetVocabSize: __, ...model } = checkpoint.model;
  const { config: training, tokenizer, splits } = checkpoint.training;
  const begun = { ...checkpoint, model, training, tokenizer, splits };
  const stored = storedConfig(readRunConfig(directory.config), directory.config, begun);
  const config = resumedConfig(stored, path, options);
  const given = loadCorpora(config.data);
  const cache = options.cacheDirectory ?? cacheBeside(path);
  const tokenizers = { source: checkpoint.sourceTokenizer, target: checkpoint.targetTokenizer };
  const prepared = await prepare(config, cache, options, tokenizers);
  const { settled, ...corpora } = settle(config, prepared, given, options.samples);
  const validation = fingerprintOf(corpora.validation);
  return withPool(prepared, config, options, (pool) => {
    refuseOtherValidation(validation, given.validation, checkpoint.training, path);
    refuseOtherData(prepared, checkpoint.training, path);
    directory.removeHalfWritten();
    directory.writeConfig(toConfigFile(withFullPaths(settled)));
    const beginnings = beginningsOf(settled, validation);
    const state = { ...checkpoint.training, ...beginnings, config: settled.training };
    const parts = { config: settled, memory: null, prepared, ...corpora, pool, directory, tensorboard };
    return new Run(parts, state, options.onEvent).carryOut(checkpoint, options.signal);
  });
}

/** What a run is to be measured on, and the configuration with what it leaves to the data decided. */
type Settled = Pick<RunParts, "validation" | "test" | "samples"> & { readonly settled: SettledConfig };

/** Settles a run; nothing of one that cannot be stays open. */
function settle(
  config: RunConfig,
  prepared: PreparedCorpus,
  given: GivenCorpora,
  samples: number | undefined,
): Settled {
  try {
    const { settled, ...corpora } = settleWith(config, prepared, given);
    return { settled, ...corpora, samples: settleSamples(samples, corpora.validation) };
  } catch (error) {
    prepared.corpus.close();
    throw error;
  }
}

function settleWith(
  config: RunConfig,
  prepared: PreparedCorpus,
  given: GivenCorpora,
): Omit<Settled, "samples"> {
  const { corpus, heldOut, tokenizers } = prepared;
  const validation = given.validation ?? heldOut.valid;
  const test = given.test ?? heldOut.test;
  if (validation === null) refuseToWaitForNothing(config.training);
  const sizes = sizesOf(config, tokenizers);
  const fitted = fitToMemory(sizes, config.training, corpus.statistics);
  const training = settleTraining({ ...config, training: fitted }, prepared, validation);
  return {
    validation,
    test,
    settled: {
      ...config,
      data: settleData(config.data, prepared),
      tokenizer: { ...config.tokenizer, unkReplace: settleUnknown(config.tokenizer, tokenizers) },
      training,
    },
  };
}

/** The data with what was held out of each corpus, in numbers: so a run that goes on holds out the same. */
function settleData(data: DataConfig, { corpora }: PreparedCorpus): SettledConfig["data"] {
  const held = corpora.map(({ division }) => division.holdOut);
  const { train } = data;
  if (typeof train === "string") return { ...data, validSplit: held[0]!.valid, testSplit: held[0]!.test };
  const { validSplit, testSplit } = data;
  const splits = { validSplit: validSplit ?? 0, testSplit: testSplit ?? 0 }; // each corpus has its own
  return { ...data, ...splits, train: train.map((entry, i) => ({ ...entry, ...held[i] })) };
}

function prepare(
  config: RunConfig,
  cacheDirectory: string,
  { signal, onEvent }: RunOptions,
  tokenizers?: Tokenizers,
): Promise<PreparedCorpus> {
  const { valid, validSplit, testSplit } = config.data;
  // A run that goes on keeps out what it kept out, wherever its validation pairs come from now.
  const splitOf = (entry: CorpusEntry, part: "valid" | "test"): number | null => {
    const said = entry[part] ?? (part === "valid" ? validSplit : testSplit);
    if (tokenizers !== undefined) return said;
    if (config.data[part] !== null) return 0;
    return said ?? (valid === null ? null : 0);
  };
  let told = performance.now();
  return prepareCorpus({
    corpora: entriesOf(config.data.train).map((entry) => ({
      path: entry.path,
      languages: languagesOf(config.data, entry),
      holdOut: { valid: splitOf(entry, "valid"), test: splitOf(entry, "test") },
      tag: entry.tag,
      weight: entry.weight,
    })),
    languages: languagesOf(config.data),
    filter: config.filter,
    tokenizer: config.tokenizer,
    tokenizers,
    tied: config.model.tie === "all",
    maxLength: config.model.maxLength,
    cacheDirectory,
    signal,
    onNote: (message) => onEvent?.({ type: "warning", message }),
    onProgress: (pairs, phase) => {
      if (performance.now() - told < PROGRESS_EVERY) return;
      told = performance.now();
      onEvent?.({ type: "preparing", phase, pairs });
    },
  });
}

function sizesOf({ model }: Pick<RunConfig, "model">, { source, target }: Tokenizers): ModelConfig {
  return { ...model, sourceVocabSize: source.vocabulary.size, targetVocabSize: target.vocabulary.size };
}

/** Does some work in a run directory in which nobody else may work meanwhile. */
async function whileLocked<T>({ path }: RunDirectory, work: () => Promise<T>): Promise<T> {
  const lock = acquireRunLock(path);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/** Does some work with a pool of replicas, which owns the corpus from then on, and closes both. */
async function withPool(
  { corpus, tokenizers }: PreparedCorpus,
  { model, training }: RunConfig,
  { threads, kernels, profile, onEvent }: CommonOptions,
  work: (pool: Pool) => Promise<TrainResult>,
): Promise<TrainResult> {
  const sizes = sizesOf({ model }, tokenizers);
  refuseTooLarge(sizes, training);
  const pool = new WorkerPool(sizes, JOBS, { threads, kernels, profiled: profile });
  if (pool.warning !== undefined) onEvent?.({ type: "warning", message: pool.warning });
  pool.main.resources.adopt(corpus);
  try {
    return await work(pool);
  } finally {
    await pool.close();
  }
}

/** The validation and test pairs that have files of their own. */
interface GivenCorpora {
  readonly validation: GivenCorpus | null;
  readonly test: GivenCorpus | null;
}

/** Pairs of files, the first of which errors can name. */
interface GivenCorpus extends PairsByCorpus {
  readonly files: CorpusFiles;
}

function loadCorpora(data: DataConfig): GivenCorpora {
  const load = (corpora: DataConfig["valid"]): GivenCorpus | null => {
    if (corpora === null) return null;
    const loaded = entriesOf(corpora).map((entry) => {
      const { tag } = entry;
      const corpus = loadCorpus(entry.path, languagesOf(data, entry));
      const source = tag === null ? corpus.source : corpus.source.map((line) => `${tag} ${line}`);
      return { ...corpus, source, path: entry.path, tag };
    });
    const names = distinctNames(loaded);
    return {
      ...joinPairs(loaded.map((corpus, i) => ({ ...corpus, name: names[i]! })))!,
      files: loaded[0]!.files,
    };
  };
  return { validation: load(data.valid), test: load(data.test) };
}

/** SHA-256 of what is trained on; weights are a part of it where there are any. */
function fingerprintOfTraining(prepared: PreparedCorpus): string {
  const weights = weightsOf(prepared);
  const { fingerprint } = prepared.corpus;
  if (weights === undefined) return fingerprint;
  return createHash("sha256")
    .update(JSON.stringify([fingerprint, weights]))
    .digest("hex");
}

/** SHA-256 of pairs; null without. */
function fingerprintOf(corpus: Pairs | null): string | null {
  if (corpus === null) return null;
  const hash = new CorpusHash();
  for (const [i, source] of corpus.source.entries()) hash.add(source, corpus.target[i]!);
  return hash.digest();
}

/** Scores on other pairs say nothing about which checkpoint is the best, nor when patience is at its end. */
function refuseOtherValidation(
  validation: string | null,
  corpus: GivenCorpus | null,
  { validation: begun }: TrainingState,
  path: string,
): void {
  if (begun === undefined || validation === begun) return;
  const problem = `these are not the validation pairs that the run in ${path} was begun with`;
  throw new XformerError(
    "DATA",
    validation === null ? "the validation pairs of this run are gone" : problem,
    {
      file: corpus?.files.source ?? path,
      hint: begun === null ? "Leave --valid out, or begin a new run." : "Restore them, or begin a new run.",
    },
  );
}

function refuseOtherData(prepared: PreparedCorpus, { corpus: begun }: TrainingState, path: string) {
  const { files } = prepared;
  if (fingerprintOfTraining(prepared) === begun) return;
  throw new XformerError("DATA", `this is not the data that the run in ${path} was begun with`, {
    file: files.source,
    hint: "Restore the training files, or begin a new run.",
  });
}
