import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { FilterConfig } from "../data/check/filterConfig.ts";
import { CorpusHash, type Pairs } from "../data/corpus.ts";
import type { HoldOut } from "../data/heldOut.ts";
import { XformerError } from "../errors.ts";
import { JOBS } from "../jobs.ts";
import type { KernelSetName } from "../kernels/kernels.ts";
import type { ModelConfig, PresetName } from "../model/config.ts";
import { Transformer } from "../model/transformer.ts";
import type { Pool } from "../replicas/pool.ts";
import { WorkerPool } from "../replicas/workerPool.ts";
import { loadCheckpoint } from "./checkpoint.ts";
import { restore } from "./checkpointFormat.ts";
import type {
  CorpusEntry,
  DataConfig,
  DataOptions,
  NewDataOptions,
  RunConfig,
  SettledConfig,
  TokenizerOptions,
  TrainingConfig,
} from "./config.ts";
import { epochOf } from "./epoch.ts";
import { fitToTime, toolsOf } from "./fitting.ts";
import { frozenParameters } from "./freeze.ts";
import { type Vocabularies, vocabulariesOf } from "./growingLearner.ts";
import { fitToMemory, refuseTooLarge } from "./memory.ts";
import { fillParameters, loadOrigin, type Origin, withOrigin } from "./origin.ts";
import { cacheBeside, type PreparedCorpus, prepareCorpus, type Tokenizers } from "./prepare.ts";
import { Run, type RunOptions, type RunParts, type TrainResult } from "./run.ts";
import {
  askedHoldOut,
  corporaToTrainOn,
  type GivenCorpora,
  type GivenCorpus,
  loadCorpora,
} from "./runCorpora.ts";
import { RunDirectory } from "./runDirectory.ts";
import { acquireRunLock } from "./runLock.ts";
import { fitSettings } from "./settings/fit.ts";
import { originsOf } from "./settings/origins.ts";
import {
  beginningsOf,
  languagesOf,
  refuseToWaitForNothing,
  resolveConfig,
  resumedConfig,
  startOf,
  storedConfig,
  withFullPaths,
} from "./settings/resolve.ts";
import { toConfigFile } from "./settings/table.ts";
import { settleSamples, settleTraining, settleUnknown, weightsOf } from "./settle.ts";
import { StartingRows } from "./startingRows.ts";
import { initialState, type TrainingState } from "./state.ts";
import { withinTime } from "./timeLimit.ts";
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
  /** Takes as many steps as fit into so many minutes, instead of `maxSteps` and `maxEpochs`. */
  readonly minutes?: number | undefined;
  /** Stops after so many minutes, as `signal` does: what is done is saved. */
  readonly maxMinutes?: number | undefined;
  /** What computes; by default the fastest kernels that run here. */
  readonly kernels?: KernelSetName | undefined;
  /** Where encoded corpora are kept; by default `.cache` beside the run directory. */
  readonly cacheDirectory?: string | undefined;
}

