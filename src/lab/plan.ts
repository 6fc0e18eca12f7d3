import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type CorpusPlace, type Languages, locateCorpus } from "../data/corpusPlace.ts";
import { XformerError } from "../errors.ts";
import type { EvaluationMetric } from "../evaluation/metrics.ts";
import { sha256Of } from "../io/fileHash.ts";
import { type CorpusEntry, type DataConfig, entriesOf, type MeasuredEntry } from "../training/config.ts";
import { originFile } from "../training/origin.ts";
import { languagesOf, resolveConfig } from "../training/settings/resolve.ts";
import { settingOf } from "../training/settings/table.ts";
import { type GivenSettings, optionsOf, together } from "../training/settings/values.ts";
import type { TrainOptions } from "../training/train.ts";
import type { Value } from "../valueType.ts";
import type { LabDecoding, TaskOptions } from "./axes.ts";
import type { Experiment, Variant } from "./experiment.ts";
import { makeTaskData, type TaskData } from "./taskData.ts";

/** Pairs that a model is tested on. */
export interface TestSet {
  readonly name: string;
  /** A corpus; null for the pairs that the run itself held out for its test. */
  readonly path: string | null;
  readonly languages: Languages;
  readonly tag: string | null;
}

/** A measurement of a trained model. */
export interface TestOrder {
  /** What the measurement follows from: once made, it is never made again. */
  readonly key: string;
  readonly test: TestSet;
  readonly decoding: LabDecoding;
  readonly metrics: readonly EvaluationMetric[];
}

/** A model to be trained, and what is to be measured of it. Everything in it is data, to be sent to another process. */
export interface PlannedRun {
  /** SHA-256 of all that the run follows from. */
  readonly fingerprint: string;
  readonly directory: string;
  /** What is otherwise in it, with its seed: `heads 8, seed 2`. */
  readonly label: string;
  readonly options: Omit<TrainOptions, "onEvent" | "signal">;
  readonly tests: readonly TestOrder[];
}

/** A line of the table: runs that differ in nothing but their seeds. */
export interface PlannedRow {
  readonly situation: Variant;
  readonly variant: Variant;
  /** By seed: the run, and by test set the key of its measurement. */
  readonly runs: readonly { readonly fingerprint: string; readonly measurements: readonly string[] }[];
}

/** Everything that an experiment asks for. */
export interface Plan {
  /** The names of the test sets, in the order of the measurements. */
  readonly tests: readonly string[];
  /** Each situation with its rows, of which the first is what the others are held against. */
  readonly groups: readonly (readonly PlannedRow[])[];
  /** Every model once, those of the first seed first: what is there early is of all rows. */
  readonly runs: readonly PlannedRun[];
}

/** Makes the data of a task; those of the same options once. */
type MakeData = (options: TaskOptions) => TaskData;

/** Where an experiment keeps its things. */
export interface LabPlaces {
  readonly data: string;
  readonly runs: string;
}

/** A line of `metrics.jsonl` every so many steps, unless the experiment says otherwise: curves of short runs are to be seen. */
const LOG_EVERY = 10;

/**
 * Works out which runs an experiment takes, and makes the data that they take.
 *
 * @param steps of each run, where they are not to be as the experiment has them
 * @throws XformerError for settings that do not fit each other, with the run that has them
 */
