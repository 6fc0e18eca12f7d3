import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { CorpusHash, loadCorpus } from "../data/corpus.ts";
import { XformerError } from "../errors.ts";
import { bleuTokenizerFor, evaluate } from "../evaluation/evaluate.ts";
import { scoreOf } from "../evaluation/metrics.ts";
import { bleuTokenizers } from "../evaluation/tokenizers.ts";
import { makeDirectory } from "../io/makeDirectory.ts";
import { type LoadedModel, loadFiles } from "../loadedModel.ts";
import type { TrainingEvent } from "../training/events.ts";
import { RunDirectory } from "../training/runDirectory.ts";
import { acquireRunLock } from "../training/runLock.ts";
import { resume, train } from "../training/train.ts";
import type { PlannedRun, TestOrder, TestSet } from "./plan.ts";
import { type Measurement, type Outcome, type RunRecord, readRecord, writeRecord } from "./runRecord.ts";

/** What a process of the lab is to do: a run, or to find out how fast it would be. */
export interface JobOrder {
  readonly kind: "run" | "time";
  readonly run: PlannedRun;
  readonly threads: number;
  readonly cacheDirectory: string;
}

/** How far a run is. */
export interface JobProgress {
  readonly step: number;
  readonly totalSteps: number;
  readonly loss: number;
  /** Whether it has come to its end, and is measured. */
  readonly isTested: boolean;
}

/** What has become of an order. */
export type JobEnd =
  | { readonly kind: "done" | "stopped" }
  | { readonly kind: "timed"; readonly secondsPerStep: number; readonly steps: number };

/** Milliseconds between two reports of progress. */
const TELL_EVERY = 100;
/** Milliseconds to wait for a process that has lost its lab and saves its run, and how often to look. */
const PATIENCE = { most: 20_000, every: 100 };

/** Does what is ordered, in a process of its own. */
export async function doJob(
  order: JobOrder,
  onProgress: (progress: JobProgress) => void,
  signal: AbortSignal,
): Promise<JobEnd> {
  if (order.kind === "time") return time(order, signal);
  const { run } = order;
  makeDirectory(run.directory);
  await whenFree(run.directory, signal);
  let record = readRecord(run.directory, run.fingerprint) ?? {
    fingerprint: run.fingerprint,
    label: run.label,
    outcome: null,
    measurements: {},
  };
  const keep = (more: Partial<RunRecord>): void => {
    record = { ...record, ...more };
    writeRecord(run.directory, record);
  };
  if (record.outcome === null) {
    keep({});
    const outcome = await trained(order, onProgress, signal);
    if (outcome === undefined) return { kind: "stopped" };
    keep({ outcome });
  }
  if (record.outcome?.kind !== "trained") return { kind: "done" };
  const missing = run.tests.filter(({ key }) => !Object.hasOwn(record.measurements, key));
  if (missing.length === 0) return { kind: "done" };
  const { steps } = record.outcome;
  onProgress({ step: steps, totalSteps: steps, loss: Number.NaN, isTested: true });
  const model = await loadFiles(run.directory, computingOf(order));
  try {
    for (const test of missing) {
      const measurement = await measure(model, test, run.directory, signal);
      keep({ measurements: { ...record.measurements, [test.key]: measurement } });
    }
  } catch (error) {
    if (signal.aborted && error === signal.reason) return { kind: "stopped" };
    throw error;
  } finally {
    await model.close();
  }
  return { kind: "done" };
}

/** Trains from the beginning, or from where it was stopped; undefined when it is stopped again. */
async function trained(
  order: JobOrder,
  onProgress: (progress: JobProgress) => void,
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  const { run, cacheDirectory } = order;
  const { last } = new RunDirectory(run.directory);
  let parameters = 0;
  let told = Number.NEGATIVE_INFINITY;
  const onEvent = (event: TrainingEvent): void => {
    if (event.type === "started") ({ parameters } = event.summary);
    if (event.type !== "step" || performance.now() - told < TELL_EVERY) return;
    told = performance.now();
    const { step, totalSteps, loss } = event;
    onProgress({ step, totalSteps, loss, isTested: false });
  };
  const common = { ...computingOf(order), cacheDirectory, samples: 0, signal, onEvent };
  try {
    const { interrupted, step, best } = existsSync(last)
      ? await resume(run.directory, common)
      : await train({ ...run.options, ...common, out: run.directory, force: true });
    return interrupted ? undefined : { kind: "trained", steps: step, parameters, best };
  } catch (error) {
    if (signal.aborted && error === signal.reason) return undefined;
    if (error instanceof XformerError && error.code === "DIVERGED")
      return { kind: "diverged", message: error.message };
    throw error;
  }
}