/** What {@link train} can be told; what is left out is as in the README's first command. */
export interface TrainOptions extends CommonOptions {
  /** The corpora; by default the bundled Chinese-English one. */
  readonly data?: NewDataOptions;
  /** A run directory or checkpoint to start from: weights, sizes and tokenizers are its own. */
  readonly from?: string | undefined;
  /** With `from`: go on with Adam's moments, too. */
  readonly keepOptimizer?: boolean | undefined;
  /** With `from`: take tokens of the new data into the vocabularies. */
  readonly extendVocabulary?: boolean | undefined;
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
  const began = performance.now();
  const { out, force = false, tensorboard = false, prepare: isPreparation = false } = options;
  const { from, keepOptimizer } = startOf(options);
  const origin = from === null ? undefined : loadOrigin({ from, keepOptimizer });
  const asked = origin === undefined ? options : withOrigin(options, origin);
  const config = resolveConfig(asked);
  if (out !== undefined) refuseOut(out, force, origin);
  const cache = options.cacheDirectory ?? cacheBeside(out ?? RunDirectory.DEFAULT);
  const given = loadCorpora(config.data);
  const vocabularies = vocabulariesOf(config, origin);
  return withinTime(options, async (limited) => {
    const prepared = await prepare(config, cache, limited, newHoldOut, vocabularies);
    const doubt = doubtAboutWords(prepared);
    if (doubt !== undefined) options.onEvent?.({ type: "warning", message: doubt });
    const {
      settled: open,
      resolved,
      ...corpora
    } = settle(prepared, given, options.samples, () => fitTo(prepared, given, asked, origin));
    return withPool(prepared, open, options, async (pool) => {
      const { growth } = vocabularies.learner ?? {};
      const rows = growth === undefined ? StartingRows.none() : StartingRows.of(prepared.corpus, growth);
      const fillWeights = (): void => {
        const { model } = pool.main;
        if (origin === undefined) model.initialise(config.training.seed);
        else fillParameters(model.parameters, origin, rows);
      };
      fillWeights();
      const { memory } = config.training;
      const wanted = { tensorboard, prepare: isPreparation };
      const parts = { memory, prepared, ...corpora, pool, ...wanted, ...toolsOf(open, prepared, pool) };
      const position = { step: 0, epoch: 0, batch: 0 };
      const fit = {
        asked: resolved,
        config: open,
        ...parts,
        position,
        began,
        isFromModel: origin !== undefined,
        validateEveryEpochs: (maxSteps: number): number => {
          const training = { ...asked.training, maxSteps, maxEpochs: null };
          const options = { ...asked, training, minutes: undefined };
          const { config: told } = fitTo(prepared, given, options, origin);
          return told.training.validateEveryEpochs;
        },
      };
      const { settled, fitted } = await fitToTime(fit, limited);
      if (fitted !== undefined) {
        fillWeights();
        parts.step.beginAnew();
      }
      const directory = RunDirectory.create(out, prepared.name, force);
      return whileLocked(directory, () => {
        directory.clear(force);
        directory.writeConfig(toConfigFile(withFullPaths(settled)));
        directory.writeHeldOut(prepared, settled.data);
        const fingerprint = fingerprintOfTraining(prepared);
        const beginnings = {
          ...beginningsOf(settled, fingerprintOf(corpora.validation)),
          ...(origin === undefined ? {} : { origin: origin.record }),
        };
        const state = initialState(settled.training, fingerprint, beginnings);
        const grown =
          growth === undefined
            ? null
            : { source: growth.source.parts.length, target: growth.target.parts.length };
        const begun = { origin: origin && { ...origin, grown }, fitted };
        const run = new Run({ config: settled, ...parts, directory, ...begun }, state, options.onEvent);
        return run.carryOut(null, limited.signal);
      });
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
  const began = performance.now();
  const { path } = directory;
  const { tensorboard = false, prepare: isPreparation = false } = options;
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
  return withinTime(options, async (limited) => {
    // A run that goes on keeps out what it kept out, wherever its validation pairs come from now.
    const prepared = await prepare(config, cache, limited, askedHoldOut, { tokenizers });
    const {
      settled: open,
      resolved,
      ...corpora
    } = settle(prepared, given, options.samples, () => ({
      config,
      origins: {},
    }));
    const validation = fingerprintOf(corpora.validation);
    return withPool(prepared, config, options, async (pool) => {
      refuseOtherValidation(validation, given.validation, checkpoint.training, path);
      refuseOtherData(prepared, checkpoint.training, path);
      const tools = toolsOf(open, prepared, pool);
      const wanted = { tensorboard, prepare: isPreparation };
      const parts = { memory: null, prepared, ...corpora, pool, ...wanted, ...tools };
      if (options.minutes !== undefined) restore(checkpoint, pool.main.model, pool.main.workbench.heap);
      const position = checkpoint.training;
      const fit = { asked: resolved, config: open, ...parts, position, began, isFromModel: false };
      const { settled, fitted } = await fitToTime(fit, limited);
      directory.removeHalfWritten();
      directory.writeConfig(toConfigFile(withFullPaths(settled)));
      const beginnings = beginningsOf(settled, validation);
      const state = { ...checkpoint.training, ...beginnings, config: settled.training };
      const run = new Run({ config: settled, ...parts, directory, fitted }, state, options.onEvent);
      return run.carryOut(checkpoint, limited.signal);
    });
  });
}

/** A configuration, and where the values come from that a run is told by. */
type Resolved = Pick<RunParts, "origins"> & { readonly config: RunConfig };

/** The configuration of a new run: what nobody gave fits the data, but for the bundled ones, whose settings are known. */
function fitTo(
  prepared: PreparedCorpus,
  given: GivenCorpora,
  options: TrainOptions,
  origin: object | undefined,
): Resolved {
  // A model that has learned already wants less than one that begins.
  if (origin !== undefined) return { config: resolveConfig(options), origins: {} };
  const { heldOut, tokenizers } = prepared;
  const validation = given.validation ?? heldOut.valid;
  const shape = {
    ...epochOf(prepared),
    vocabulary: Math.max(tokenizers.source.vocabulary.size, tokenizers.target.vocabulary.size),
    validPairs: validation?.source.length ?? 0,
  };
  const fitted = options.data === undefined ? undefined : fitSettings(shape, options);
  return { config: resolveConfig(options, fitted), origins: originsOf(options, fitted) };
}

/** What a run is to be measured on, and the configuration with what it leaves to the data decided. */
type Settled = Pick<RunParts, "validation" | "test" | "samples" | "origins"> & {
  /** The configuration before what it leaves to the data was decided. */
  readonly resolved: RunConfig;
  readonly settled: SettledConfig;
};

/** Settles a run; nothing of one that cannot be stays open. */
function settle(
  prepared: PreparedCorpus,
  given: GivenCorpora,
  samples: number | undefined,
  resolve: () => Resolved,
): Settled {
  try {
    const { settled, ...corpora } = settleWith(resolve(), prepared, given);
    return { settled, ...corpora, samples: settleSamples(samples, corpora.validation) };
  } catch (error) {
    prepared.corpus.close();
    throw error;
  }
}

function settleWith(
  { config, origins }: Resolved,
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
    origins,
    resolved: config,
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

/** What a new run keeps out of a corpus. */
function newHoldOut(data: DataConfig, entry: CorpusEntry): HoldOut {
  const asked = askedHoldOut(data, entry);
  return {
    valid: data.valid === null ? asked.valid : 0,
    test: data.test === null ? (asked.test ?? (data.valid === null ? null : 0)) : 0,
  };
}

/** Refuses to write a run where another one is, or over the model that it is to start from. */
function refuseOut(out: string, force: boolean, origin: Origin | undefined): void {
  RunDirectory.refuseTaken(out, force);
  if (origin === undefined || resolve(dirname(origin.file)) !== resolve(out)) return;
  throw new XformerError("IO", "the model to start from is in this directory", {
    file: out,
    hint: "Choose another --out.",
  });
}

function prepare(
  config: RunConfig,
  cacheDirectory: string,
  { signal, onEvent }: RunOptions,
  holdOutOf: (data: DataConfig, entry: CorpusEntry) => HoldOut,
  { tokenizers, learner }: Vocabularies,
): Promise<PreparedCorpus> {
  let told = performance.now();
  return prepareCorpus({
    corpora: corporaToTrainOn(config.data, holdOutOf),
    languages: languagesOf(config.data),
    filter: config.filter,
    tokenizer: config.tokenizer,
    tokenizers,
    learner,
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
  frozenParameters(training.freeze, new Transformer(sizes).parameters.list); // before anything is made
  const pool = new WorkerPool(sizes, JOBS, { threads, kernels, profiled: profile });
  if (pool.warning !== undefined) onEvent?.({ type: "warning", message: pool.warning });
  pool.main.resources.adopt(corpus);
  try {
    return await work(pool);
  } finally {
    await pool.close();
  }
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
