import { join } from "node:path";
import type { Pairs } from "../data/corpus.ts";
import { XformerError } from "../errors.ts";
import type { ComputingOptions } from "../loadedModel.ts";
import type { CorpusInput, DataConfig } from "../training/config.ts";
import type { TrainingEvent } from "../training/events.ts";
import { cacheBeside } from "../training/prepare.ts";
import type { TestResult, TrainResult } from "../training/run.ts";
import { RunDirectory } from "../training/runDirectory.ts";
import {
  type TrainOptions as PathOptions,
  type ResumeOptions as ResumePathOptions,
  resume as resumeRun,
  train as trainRun,
} from "../training/train.ts";
import type { CallOptions } from "./calls.ts";
import { type Evaluation, scoresOf } from "./evaluation.ts";
import { type CorpusPairs, keepPairs } from "./givenPairs.ts";
import { loadModel } from "./loadModel.ts";
import type { TrainedModel } from "./trainedModel.ts";

/** A corpus: its path or its pairs; or several, each by its path, with a weight or a tag where there is one. */
type GivenCorpora = CorpusPairs | readonly CorpusInput[];

/** Where the pairs are, or the pairs themselves. */
export interface TrainingData extends Partial<Omit<DataConfig, "train" | "valid" | "test">> {
  /** A `.tsv` of two columns, a prefix that the two languages complete, or the pairs; or several such paths. */
  readonly train: GivenCorpora;
  /** Pairs to validate on; by default some of `train` are held out. */
  readonly valid?: GivenCorpora | null | undefined;
  /** Pairs for the test at the end; by default some of `train` are held out. */
  readonly test?: GivenCorpora | null | undefined;
}

/** What {@link train} can be told; what is left out is as in the README's first command. */
export interface TrainOptions extends Omit<PathOptions, "data">, Pick<CallOptions, "onProgress"> {
  /** The corpora; by default the bundled Chinese-English one. */
  readonly data?: TrainingData;
}

/** What {@link resume} can be told: settings that the run is expected to have, or a new end for it. */
export interface ResumeOptions extends ResumePathOptions, Pick<CallOptions, "onProgress"> {}

/** How a model did on the test pairs. */
export type TestEvaluation = Evaluation<
  "loss" | "perplexity" | "token-accuracy" | "exact-match" | "bleu" | "chrf"
> &
  Pairs;

/** How a run ended. */
export interface TrainedRun extends Omit<TrainResult, "test" | "average"> {
  /** The best model of the run, ready to translate; the last one of a run that was interrupted before it had a best. */
  readonly model: TrainedModel;
  /** The best model on the test pairs; null without such, or when interrupted. */
  readonly test: TestEvaluation | null;
  /** The average of the last or best checkpoints, when there is to be one and the run is at its end. */
  readonly average:
    | (Omit<NonNullable<TrainResult["average"]>, "test"> & { readonly test: TestEvaluation | null })
    | null;
}

/**
 * Trains a model, and leaves it in a run directory. Pairs that are given as such are kept in the cache beside it.
 *
 * @throws XformerError for anything a user can mend: the data, the sizes, the disk, a loss that is not finite; the
 *   signal's reason when it aborts before there is a run
 *
 * @example
 * const pairs = [{ source: "a b", target: "b a" }];
 * const { model, directory } = await train({ data: { train: pairs }, preset: "tiny", training: { maxSteps: 500 } });
 */
export async function train(options: TrainOptions = {}): Promise<TrainedRun> {
  const { data, onProgress, ...rest } = options;
  const onEvent = telling(onProgress, options.onEvent);
  const given = data === undefined ? {} : { data: await withPaths(data, options) };
  return finished(await trainRun({ ...rest, ...given, onEvent }), options);
}

/**
 * Goes on with a run that was stopped, as if it never had been.
 *
 * @param directory the run directory
 * @throws XformerError when the run's data or settings are not what they were
 *
 * @example
 * const { model } = await resume("runs/zh-en-1", { training: { maxEpochs: 20 } });
 */
export async function resume(directory: string, options: ResumeOptions = {}): Promise<TrainedRun> {
  const { onProgress, ...rest } = options;
  return finished(
    await resumeRun(directory, { ...rest, onEvent: telling(onProgress, options.onEvent) }),
    options,
  );
}

/** The corpora as paths: those that are given as pairs are written down. */
async function withPaths(
  { train: trained, valid, test, ...rest }: TrainingData,
  { out, cacheDirectory, signal }: TrainOptions,
): Promise<NonNullable<PathOptions["data"]>> {
  const directory = join(cacheDirectory ?? cacheBeside(out ?? RunDirectory.DEFAULT), "given");
  const placeOf = async (corpora: GivenCorpora, name: string): Promise<string | readonly CorpusInput[]> =>
    typeof corpora === "string" || arePaths(corpora)
      ? corpora
      : await keepPairs(corpora as Exclude<CorpusPairs, string>, directory, name, signal);
  if (trained === undefined) {
    throw new XformerError("CONFIG", "data.train is missing", {
      hint: "Give the pairs, or the path of a corpus.",
    });
  }
  return {
    ...rest,
    train: await placeOf(trained, "data.train"),
    ...(valid == null ? {} : { valid: await placeOf(valid, "data.valid") }),
    ...(test == null ? {} : { test: await placeOf(test, "data.test") }),
  };
}

/** Whether corpora are named by their paths. */
function arePaths(corpora: GivenCorpora): corpora is readonly CorpusInput[] {
  if (!Array.isArray(corpora) || corpora.length === 0) return false;
  return corpora.every(
    (entry: unknown) =>
      typeof entry === "string" || (typeof entry === "object" && entry !== null && "path" in entry),
  );
}

/** Tells of progress what events say of it. */
function telling(
  onProgress: CallOptions["onProgress"],
  onEvent: (event: TrainingEvent) => void = () => {},
): (event: TrainingEvent) => void {
  return (event) => {
    onEvent(event);
    if (event.type === "preparing") onProgress?.({ unit: "pairs", done: event.pairs, total: undefined });
    if (event.type === "step") onProgress?.({ unit: "steps", done: event.step, total: event.totalSteps });
  };
}

async function finished(
  { test, average, ...result }: TrainResult,
  { threads, kernels }: ComputingOptions,
): Promise<TrainedRun> {
  return {
    ...result,
    model: await loadModel(result.directory, { threads, kernels }),
    test: testOf(test),
    average: average === null ? null : { ...average, test: testOf(average.test) },
  };
}

function testOf(test: TestResult | null): TestEvaluation | null {
  if (test === null) return null;
  const { source, target, measured, translations } = test;
  return { pairs: source.length, scores: scoresOf(measured), translations, source, target };
}
