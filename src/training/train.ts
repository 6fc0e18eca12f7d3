import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Corpus, corpusFingerprint, loadCorpus } from "../data/corpus.ts";
import { Translator } from "../decoding/translator.ts";
import { XformerError } from "../errors.ts";
import { bleuTokenizerFor, type Evaluation, evaluate } from "../evaluation/evaluate.ts";
import { perform } from "../jobs.ts";
import { type ModelConfig, PRESETS, type PresetName } from "../model/config.ts";
import { ReplicaPool } from "../replicas/pool.ts";
import {
  type Checkpoint,
  type CheckpointDescription,
  loadCheckpoint,
  restore,
  saveCheckpoint,
} from "./checkpoint.ts";
import { BUNDLED_TRAINING, DEFAULT_TRAINING, type TrainingConfig, validateTrainingConfig } from "./config.ts";
import type { TrainingEvent } from "./events.ts";
import {
  learnTokenizers,
  type PreparedCorpus,
  prepareCorpus,
  type TokenizerConfig,
  type Tokenizers,
} from "./prepare.ts";
import { RunDirectory } from "./runDirectory.ts";
import { initialState, type ValidationRecord } from "./state.ts";
import { TrainingStep } from "./step.ts";
import { Trainer } from "./trainer.ts";

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

/** What {@link train} can be told; what is left out is as in the README's first command. */
export interface TrainOptions {
  /** The corpora; by default the bundled Chinese-English one. */
  readonly data?: { readonly train: string } & Partial<DataConfig>;
  /** Where the run goes; by default `runs/<corpus>-<n>`. */
  readonly out?: string | undefined;
  /** Whether a run that is in `out` already may be overwritten. */
  readonly force?: boolean;
  readonly preset?: PresetName;
  /** Sizes and choices that differ from the preset. */
  readonly model?: Partial<RunConfig["model"]>;
  readonly tokenizer?: Partial<TokenizerConfig>;
  readonly training?: Partial<TrainingConfig>;
  /** Threads to compute on; by default one a core. The result does not depend on it. */
  readonly threads?: number | undefined;
  /** Whether to report where the time of the main thread went. */
  readonly profile?: boolean | undefined;
  readonly onEvent?: (event: TrainingEvent) => void;
  /** Aborts the run after the step under way, which is saved. */
  readonly signal?: AbortSignal;
}

/** What {@link resume} can be told. */
export interface ResumeOptions extends Pick<TrainOptions, "onEvent" | "signal" | "threads" | "profile"> {
  /** Settings that the run is expected to have, or a new end for it (`maxSteps`, `maxEpochs`). */
  readonly data?: Partial<DataConfig>;
  readonly model?: Partial<RunConfig["model"]>;
  readonly tokenizer?: Partial<TokenizerConfig>;
  readonly training?: Partial<TrainingConfig>;
}

/** How a run ended. */
export interface TrainResult {
  /** The run directory. */
  readonly directory: string;
  readonly step: number;
  /** Whether the run was stopped by its signal before its end. */
  readonly interrupted: boolean;
  readonly best: ValidationRecord | null;
  /** The best model on the test corpus, with the corpus; none without one or when interrupted. */
  readonly test: (Evaluation & Pick<Corpus, "source" | "target">) | null;
}

/** The corpus that comes with the package, as a prefix without its split. */
const BUNDLED_CORPUS: string = fileURLToPath(new URL("../../data/zh-en/", import.meta.url));

const DEFAULT_TOKENIZER: TokenizerConfig = {
  kind: "word",
  lowercase: false,
  minFrequency: 1,
  vocabularySize: null,
};

const DEFAULT_MODEL = {
  norm: "post",
  activation: "relu",
  positions: "sinusoidal",
  tie: "decoder",
  maxLength: 256,
  attentionDropout: null,
  activationDropout: 0,
} as const satisfies Partial<ModelConfig>;

/**
 * Trains a model and leaves it in a run directory.
 *
 * @throws XformerError for anything a user can mend: the data, the sizes, the disk, a loss that is not finite
 *
 * @example
 * const { directory } = await train({ data: { train: "pairs.tsv" }, preset: "tiny", training: { maxSteps: 500 } });
 */
