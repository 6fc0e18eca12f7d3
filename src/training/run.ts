import type { Pairs, PairsByCorpus } from "../data/corpus.ts";
import { Translator } from "../decoding/translator.ts";
import { XformerError } from "../errors.ts";
import { describeKernels } from "../kernels/kernels.ts";
import { floatsIn } from "../model/parameters.ts";
import type { Pool } from "../replicas/pool.ts";
import { loadCheckpoint } from "./checkpoint.ts";
import { averageCheckpoints } from "./checkpointAverage.ts";
import { type Checkpoint, type CheckpointDescription, restore } from "./checkpointFormat.ts";
import type { SettledConfig } from "./config.ts";
import { epochOf, partsOf } from "./epoch.ts";
import { EventFile } from "./eventFile.ts";
import type { RunSummary, TrainingEvent } from "./events.ts";
import type { BatchFeed } from "./feed.ts";
import { frozenParameters } from "./freeze.ts";
import { Keeper } from "./keeper.ts";
import { fillMoments, type Origin } from "./origin.ts";
import type { FittedTime } from "./pace.ts";
import type { PreparedCorpus } from "./prepare.ts";
import type { RunDirectory } from "./runDirectory.ts";
import type { Origins } from "./settings/origins.ts";
import { usualMetric } from "./settle.ts";
import {
  bestOf,
  type LongerEnd,
  longerEnd,
  progressOf,
  type TrainingState,
  type ValidationRecord,
} from "./state.ts";
import type { TrainingStep } from "./step.ts";
import { Trainer } from "./trainer.ts";
import { unknownTokens } from "./unknownTokens.ts";
import { type Measurement, type MeasureOptions, measure, type Validation, validate } from "./validation.ts";

/** A model on the test pairs, with the pairs. */
export type TestResult = Measurement & Pairs;

/** How a run ended. */
export interface TrainResult {
  /** The run directory. */
  readonly directory: string;
  readonly step: number;
  /** Whether the run was stopped by its signal before its end, or before it was measured there. */
  readonly interrupted: boolean;
  /** Whether the run was only made ready to be trained elsewhere. */
  readonly prepared: boolean;
  readonly best: ValidationRecord | null;
  /** The end that is worth giving to a run that was still getting better when it came to its own; null for another. */
  readonly longer: LongerEnd | null;
  /** The best model on the test corpus, with the corpus; none without one or when interrupted. */
  readonly test: TestResult | null;
  /** The average of the last or best checkpoints, when there is to be one and the run is at its end. */
  readonly average: {
    readonly file: string;
    readonly steps: readonly number[];
    readonly valid: ValidationRecord["valid"] | null;
    readonly test: TestResult | null;
  } | null;
}

/** What a caller of a run may ask for. */
export interface RunOptions {
  /** Whether to report where the time of the main thread went. */
  readonly profile?: boolean | undefined;
  /** Validation sentences whose translations are told after each validation; 3 by default. */
  readonly samples?: number | undefined;
  /** Whether to write event files for TensorBoard into the run directory. */
  readonly tensorboard?: boolean | undefined;
  /** Whether to stop before the next step, with the encoded corpus in the run directory: for training elsewhere. */
  readonly prepare?: boolean | undefined;
  readonly onEvent?: (event: TrainingEvent) => void;
  /** Aborts the run after the step under way, which is saved; measuring ends at once. */
  readonly signal?: AbortSignal;
}

/** Everything that a run works with. */
export interface RunParts {
  readonly config: SettledConfig;
  /** MiB to which the batches were fitted; null when they were not. */
  readonly memory: number | null;
  readonly prepared: PreparedCorpus;
  /** Where the values of settings come from that nobody has to give. */
  readonly origins: Origins;
  readonly validation: PairsByCorpus | null;
  readonly test: PairsByCorpus | null;
  /** With a model whose weights are the first ones, until a checkpoint fills it. */
  readonly pool: Pool;
  readonly step: TrainingStep;
  readonly feed: BatchFeed;
  readonly directory: RunDirectory;
  /** Validation sentences whose translations are told. */
  readonly samples: number;
  readonly tensorboard: boolean;
  /** Whether it is only made ready. */
  readonly prepare: boolean;
  /** The model that it starts from, with as many tokens more as the vocabularies have grown by. */
  readonly origin?: (Origin & { readonly grown: RunSummary["grown"] }) | undefined;
  /** What was found out about its speed, when that was to decide its steps. */
  readonly fitted?: FittedTime | undefined;
}

/** A run from its first or next step to its end: training, and what is measured afterwards. */
export class Run {
  readonly #parts: RunParts;
  readonly #emit: (event: TrainingEvent) => void;
  readonly #step: TrainingStep;
  readonly #keeper: Keeper;
  readonly #trainer: Trainer;
  readonly #translator: Translator;
  readonly #first: number;
  /** What TensorBoard is told, where that is wanted. */
  #events: EventFile | undefined;