/** Prepares a run and takes some steps that are thrown away. */
async function time(order: JobOrder, signal: AbortSignal): Promise<JobEnd> {
  const { run, cacheDirectory } = order;
  const enough = new AbortController();
  let end: JobEnd = { kind: "stopped" };
  await train({
    ...run.options,
    ...computingOf(order),
    cacheDirectory,
    samples: 0,
    out: run.directory,
    force: true,
    signal: AbortSignal.any([signal, enough.signal]),
    onEvent: (event) => {
      if (event.type !== "started") return;
      const { totalSteps, estimatedSeconds } = event.summary;
      end = { kind: "timed", secondsPerStep: estimatedSeconds / totalSteps, steps: totalSteps };
      enough.abort();
    },
  }).catch((error: unknown): undefined => {
    if (!signal.aborted || error !== signal.reason) throw error;
    return undefined;
  });
  return signal.aborted ? { kind: "stopped" } : end;
}

async function measure(
  { description, translator }: LoadedModel,
  { test, decoding, metrics }: TestOrder,
  directory: string,
  signal: AbortSignal,
): Promise<Measurement> {
  const { source, target } = pairsOf(test, directory);
  const bleuTokenizer = bleuTokenizerFor(description.targetLanguage);
  const { measured } = await evaluate(translator, source, target, {
    bleuTokenizer,
    lowercase: description.targetTokenizer.lowercase,
    metrics,
    // A test of longer sequences is one of the model: it gets them whole.
    decoding: { ...decoding, longLines: "keep", ...(test.tag === null ? {} : { tag: test.tag }) },
    signal,
  });
  const hash = new CorpusHash();
  for (const [i, line] of source.entries()) hash.add(line, target[i]!);
  return {
    pairs: hash.digest(),
    lengths: target.map((line) => bleuTokenizers[bleuTokenizer](line).length),
    metrics: measured.map((each) => ({
      metric: each.metric,
      score: scoreOf(each).score,
      signature: each.signature,
      rows: each.rows,
    })),
  };
}

/** Test pairs, of a corpus or of what the run has held out. */
function pairsOf({ path, languages }: TestSet, directory: string): ReturnType<typeof loadCorpus> {
  if (path !== null) return loadCorpus(path, languages);
  const { heldOut } = new RunDirectory(directory);
  const table = join(heldOut, "test.tsv");
  if (existsSync(table)) return loadCorpus(table);
  const named = loadNames(languages);
  if (existsSync(join(heldOut, `test.${named.source}`))) return loadCorpus(join(heldOut, "test"), named);
  throw new XformerError("DATA", "the run has held out no pairs to be tested on", {
    file: directory,
    hint: "Give base.data a test, or list some under tests.",
  });
}

/** The endings of held-out files: the languages, or the sides where these do not tell them apart. */
function loadNames({ source = "", target = "" }: TestSet["languages"]): { source: string; target: string } {
  const areTold = source !== "" && target !== "" && source !== target;
  return areTold ? { source, target } : { source: "source", target: "target" };
}

function computingOf({ run, threads }: JobOrder): Pick<PlannedRun["options"], "threads" | "kernels"> {
  return { threads, kernels: run.options.kernels };
}

/**
 * Waits until nobody has the run any more: a process whose lab was killed stops after its step.
 *
 * @throws XformerError IO when somebody goes on with it
 */
async function whenFree(directory: string, signal: AbortSignal): Promise<void> {
  for (let waited = 0; ; waited += PATIENCE.every) {
    try {
      acquireRunLock(directory).release();
      return;
    } catch (error) {
      if (waited >= PATIENCE.most || signal.aborted) throw error;
    }
    await setTimeout(PATIENCE.every);
  }
}