export function planLab(experiment: Experiment, places: LabPlaces, steps?: number): Plan {
  const { seeds, compare, forEach, tests } = experiment;
  const made = new Map<string, TaskData>();
  const makeData: MakeData = (options) => {
    const key = JSON.stringify(options);
    const data = made.get(key) ?? makeTaskData(options, places.data);
    made.set(key, data);
    return data;
  };
  const folderOf = foldersIn(places.runs);
  const runs = new Map<string, PlannedRun>();
  const rows = forEach.map((situation) => compare.map((variant) => ({ situation, variant })));
  const planned = new Map<Variant, Map<Variant, PlannedRow["runs"][number][]>>();
  for (const seed of seeds) {
    for (const { situation, variant } of rows.flat()) {
      const run = planRun(experiment, { situation, variant, seed }, folderOf, makeData, steps);
      const known = runs.get(run.fingerprint);
      const added = run.tests.filter(({ key }) => known?.tests.every((other) => other.key !== key) ?? true);
      runs.set(run.fingerprint, known === undefined ? run : { ...known, tests: [...known.tests, ...added] });
      const ofSituation = planned.get(situation) ?? new Map<Variant, PlannedRow["runs"][number][]>();
      planned.set(situation, ofSituation);
      const measurements = run.tests.map(({ key }) => key);
      ofSituation.set(variant, [
        ...(ofSituation.get(variant) ?? []),
        { fingerprint: run.fingerprint, measurements },
      ]);
    }
  }
  return {
    tests: testNames(experiment, tests.length),
    groups: rows.map((group) =>
      group.map((row) => ({ ...row, runs: planned.get(row.situation)!.get(row.variant)! })),
    ),
    runs: [...runs.values()],
  };
}

/** `test` for the usual pairs, and the names of the further ones; a task without test pairs has the latter only. */
function testNames({ task, tests }: Experiment, further: number): string[] {
  const isWithout = task?.test === 0 && further > 0;
  return [...(isWithout ? [] : ["test"]), ...tests.map(({ name }) => name)];
}

function planRun(
  experiment: Experiment,
  { situation, variant, seed }: Pick<PlannedRow, "situation" | "variant"> & { readonly seed: number },
  folderOf: (label: string, fingerprint: string) => string,
  makeData: MakeData,
  steps: number | undefined,
): PlannedRun {
  const label = [
    ...[...situation.cells, ...variant.cells]
      .filter(({ trains }) => trains)
      .map(({ name, value }) => `${name} ${value}`.trim()),
    `seed ${seed}`,
  ].join(", ");
  const task =
    experiment.task === undefined ? undefined : { ...experiment.task, ...situation.task, ...variant.task };
  const taskData = task === undefined ? undefined : makeData(task);
  const given = together(
    values({ "training.log_every": LOG_EVERY }),
    taskData === undefined ? new Map() : dataSettings(taskData),
    experiment.base,
    situation.settings,
    variant.settings,
    values({ "training.seed": seed }),
    steps === undefined ? new Map() : values({ "training.max_steps": steps, "training.max_epochs": null }),
  );
  const { options, data } = checked(given, experiment, label);
  const fingerprint = digest({
    settings: settingsOf(given),
    train: entriesOf(data.train).map((entry) => contentOf(entry, data)),
    valid: data.valid === null ? null : entriesOf(data.valid).map((entry) => contentOf(entry, data)),
  });
  const decoding = { ...experiment.decoding, ...situation.decoding, ...variant.decoding };
  const { metrics } = experiment;
  const sets = testSets(experiment, task, taskData, data, makeData);
  return {
    fingerprint,
    directory: folderOf(label, fingerprint),
    label,
    options,
    tests: sets.map((test) => {
      const pairs = test.path === null ? null : hashes(locateCorpus(test.path, test.languages));
      return { key: digest({ pairs, tag: test.tag, decoding, metrics }), test, decoding, metrics };
    }),
  };
}

/** The options of a run, when a run can be made of them. */
function checked(
  given: GivenSettings,
  { file }: Experiment,
  label: string,
): { readonly options: PlannedRun["options"]; readonly data: DataConfig } {
  const { data, ...options } = optionsOf(given);
  const { train } = data;
  const whole = { ...options, ...(train === undefined ? {} : { data: { ...data, train } }) };
  try {
    return { options: whole, data: resolveConfig(whole).data };
  } catch (error) {
    if (!(error instanceof XformerError) || error.file !== undefined) throw error;
    const { code, message, hint } = error;
    throw new XformerError(code, `${label}: ${message}`, { file, hint, cause: error });
  }
}