  constructor(parts: RunParts, state: TrainingState, onEvent: (event: TrainingEvent) => void = () => {}) {
    const { config, prepared, validation, pool, step, feed, directory, origin } = parts;
    const { tokenizers } = prepared;
    const { model, workbench } = pool.main;
    const description = describe(parts);
    this.#parts = parts;
    this.#emit = onEvent;
    this.#first = state.step;
    this.#translator = new Translator(pool, tokenizers.source, tokenizers.target, description);
    this.#step = step;
    if (origin !== undefined && config.start.keepOptimizer)
      fillMoments(model.parameters, step.adam, origin, workbench.heap);
    this.#keeper = new Keeper(directory, description, pool.main, this.#step);
    this.#trainer = new Trainer(this.#step, feed, model.config.dModel, state, {
      validate:
        validation === null
          ? undefined
          : async (signal) => {
              workbench.profile?.stop(); // validating is not training
              const measured = await this.#step.withMovingAverage(() => this.#validate(validation, signal));
              workbench.profile?.start();
              return measured;
            },
      save: (saved) => this.#keeper.save(saved, (file) => onEvent({ type: "saved", file, step: saved.step })),
      log: (record) => {
        directory.append(record);
        this.#events?.append(record);
      },
      emit: onEvent,
      pause: () => pool.pause(),
    });
  }

  /**
   * Carries the run out, from where the checkpoint left it.
   *
   * @throws XformerError for a checkpoint of another model, a disk that refuses, a training that diverges
   */
  async carryOut(checkpoint: Checkpoint | null, signal: AbortSignal | undefined): Promise<TrainResult> {
    const { pool, directory } = this.#parts;
    const { model, workbench } = pool.main;
    const { state } = this.#trainer;
    if (checkpoint === null) {
      await this.#keeper.save(state); // so that there is something to go on from whenever it is stopped
    } else {
      if (!this.#trainer.isWithinEpoch) {
        const problem = `training.batch in its metadata is ${state.batch}, but its epoch has fewer batches`;
        const hint = "Use another copy, or train again.";
        throw new XformerError("CHECKPOINT", problem, { file: checkpoint.file, hint });
      }
      restore(checkpoint, model, workbench.heap, this.#step);
      pool.weightsChanged();
      await this.#keeper.follow(state);
    }
    const elapsedSeconds = directory.rewindMetrics(state.step);
    if (this.#parts.tensorboard) this.#events = new EventFile(directory.nextEventFile(), state.step);
    this.#emit({ type: "started", summary: await this.#summarise() });
    if (this.#parts.prepare) return await this.#handOver();
    workbench.profile?.start();
    const end = await this.#trainer.run(elapsedSeconds, signal);
    this.#reportEnd(end === "patience");
    const ended = {
      directory: directory.path,
      step: this.#trainer.state.step,
      best: bestOf(this.#trainer.state),
      longer: end === "finished" ? longerEnd(this.#trainer.state) : null,
    };
    const unmeasured = { ...ended, interrupted: true, prepared: false, test: null, average: null };
    if (end === "interrupted") return unmeasured;
    try {
      return { ...ended, interrupted: false, prepared: false, ...(await this.#measureEnd(signal)) };
    } catch (error) {
      if (signal?.aborted && error === signal.reason) return unmeasured;
      throw error;
    }
  }

  /** Leaves what it takes to train elsewhere: beside the last state, the pairs. */
  async #handOver(): Promise<TrainResult> {
    const { directory, prepared } = this.#parts;
    const { state } = this.#trainer;
    await this.#keeper.save(state); // its end may be another one now
    directory.keepPairs(prepared.corpus.file);
    const nothing = { longer: null, test: null, average: null };
    const { path, step } = { path: directory.path, step: state.step };
    return { directory: path, step, best: bestOf(state), interrupted: false, prepared: true, ...nothing };
  }

  async #summarise(): Promise<RunSummary> {
    const { config, origins, prepared, validation, test, pool, directory } = this.#parts;
    const { model, workbench } = pool.main;
    const { totalSteps, state, stepsPerEpoch } = this.#trainer;
    const { pairs, statistics } = prepared.corpus;
    const { tokens } = epochOf(prepared);
    const speed = this.#parts.fitted?.tokensPerSecond ?? (await this.#trainer.measureSpeed());
    const secondsPerEpoch = tokens / speed;
    const frozen = frozenParameters(config.training.freeze, model.parameters.list);
    return {
      directory: directory.path,
      model: model.config,
      training: config.training,
      origins,
      totalSteps,
      parameters: model.parameters.count,
      trained: model.parameters.count - frozen.reduce((sum, { shape }) => sum + floatsIn(shape), 0),
      start: state.origin === undefined ? null : { ...config.start, ...state.origin },
      grown: this.#parts.origin?.grown ?? null,
      fitted: this.#parts.fitted ?? null,
      kernels: describeKernels(pool.kernels),
      threads: pool.threads,
      corpus: { ...statistics, name: prepared.name, pairs },
      corpora: partsOf(prepared),
      validPairs: validation?.source.length ?? 0,
      metricReason: validation && usualMetric(validation, config.data.targetLanguage).reason,
      testPairs: test?.source.length ?? 0,
      unknown: {
        valid: validation && unknownTokens(validation, prepared.tokenizers),
        test: test && unknownTokens(test, prepared.tokenizers),
      },
      heldOut: {
        directory:
          prepared.heldOut.valid === null && prepared.heldOut.test === null ? null : directory.heldOut,
        tooFew: prepared.corpora.some(({ division }) => division.isTooSmall),
      },
      secondsPerEpoch,
      estimatedSeconds: (secondsPerEpoch / stepsPerEpoch) * Math.max(0, totalSteps - state.step),
      memory: {
        shared: workbench.heap.wasm.buffer.byteLength,
        resident: process.memoryUsage.rss(),
        limit: this.#parts.memory,
      },
      resumedAt: state.step,
    };
  }

  #reportEnd(impatient: boolean): void {
    const { profile } = this.#parts.pool.main.workbench;
    const { state } = this.#trainer;
    const best = bestOf(state);
    if (impatient && best !== null) {
      this.#emit({ type: "patience", step: state.step, best, validations: progressOf(state).sinceBest });
    }
    if (profile === undefined) return;
    profile.stop();
    this.#emit({ type: "profile", report: profile.report(), steps: state.step - this.#first });
  }

  /** The best model, and the average, on the test pairs. */
  async #measureEnd(signal: AbortSignal | undefined): Promise<Pick<TrainResult, "test" | "average">> {
    this.#load(this.#parts.directory.best);
    const test = await this.#test(signal);
    return { test, average: await this.#average(signal) };
  }

  async #average(signal: AbortSignal | undefined): Promise<TrainResult["average"]> {
    const { directory, validation } = this.#parts;
    const { kept, config } = this.#trainer.state;
    const steps = kept[config.averageOf].slice(0, config.average);
    if (config.average <= 1 || steps.length === 0) return null;
    averageCheckpoints(
      steps.map((step) => directory.checkpoint(step)),
      directory.average,
    );
    this.#load(directory.average);
    const { valid } = validation === null ? { valid: null } : await this.#validate(validation, signal);
    return { file: directory.average, steps, valid, test: await this.#test(signal) };
  }

  #load(file: string): void {
    const { model, workbench } = this.#parts.pool.main;
    restore(loadCheckpoint(file), model, workbench.heap);
    this.#parts.pool.weightsChanged();
  }

  #validate(pairs: PairsByCorpus, signal: AbortSignal | undefined): Promise<Validation> {
    const { training } = this.#parts.config;
    const { samples } = this.#parts;
    this.#emit({ type: "measuring", on: "validation", pairs: pairs.source.length });
    return validate(
      this.#translator,
      pairs,
      training.validatePairs,
      samples,
      this.#measureOptions(training.validBeam, signal),
    );
  }

  async #test(signal: AbortSignal | undefined): Promise<TestResult | null> {
    const { test } = this.#parts;
    if (test === null) return null;
    this.#emit({ type: "measuring", on: "test", pairs: test.source.length });
    const { validBeam, testBeam } = this.#parts.config.training;
    const options = this.#measureOptions(testBeam ?? validBeam, signal);
    const evaluation = await measure(this.#translator, test, options);
    return { ...evaluation, source: test.source, target: test.target };
  }

  #measureOptions(beam: number, signal: AbortSignal | undefined): MeasureOptions {
    const { config, prepared } = this.#parts;
    return {
      targetLanguage: config.data.targetLanguage,
      lowercase: prepared.tokenizers.target.lowercase,
      beam,
      signal,
    };
  }
}

/** What a model is described by beside its weights. */
export function describe({
  config,
  prepared,
}: Pick<RunParts, "config" | "prepared">): Omit<CheckpointDescription, "model" | "training"> {
  const { corpus, tokenizers } = prepared;
  const { longestSource, longestTarget, mostSentences } = corpus.statistics;
  return {
    sourceLanguage: config.data.sourceLanguage,
    targetLanguage: config.data.targetLanguage,
    // Half as long again as the longest target seen, so that a model that never says END is stopped.
    outputLimit: Math.ceil(1.5 * longestTarget) + 5,
    lengths: { source: longestSource, target: longestTarget, sentences: mostSentences },
    sourceTokenizer: tokenizers.source,
    targetTokenizer: tokenizers.target,
  };
}