export async function train(options: TrainOptions = {}): Promise<TrainResult> {
  const config = resolveConfig(options);
  const corpus = loadCorpus(config.data.train, languagesOf(config.data));
  const validation = loadOptional(config.data.valid, config.data);
  const test = loadOptional(config.data.test, config.data);
  const { source, target } = languagesOf(config.data);
  const languages = { source: source ?? "und", target: target ?? "und" };
  const tokenizers = learnTokenizers(corpus, config.tokenizer, languages, config.model.tie === "all");
  const prepared = prepareCorpus(corpus, tokenizers, config.model.maxLength);
  const pool = new ReplicaPool(
    withVocabularies(config.model, tokenizers),
    perform,
    options.threads,
    options.profile,
  );
  pool.main.model.initialise(config.training.seed);
  const state = initialState(config.training, corpusFingerprint(corpus));
  const directory = RunDirectory.create(options.out, corpus.name, options.force ?? false);
  directory.writeConfig(withFullPaths(config));
  const run = { config, corpus, validation, test, tokenizers, prepared, pool, directory };
  return carryOut(run, state, null, options).finally(() => pool.close());
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
      hint: "Name the run directory that `xformer train` printed.",
    });
  }
  const checkpoint = loadCheckpoint(directory.last);
  const stored = directory.readConfig() as RunConfig;
  refuseOther(path, "model", stored.model, options.model);
  refuseOther(path, "tokenizer", stored.tokenizer, options.tokenizer);
  const { maxSteps, maxEpochs, ...fixed } = options.training ?? {};
  refuseOther(path, "training", stored.training, fixed);
  const end = {
    ...(maxSteps === undefined ? {} : { maxSteps }),
    ...(maxEpochs === undefined ? {} : { maxEpochs }),
  };
  const training = validateTrainingConfig({ ...checkpoint.training.config, ...end });
  const data = { ...stored.data, ...options.data };
  const config = { ...stored, data, training };
  const corpus = loadCorpus(data.train, languagesOf(data));
  if (corpusFingerprint(corpus) !== checkpoint.training.corpus) {
    throw new XformerError("DATA", `this is not the data that the run in ${path} was begun with`, {
      file: corpus.files.source,
      hint: "Restore the training files, or begin a new run.",
    });
  }
  const tokenizers = { source: checkpoint.sourceTokenizer, target: checkpoint.targetTokenizer };
  const prepared = prepareCorpus(corpus, tokenizers, checkpoint.model.maxLength);
  const pool = new ReplicaPool(checkpoint.model, perform, options.threads, options.profile);
  const validation = loadOptional(data.valid, data);
  const test = loadOptional(data.test, data);
  directory.writeConfig(withFullPaths(config));
  const run = { config, corpus, validation, test, tokenizers, prepared, pool, directory };
  return carryOut(run, { ...checkpoint.training, config: training }, checkpoint, options).finally(() =>
    pool.close(),
  );
}

/** Everything a run works with. */
interface Run {
  readonly config: RunConfig;
  readonly corpus: Corpus;
  readonly validation: Corpus | null;
  readonly test: Corpus | null;
  readonly tokenizers: Tokenizers;
  readonly prepared: PreparedCorpus;
  readonly pool: ReplicaPool;
  readonly directory: RunDirectory;
}