function testSets(
  { tests, file }: Experiment,
  task: TaskOptions | undefined,
  taskData: TaskData | undefined,
  data: DataConfig,
  makeData: MakeData,
): TestSet[] {
  const languages = languagesOf(data);
  const usual = usualTest(taskData, data);
  const sets: TestSet[] = usual === undefined ? [] : [{ name: "test", ...usual }];
  for (const { name, task: other, path } of tests) {
    if (path !== undefined) {
      sets.push({ name, path, languages, tag: null });
      continue;
    }
    const made = makeData({ ...task!, ...other });
    if (made.test === null) {
      throw new XformerError("CONFIG", `the test ${name} has no pairs`, {
        file,
        hint: "Give it some: test: 300.",
      });
    }
    sets.push({ name, path: made.test, languages, tag: null });
  }
  if (sets.length > 0) return sets;
  throw new XformerError("CONFIG", "there are no test pairs to measure on", {
    file,
    hint: "Give the task a test, or list some under tests.",
  });
}

/** The pairs that come with the training data; undefined where there are none. */
function usualTest(
  taskData: TaskData | undefined,
  data: DataConfig,
): Pick<TestSet, "path" | "languages" | "tag"> | undefined {
  const languages = languagesOf(data);
  if (taskData !== undefined)
    return taskData.test === null ? undefined : { path: taskData.test, languages, tag: null };
  if (data.test === null) {
    const isWithout = data.testSplit === 0 || (data.testSplit === null && data.valid !== null);
    return isWithout ? undefined : { path: null, languages, tag: null };
  }
  const [entry, ...others] = entriesOf(data.test);
  if (others.length > 0)
    throw new XformerError("CONFIG", "several test corpora cannot be one column of a table", {
      hint: "Leave one under test, and list the others under tests.",
    });
  return { path: entry!.path, languages: languagesOf(data, entry), tag: entry!.tag };
}

function dataSettings({ train, valid, source, target }: TaskData): GivenSettings {
  return values({
    "data.train": train,
    "data.valid": valid,
    "data.source_lang": source,
    "data.target_lang": target,
    // Without validation pairs none are to be held out of the others; the lab has its own test.
    "data.valid_split": 0,
    "data.test_split": 0,
  });
}

function values(given: Readonly<Record<string, Value>>): GivenSettings {
  return new Map(
    Object.entries(given).map(([name, value]) => {
      const [section, key] = name.split(".") as ["data" | "training", string];
      return [settingOf(section, key)!, { value, origin: { file: "the lab", line: undefined } }] as const;
    }),
  );
}

/** What was given but for places, which do not show in a result: `training.lr` with its value, in the order of names. */
function settingsOf(given: GivenSettings): [name: string, value: unknown][] {
  return [...given]
    .flatMap(([{ section, key, kept }, { value }]): [string, unknown][] => {
      if (section === "data" && ["train", "valid", "test"].includes(key)) return [];
      if (section === "run" && !kept) return [];
      if (key === "from" && typeof value === "string")
        return [["from", sha256Of(originFile({ from: value, keepOptimizer: false }))]];
      return [[`${section}.${key}`, value]];
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** What a corpus is, wherever it lies. */
function contentOf(entry: CorpusEntry, data: DataConfig): unknown {
  const { path, ...rest }: MeasuredEntry & Partial<CorpusEntry> = entry;
  return [hashes(locateCorpus(path, languagesOf(data, entry))), rest];
}

function hashes({ files }: CorpusPlace): string[] {
  return [...new Set([files.source, files.target])].map(sha256Of);
}

/** The folders of runs, which have their labels for people; one that is there stays, whatever its run is called now. */
function foldersIn(runs: string): (label: string, fingerprint: string) => string {
  const names = existsSync(runs) ? readdirSync(runs) : [];
  return (label, fingerprint) => {
    const ending = `-${fingerprint.slice(0, 8)}`;
    return join(runs, names.find((name) => name.endsWith(ending)) ?? `${slug(label)}${ending}`);
  };
}

function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

/** A text as a part of the name of a folder. */
function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}.]+/gu, "-")
    .replace(/^[-.]+|[-.]+$/g, "")
    .slice(0, 80);
}
