import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { XformerError } from "../errors.ts";
import type { EvaluationMetric } from "../evaluation/metrics.ts";
import { acquireRunLock } from "../training/runLock.ts";
import type { Experiment } from "./experiment.ts";
import type { JobEnd, JobProgress } from "./job.ts";
import { LabDirectory } from "./labDirectory.ts";
import { fairSteps, onlyPace, type Pace, type PaceMeasurement, soonest } from "./pace.ts";
import { type Plan, type PlannedRun, planLab } from "./plan.ts";
import { type Job, type StartJob, startProcess } from "./process.ts";
import { type LabResults, resultsOf } from "./results.ts";
import { isFinished, measuredOf, type Outcome, type RunRecord, readRecord } from "./runRecord.ts";

/** What a lab can be told. */
export interface LabOptions {
  /** Its directory; `runs/lab/<name>` by default. */
  readonly out?: string | undefined;
  /** Threads in all; by default one a core. */
  readonly threads?: number | undefined;
  /** Runs at a time; by default whichever of one and one a thread is done sooner, as is measured. */
  readonly atOnce?: number | undefined;
  /** Steps of each run, instead of those that the experiment has. */
  readonly steps?: number | undefined;
  /** Hours that all runs may take: each then has as many steps as let all of them fit, and what is late is stopped. */
  readonly hours?: number | undefined;
  readonly onEvent?: (event: LabEvent) => void;
  /** Stops the lab, which can be gone on with. */
  readonly signal?: AbortSignal | undefined;
}

/** What happens in a lab. */
export type LabEvent =
  | { readonly type: "planned"; readonly runs: number; readonly done: number; readonly directory: string }
  /** Runs are timed, to choose how to carry them out or how many steps they can have. */
  | { readonly type: "timing"; readonly what: "pace" | "steps" }
  | ({ readonly type: "pace"; readonly measured: PaceMeasurement | null } & Pace)
  | { readonly type: "fitted"; readonly hours: number; readonly steps: number }
  | { readonly type: "began"; readonly run: string }
  | ({ readonly type: "progress"; readonly run: string } & JobProgress)
  | {
      readonly type: "ended";
      readonly run: string;
      readonly outcome: Outcome;
      /** Scores on the test sets, in their order. */
      readonly scores: readonly NamedScore[];
      readonly done: number;
      readonly runs: number;
    }
  /** A run that something else than its loss has ended; the others go on. */
  | { readonly type: "failed"; readonly run: string; readonly problem: string };

/** What a run came to. */
interface NamedScore {
  readonly test: string;
  readonly metric: EvaluationMetric;
  /** As in tables: `BLEU`. */
  readonly name: string;
  readonly score: number;
}

/** How a lab ended. */
export interface LabEnd {
  readonly directory: string;
  readonly results: LabResults;
  /** Runs in all, and those that are done. */
  readonly runs: number;
  readonly done: number;
  readonly failed: number;
  /** Why it ended before all was done, if it was told to. */
  readonly stopped: "signal" | "hours" | null;
}

/** Of the time that a lab has, what is planned with. */
const PLANNED = 0.95;

/**
 * Carries an experiment out, or goes on with it: a process a run, each of which leaves an ordinary run directory. What is
 * done is known by its settings and data, and not done again; the results depend on no pace and on no interruption.
 *
 * @throws XformerError for settings that do not fit each other, or a directory that another lab uses
 */
export async function runLab(
  experiment: Experiment,
  options: LabOptions = {},
  start: StartJob = startProcess,
): Promise<LabEnd> {
  const directory = new LabDirectory(options.out ?? `runs/lab/${experiment.name}`);
  const lock = acquireRunLock(directory.path);
  try {
    return await new Lab(experiment, options, directory, start).carryOut();
  } finally {
    lock.release();
  }
}

class Lab {
  readonly #experiment: Experiment;
  readonly #options: LabOptions;
  readonly #directory: LabDirectory;
  readonly #start: StartJob;
  readonly #tell: (event: LabEvent) => void;
  readonly #began = performance.now();
  /** Those that go on now. */
  readonly #jobs = new Set<Job>();
  #stopped: LabEnd["stopped"] = null;

  constructor(experiment: Experiment, options: LabOptions, directory: LabDirectory, start: StartJob) {
    this.#experiment = experiment;
    this.#options = options;
    this.#directory = directory;
    this.#start = start;
    this.#tell = options.onEvent ?? (() => {});
  }