async function carryOut(
  run: Run,
  state: ReturnType<typeof initialState>,
  checkpoint: Checkpoint | null,
  { onEvent = () => {}, signal }: Pick<TrainOptions, "onEvent" | "signal" | "threads" | "profile">,
): Promise<TrainResult> {
  const { config, corpus, validation, tokenizers, prepared, pool, directory } = run;
  const { model, workbench } = pool.main;
  const { memory, profile } = workbench;
  const { vocabulary } = tokenizers.target;
  const description = describeRun(run);
  const translator = new Translator(pool, tokenizers.source, tokenizers.target, description.outputLimit);
  const measure = (of: Corpus): Promise<Evaluation> =>
    evaluate(translator, of.source, of.target, {
      bleuTokenizer: bleuTokenizerFor(config.data.targetLanguage),
      lowercase: config.tokenizer.lowercase,
    });
  const step = new TrainingStep(pool, vocabulary, config.training);
  const trainer = new Trainer(step, model.config.dModel, prepared.pairs, state, {
    validate:
      validation === null
        ? undefined
        : async () => {
            profile?.stop(); // validating is not training
            const valid = summarise(await measure(validation));
            profile?.start();
            return valid;
          },
    save: (training, best) => {
      const files = best ? [directory.best, directory.last] : [directory.last];
      for (const file of files) {
        const adam = file === directory.last ? step.adam : undefined;
        saveCheckpoint(file, model, { ...description, training }, memory, adam);
        onEvent({ type: "saved", file, step: training.step });
      }
    },
    log: (record) => directory.append(record),
    emit: onEvent,
  });
  if (checkpoint !== null) restore(checkpoint, model, memory, step.adam);
  const { pairs, ...counts } = prepared;
  const { totalSteps } = trainer;
  onEvent({
    type: "started",
    summary: {
      ...{ directory: directory.path, model: model.config, training: config.training, totalSteps },
      parameters: model.parameters.count,
      kernels: pool.build,
      threads: pool.threads,
      corpus: { ...counts, name: corpus.name, pairs: pairs.length },
      validPairs: validation?.source.length ?? 0,
      testPairs: run.test?.source.length ?? 0,
      estimatedSeconds: (await trainer.measureStep()) * Math.max(0, totalSteps - state.step),
      resumedAt: state.step,
    },
  });
  profile?.start();
  const finished = await trainer.run(directory.rewindMetrics(state.step), signal);
  if (profile !== undefined) {
    profile.stop();
    onEvent({ type: "profile", report: profile.report(), steps: trainer.state.step - state.step });
  }
  const { best } = trainer.state;
  const result = { directory: directory.path, step: trainer.state.step, interrupted: !finished, best };
  if (!finished || run.test === null) return { ...result, test: null };
  restore(loadCheckpoint(directory.best), model, memory);
  pool.weightsChanged();
  return {
    ...result,
    test: { ...(await measure(run.test)), source: run.test.source, target: run.test.target },
  };
}

function describeRun({
  config,
  tokenizers,
  prepared,
}: Run): Omit<CheckpointDescription, "model" | "training"> {
  return {
    sourceLanguage: config.data.sourceLanguage,
    targetLanguage: config.data.targetLanguage,
    // Half as long again as the longest target seen, so that a model that never says END is stopped.
    outputLimit: Math.ceil(1.5 * prepared.longestTarget) + 5,
    sourceTokenizer: tokenizers.source,
    targetTokenizer: tokenizers.target,
  };
}

function summarise({ loss, perplexity, bleu, exactMatch }: Evaluation): ValidationRecord["valid"] {
  return { loss, perplexity, bleu: bleu.score, exactMatch };
}

function resolveConfig(options: TrainOptions): RunConfig {
  const data: DataConfig = {
    valid: null,
    test: null,
    sourceLanguage: "",
    targetLanguage: "",
    ...(options.data ?? bundledData()),
  };
  const preset = PRESETS[options.preset ?? "small"];
  const usual = { ...DEFAULT_TRAINING, ...(options.data === undefined ? BUNDLED_TRAINING : {}) };
  return {
    data,
    tokenizer: { ...DEFAULT_TOKENIZER, ...options.tokenizer },
    model: { ...DEFAULT_MODEL, ...preset, ...options.model },
    training: validateTrainingConfig({ ...usual, ...options.training }),
  };
}

function bundledData(): DataConfig {
  const [train, valid, test] = ["train", "valid", "test"].map((split) => `${BUNDLED_CORPUS}${split}`);
  return { train: train!, valid: valid!, test: test!, sourceLanguage: "zh", targetLanguage: "en" };
}

/** A run may be resumed from another working directory; until then paths are as the user wrote them. */
function withFullPaths(config: RunConfig): RunConfig {
  const { train: path, valid, test } = config.data;
  const full = (other: string | null): string | null => (other === null ? null : resolve(other));
  return { ...config, data: { ...config.data, train: resolve(path), valid: full(valid), test: full(test) } };
}

function languagesOf({ sourceLanguage, targetLanguage }: DataConfig): { source?: string; target?: string } {
  return {
    ...(sourceLanguage === "" ? {} : { source: sourceLanguage }),
    ...(targetLanguage === "" ? {} : { target: targetLanguage }),
  };
}

function loadOptional(path: string | null, data: DataConfig): Corpus | null {
  return path === null ? null : loadCorpus(path, languagesOf(data));
}

function withVocabularies(model: RunConfig["model"], { source, target }: Tokenizers): ModelConfig {
  return { ...model, sourceVocabSize: source.vocabulary.size, targetVocabSize: target.vocabulary.size };
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
