import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { XformerError } from "../errors.ts";
import { bleuTokenizerFor, evaluate } from "../evaluation/evaluate.ts";
import type { Measured } from "../evaluation/metrics.ts";
import { type CorpusFacts, MOST_COUNTED, SideCounter } from "../report/corpusFacts.ts";
import { inspection, settingsOf } from "../report/inspection.ts";
import {
  comparisonOf,
  heldOut,
  type MeasuredPairs,
  REPORTED,
  type RunDetails,
  type RunReport,
  type RunRow,
  samplesOver,
  scoresOf,
  secondsOf,
  tableOf,
} from "../report/runReport.ts";
import { curvesOf } from "../report/runs.ts";
import { describeCheckpoint } from "../training/checkpoint.ts";
import type { RunConfig } from "../training/config.ts";
import { corporaToTrainOn, type UnseenPairs, unseenPairs } from "../training/runCorpora.ts";
import { RunDirectory } from "../training/runDirectory.ts";
import { readRunConfig } from "../training/settings/configFile.ts";
import { bestOf } from "../training/state.ts";
import { TrainingText } from "../training/trainingText.ts";
import { type ComputingFlags, openModel } from "./computing.ts";
import type { Warn } from "./ui/terminal.ts";

/** A run directory that was looked into. */
export interface OpenedRun {
  readonly name: string;
  readonly directory: RunDirectory;
  readonly checkpoint: ReturnType<typeof describeCheckpoint>;
  /** Null where it is not there, or cannot be read any more. */
  readonly config: RunConfig | null;
  readonly records: readonly object[];
}

/** Pairs to hold runs against, and where they are from: what a run keeps them for, or a path. */
export interface TestPairs extends Omit<UnseenPairs, "from"> {
  readonly from: string;
}

/**
 * Looks into a run directory.
 *
 * @param note told what is not there
 * @throws XformerError USAGE for what is no directory, CHECKPOINT or IO without a model
 */
export async function openRun(path: string, note: Warn): Promise<OpenedRun> {
  const directory = new RunDirectory(path);
  if (statSync(path, { throwIfNoEntry: false })?.isFile()) {
    throw new XformerError("USAGE", "this is a file, but a report is about a run", {
      file: path,
      hint: "Name the run directory that `xformer train` printed.",
    });
  }
  const checkpoint = describeCheckpoint(path);
  const config = await orNote(note, () => {
    if (existsSync(directory.config)) return readRunConfig(directory.config);
    throw new XformerError("IO", "it is not there, and with it where the data are", {
      file: directory.config,
    });
  });
  return { name: path, directory, checkpoint, config, records: directory.records() };
}

/** What a run is tested on, or else validated on; null where that is not known. */
export async function pairsOf({ directory, config }: OpenedRun, note: Warn): Promise<TestPairs | null> {
  return config && orNote(note, () => unseenPairs(directory, config.data));
}

/** The same for a checkpoint, of the run in whose directory it is. */
export async function pairsBeside(file: string, note: Warn): Promise<TestPairs | null> {
  const directory = new RunDirectory(dirname(file));
  if (!existsSync(directory.config)) return null;
  return orNote(note, () => unseenPairs(directory, readRunConfig(directory.config).data));
}

/** What can be had, or null and a note where files are missing or not what they were. */
async function orNote<T>(note: Warn, work: () => T | Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof XformerError)) throw error;
    note(error.oneLine);
    return null;
  }
}

/** Translates pairs with a run's best model, as its training does at its end, and measures the translations. */
export async function measureRun(
  { name, config }: OpenedRun,
  { source, target }: TestPairs,
  lowercase: boolean,
  flags: ComputingFlags,
  warn: Warn,
): Promise<MeasuredPairs> {
  const model = await openModel(name, flags, warn);
  try {
    const { testBeam = null, validBeam = 1 } = config?.training ?? {};
    const { translations, measured } = await evaluate(model.translator, source, target, {
      bleuTokenizer: bleuTokenizerFor(model.description.targetLanguage),
      lowercase,
      metrics: REPORTED,
      decoding: { beam: testBeam ?? validBeam },
    });
    return { source, target, translations: translations.map(({ text }) => text), measured };
  } finally {
    await model.close();
  }
}