  async carryOut(): Promise<LabEnd> {
    const { signal, hours } = this.#options;
    const onSignal = (): void => this.#stop("signal");
    signal?.addEventListener("abort", onSignal);
    if (signal?.aborted) onSignal();
    const deadline = hours === undefined ? undefined : setTimeout(() => this.#stop("hours"), 3.6e6 * hours);
    try {
      const plan = await this.#plan();
      const open = this.#open(plan);
      const done = plan.runs.length - open.length;
      this.#tell({ type: "planned", runs: plan.runs.length, done, directory: this.#directory.path });
      const failed = open.length === 0 ? 0 : await this.#runAll(plan, open);
      return this.#end(plan, failed);
    } finally {
      clearTimeout(deadline);
      signal?.removeEventListener("abort", onSignal);
    }
  }

  #stop(why: "signal" | "hours"): void {
    this.#stopped ??= why;
    for (const job of this.#jobs) job.stop();
  }

  /** The plan, with the steps that fit where that is to be found out. */
  async #plan(): Promise<Plan> {
    const { steps, hours } = this.#options;
    const plan = planLab(this.#experiment, this.#directory, steps);
    if (hours === undefined) return plan;
    const digest = createHash("sha256")
      .update(plan.runs.map((run) => run.fingerprint).join())
      .digest("hex");
    const { fitted } = this.#directory.notes;
    const isKnown = fitted?.hours === hours && fitted.plan === digest;
    const fitting = isKnown ? fitted.steps : await this.#fit(plan, hours);
    if (fitting === undefined) return plan; // it was stopped
    this.#directory.note({ fitted: { hours, plan: digest, steps: fitting } });
    this.#tell({ type: "fitted", hours, steps: fitting });
    return planLab(this.#experiment, this.#directory, fitting);
  }

  /** How many steps each run can have for all of them to be done in so many hours; undefined when it is stopped. */
  async #fit(plan: Plan, hours: number): Promise<number | undefined> {
    const pace = await this.#pace(plan.runs);
    this.#tell({ type: "timing", what: "steps" });
    // One of each row: seeds take the same time.
    const rows = new Set(plan.groups.flat().map(({ runs }) => runs[0]!.fingerprint));
    const timed = plan.runs.filter(({ fingerprint }) => rows.has(fingerprint));
    const gone = (performance.now() - this.#began) / 60_000;
    const rounds = Math.ceil(plan.runs.length / pace.atOnce);
    // What is timed here takes time itself, about half a minute of each.
    const timing = 0.5 * Math.ceil(timed.length / pace.atOnce);
    const minutes = (PLANNED * 60 * hours - gone - timing) / rounds;
    if (minutes <= 0) throw tooShort(hours, plan.runs.length);
    const asked = timed.map((run): PlannedRun => {
      const training = { ...run.options.training, maxSteps: null, maxEpochs: null };
      return { ...run, options: { ...run.options, training, minutes } };
    });
    const ends = await this.#time(asked, pace);
    const fitting = ends.flatMap((end) => (end.kind === "timed" ? [end.steps] : []));
    return fitting.length < asked.length ? undefined : fairSteps(fitting);
  }

  /** The runs that are not finished: those that were begun first. */
  #open(plan: Plan): PlannedRun[] {
    const isBegun = (run: PlannedRun): boolean => readRecord(run.directory, run.fingerprint) !== undefined;
    const open = plan.runs.filter(({ directory, fingerprint, tests }) => {
      const keys = tests.map(({ key }) => key);
      return !isFinished(readRecord(directory, fingerprint), keys);
    });
    return [...open.filter(isBegun), ...open.filter((run) => !isBegun(run))];
  }

  async #pace(runs: readonly PlannedRun[]): Promise<Pace> {
    const { threads = availableParallelism(), atOnce } = this.#options;
    const only = onlyPace(runs.length, threads, atOnce);
    if (only !== undefined) {
      this.#tell({ type: "pace", measured: null, ...only });
      return only;
    }
    const measured = await this.#measurePace(runs, threads);
    const pace = measured === undefined ? { atOnce: 1, threads } : soonest(runs.length, threads, measured);
    if (measured !== undefined) this.#tell({ type: "pace", measured, ...pace });
    return pace;
  }

  /** What a step takes on all threads, and on one thread beside others; undefined when it is stopped. */
  async #measurePace(runs: readonly PlannedRun[], threads: number): Promise<PaceMeasurement | undefined> {
    const [first] = runs as [PlannedRun];
    const { pace: known } = this.#directory.notes;
    if (known?.threads === threads && known.run === first.fingerprint) return known;
    this.#tell({ type: "timing", what: "pace" });
    const [alone] = await this.#time([first], { atOnce: 1, threads });
    const beside = await this.#time(Array<PlannedRun>(threads).fill(first), { atOnce: threads, threads: 1 });
    const all = [alone!, ...beside].flatMap((end) => (end.kind === "timed" ? [end.secondsPerStep] : []));
    if (all.length <= threads) return undefined;
    const [onAll, ...onOne] = all as [number, ...number[]];
    const measured = { onAll, onOne: onOne.reduce((sum, seconds) => sum + seconds, 0) / onOne.length };
    this.#directory.note({ pace: { ...measured, threads, run: first.fingerprint } });
    return measured;
  }

  /** Times runs, so many at once, in directories that do not stay. */
  async #time(runs: readonly PlannedRun[], { atOnce, threads }: Pace): Promise<JobEnd[]> {
    const ends: JobEnd[] = [];
    try {
      await inTurn([...runs.entries()], atOnce, async ([i, run]) => {
        const directory = this.#directory.timing(i);
        ends[i] = await this.#job({ ...run, directory }, "time", threads, () => {});
      });
    } finally {
      this.#directory.removeTiming();
    }
    return ends;
  }

  /** @returns how many failed */
  async #runAll(plan: Plan, open: readonly PlannedRun[]): Promise<number> {
    const { atOnce, threads } = await this.#pace(open);
    let done = plan.runs.length - open.length;
    let failed = 0;
    await inTurn(open, atOnce, async (run) => {
      if (this.#stopped !== null) return;
      const { label } = run;
      this.#tell({ type: "began", run: label });
      try {
        const onProgress = (progress: JobProgress): void =>
          this.#tell({ type: "progress", run: label, ...progress });
        const end = await this.#job(run, "run", threads, onProgress);
        if (end.kind !== "done") return;
      } catch (error) {
        if (!(error instanceof XformerError)) throw error;
        failed++;
        this.#tell({ type: "failed", run: label, problem: error.oneLine });
        return;
      }
      done++;
      const record = readRecord(run.directory, run.fingerprint)!;
      const scores = scoresIn(record, run);
      this.#tell({
        type: "ended",
        run: label,
        outcome: record.outcome!,
        scores,
        done,
        runs: plan.runs.length,
      });
    });
    return failed;
  }

  async #job(
    run: PlannedRun,
    kind: "run" | "time",
    threads: number,
    onProgress: (progress: JobProgress) => void,
  ): Promise<JobEnd> {
    if (this.#stopped !== null) return { kind: "stopped" };
    const job = this.#start({ kind, run, threads, cacheDirectory: this.#directory.cache }, onProgress);
    this.#jobs.add(job);
    try {
      return await job.ended;
    } finally {
      this.#jobs.delete(job);
    }
  }

  #end(plan: Plan, failed: number): LabEnd {
    const records = new Map<string, RunRecord>();
    for (const { directory, fingerprint } of plan.runs) {
      const record = readRecord(directory, fingerprint);
      if (record !== undefined) records.set(fingerprint, record);
    }
    const results = resultsOf(this.#experiment, plan, records);
    this.#directory.writeResults(results);
    const runs = plan.runs.length;
    const done = runs - this.#open(plan).length;
    const stopped = done === runs ? null : this.#stopped;
    return { directory: this.#directory.path, results, runs, done, failed, stopped };
  }
}

function scoresIn({ measurements }: RunRecord, { tests }: PlannedRun): NamedScore[] {
  return tests.flatMap(({ key, test }) =>
    (measurements[key]?.metrics ?? []).map((rows) => {
      const { metric, score } = rows;
      return { test: test.name, metric, name: measuredOf(rows).scoring.name, score };
    }),
  );
}

/** Does some work for every item, in their order, so many at a time. */
async function inTurn<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const one = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  const all = await Promise.allSettled(Array.from({ length: Math.min(atOnce, items.length) }, one));
  const failure = all.find((each) => each.status === "rejected");
  if (failure !== undefined) throw failure.reason;
}

function tooShort(hours: number, runs: number): XformerError {
  return new XformerError("CONFIG", `${runs} runs do not fit into ${hours} hours`, {
    hint: "Give more --hours, or fewer --seeds.",
  });
}