/** Everything about one run. */
export async function reportOf(
  run: OpenedRun,
  measured: (MeasuredPairs & { readonly from: string }) | null,
  notes: readonly string[],
): Promise<RunReport> {
  const more: string[] = [];
  const { name, checkpoint, config, records } = run;
  const { targetTokenizer, sourceLanguage, targetLanguage } = checkpoint;
  const found = inspection(checkpoint);
  const corpus =
    config &&
    (await orNote(
      (note) => more.push(note),
      () => corpusFactsOf(run, config),
    ));
  const row = rowOf(run, measured?.measured ?? []);
  const details: RunDetails = {
    languages: { source: sourceLanguage, target: targetLanguage },
    parameters: row.parameters,
    steps: row.steps,
    seconds: row.seconds,
    bestStep: row.bestStep,
    settings: [
      { section: "model", values: settingsOf("model", found.model) },
      { section: "training", values: settingsOf("training", found.training.config) },
    ],
    corpus,
    samples: samplesOver(records),
    heldOut: measured && heldOut(measured, measured.from, targetTokenizer.lowercase),
  };
  return {
    title: name,
    notes: [...notes, ...more],
    runs: [{ name, curves: curvesOf(records) }],
    table: tableOf([row], true),
    run: details,
    comparison: null,
  };
}

/** Several runs side by side, and held against the first where there are pairs for that. */
export function reportOfAll(
  runs: readonly OpenedRun[],
  pairs: TestPairs | null,
  measured: readonly (readonly Measured[])[],
  notes: readonly string[],
): RunReport {
  const [first] = runs;
  const targets = new Set(runs.map(({ checkpoint }) => JSON.stringify(checkpoint.targetTokenizer)));
  const isOne = targets.size === 1;
  const systems = runs.map(({ name }, i) => ({ name, measured: measured[i] ?? [] }));
  return {
    title: `${first!.name} +${runs.length - 1}`,
    notes,
    runs: runs.map(({ name, records }) => ({ name, curves: curvesOf(records) })),
    table: tableOf(
      runs.map((run, i) => rowOf(run, measured[i] ?? [])),
      isOne,
    ),
    run: null,
    comparison: pairs && comparisonOf(systems, { from: pairs.from, pairs: pairs.source.length }, isOne),
  };
}

function rowOf({ name, checkpoint, records }: OpenedRun, measured: readonly Measured[]): RunRow {
  const { parameters, training } = inspection(checkpoint);
  return {
    name,
    parameters: parameters.total,
    steps: Math.max(training.step, ...records.map((record) => (record as { readonly step: number }).step)),
    seconds: secondsOf(records),
    bestStep: bestOf(training)?.step ?? null,
    scores: scoresOf(measured),
  };
}

/**
 * Reads what a run is trained on once more.
 *
 * @throws XformerError when its files are not there any more, or not what they were
 */
async function corpusFactsOf({ checkpoint }: OpenedRun, { data, filter }: RunConfig): Promise<CorpusFacts> {
  const texts = corporaToTrainOn(data).map((corpus) => new TrainingText(corpus, filter));
  const source = new SideCounter(checkpoint.sourceTokenizer);
  const target = new SideCounter(checkpoint.targetTokenizer);
  const unwatched = { check: () => {}, add: () => {} };
  let counted = 0;
  for (const text of texts) {
    await text.survey(unwatched);
    await text.divide(unwatched);
    for await (const pairs of text.read(unwatched)) {
      for (const pair of pairs.slice(0, MOST_COUNTED - counted)) {
        source.add(text.tagged(pair.source));
        target.add(pair.target);
        counted++;
      }
    }
  }
  return {
    corpora: texts.map(({ path, tag, pairs }) => ({ path, tag, pairs })),
    pairs: texts.reduce((sum, { pairs }) => sum + pairs, 0),
    counted,
    source: source.facts,
    target: target.facts,
  };
}
