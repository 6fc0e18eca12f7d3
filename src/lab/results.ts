import { scoreByLength } from "../evaluation/breakdown.ts";
import type { EvaluationMetric } from "../evaluation/metrics.ts";
import { type LogRecord, RunDirectory } from "../training/runDirectory.ts";
import type { Cell, Experiment } from "./experiment.ts";
import type { Plan, PlannedRow, PlannedRun } from "./plan.ts";
import { type Measurement, measuredOf, type RunRecord } from "./runRecord.ts";
import { type Difference, isSignificant, randomise, type Summary, summarise, welch } from "./statistics.ts";

/** A metric of a row on a test set. */
export interface Score extends Summary {
  readonly metric: EvaluationMetric;
  /** Against the first row of the group; null for that row itself, and where it has no runs. */
  readonly against: Difference | null;
}

/** The first metric of a row on targets of some lengths. */
export interface LengthScore extends Summary {
  readonly from: number;
  /** Null for the longest. */
  readonly to: number | null;
}

/** Runs that differ in their seed alone. */
export interface ResultRow {
  readonly cells: readonly Cell[];
  /** Scores by test set, in the order of {@link LabResults.tests}; empty where no run is done. */
  readonly scores: readonly (readonly Score[])[];
  /** By test set and length, where that is asked for. */
  readonly byLength: readonly (readonly LengthScore[])[];
  /** Numbers of the model; null where no run is done. */
  readonly parameters: number | null;
  /** Seconds of learning, without validating; null where no run is done, or none has a log. */
  readonly seconds: Summary | null;
  /** The directories of the runs, by seed. */
  readonly runs: readonly {
    readonly directory: string;
    readonly seed: number;
    readonly state: "done" | "diverged" | "open";
  }[];
}

/** Rows that are held against the first of them. */
export interface ResultGroup {
  readonly cells: readonly Cell[];
  readonly rows: readonly ResultRow[];
}

/** What an experiment came to. */
export interface LabResults {
  readonly name: string;
  readonly title: string;
  readonly about: string | null;
  readonly seeds: readonly number[];
  readonly metrics: readonly {
    readonly metric: EvaluationMetric;
    readonly name: string;
    readonly lowerIsBetter: boolean;
  }[];
  readonly tests: readonly string[];
  readonly groups: readonly ResultGroup[];
}

/** Puts the measurements of all runs together, as far as they are there. */
export function resultsOf(
  { name, title, about, seeds, metrics, byLength }: Experiment,
  plan: Plan,
  records: ReadonlyMap<string, RunRecord>,
): LabResults {
  const runs = new Map(plan.runs.map((run) => [run.fingerprint, run]));
  return {
    name,
    title,
    about: about ?? null,
    seeds,
    metrics: metrics.map((metric) => {
      const { scoring } = measuredOf({ metric, score: 0, signature: "", rows: [] });
      return { metric, name: scoring.name, lowerIsBetter: scoring.lowerIsBetter };
    }),
    tests: plan.tests,
    groups: plan.groups.map((rows) => ({
      cells: rows[0]!.situation.cells,
      rows: rows.map((row) => {
        const base = row === rows[0] ? undefined : rows[0]!;
        return resultRow(row, base, { runs, records, seeds, byLength, tests: plan.tests.length });
      }),
    })),
  };
}

interface Known {
  readonly runs: ReadonlyMap<string, PlannedRun>;
  readonly records: ReadonlyMap<string, RunRecord>;
  readonly seeds: readonly number[];
  readonly byLength: boolean;
  readonly tests: number;
}

function resultRow(row: PlannedRow, base: PlannedRow | undefined, known: Known): ResultRow {
  const { runs, records, seeds, tests, byLength } = known;
  const done = row.runs.flatMap(({ fingerprint }) => {
    const { outcome } = records.get(fingerprint) ?? {};
    return outcome?.kind === "trained" ? [{ ...outcome, run: runs.get(fingerprint)! }] : [];
  });
  const measured = Array.from({ length: tests }, (_, test) => measurements(row, test, known));
  const seconds = done.flatMap(({ run, steps }) => learningSeconds(run.directory, steps) ?? []);
  return {
    cells: row.variant.cells,
    scores: measured.map((own, test) =>
      scoresOf(own, base === undefined ? undefined : measurements(base, test, known)),
    ),
    byLength: byLength ? measured.map(scoresByLength) : [],
    parameters: done[0]?.parameters ?? null,
    seconds: seconds.length === 0 ? null : summarise(seconds),
    runs: row.runs.map(({ fingerprint }, i) => {
      const { outcome } = records.get(fingerprint) ?? {};
      const state = outcome == null ? "open" : outcome.kind === "diverged" ? "diverged" : "done";
      return { directory: runs.get(fingerprint)!.directory, seed: seeds[i]!, state };
    }),
  };
}

/** The measurements of a row's runs on a test set, by seed, as far as they are there. */
function measurements(row: PlannedRow, test: number, { records, seeds }: Known): Map<number, Measurement> {
  return new Map(
    row.runs.flatMap(({ fingerprint, measurements: keys }, i) => {
      const measurement = records.get(fingerprint)?.measurements[keys[test]!];
      return measurement === undefined ? [] : [[seeds[i]!, measurement] as const];
    }),
  );
}

function scoresOf(own: Map<number, Measurement>, base: Map<number, Measurement> | undefined): Score[] {
  const [first] = own.values();
  if (first === undefined) return [];
  return first.metrics.map(({ metric }, i) => {
    const values = scoresAt(own, i);
    const summary = summarise(values);
    if (base === undefined || base.size === 0) return { metric, ...summary, against: null };
    const others = scoresAt(base, i);
    const pSeeds = welch(values, others);
    const pSentences = isSameTest(own, base)
      ? randomise(
          [...own.values()].map(({ metrics }) => measuredOf(metrics[i]!)),
          [...base.values()].map(({ metrics }) => measuredOf(metrics[i]!)),
        )
      : null;
    const difference = summary.mean - summarise(others).mean;
    const against = { difference, pSeeds, pSentences, significant: isSignificant(pSeeds, pSentences) };
    return { metric, ...summary, against };
  });
}

function scoresAt(measured: Map<number, Measurement>, metric: number): number[] {
  return [...measured.values()].map(({ metrics }) => metrics[metric]!.score);
}

/** Whether the same seeds were measured on the same sentences. */
function isSameTest(one: Map<number, Measurement>, other: Map<number, Measurement>): boolean {
  const hashes = new Set([...one.values(), ...other.values()].map(({ pairs }) => pairs));
  return hashes.size === 1 && [...one.keys()].join() === [...other.keys()].join();
}

function scoresByLength(measured: Map<number, Measurement>): LengthScore[] {
  const bySeed = [...measured.values()].map(({ metrics, lengths }) =>
    scoreByLength([measuredOf(metrics[0]!)], lengths),
  );
  const [first = []] = bySeed;
  return first.map(({ from, to }) => {
    const scores = bySeed.flatMap((buckets) =>
      buckets.flatMap((bucket) => (bucket.from === from ? [bucket.scores[0]!.score] : [])),
    );
    return { from, to: to ?? null, ...summarise(scores) };
  });
}

/**
 * What the steps of a run take at the median of the speeds that its log has: whether it was stopped on the way, or the
 * machine was busy for a while, does not show.
 */
function learningSeconds(directory: string, steps: number): number | undefined {
  const secondsPerStep: number[] = [];
  let before = 0;
  for (const record of new RunDirectory(directory).records()) {
    const { step, sourceTokens = 0, targetTokens = 0, tokensPerSecond } = record as LogFields;
    if (step === undefined || tokensPerSecond === undefined) continue;
    secondsPerStep.push((sourceTokens + targetTokens) / Math.max(1, tokensPerSecond) / (step - before));
    before = step;
  }
  const median = secondsPerStep.sort((a, b) => a - b)[secondsPerStep.length >> 1];
  return median === undefined ? undefined : median * steps;
}

type LogFields = Partial<Pick<LogRecord, "step" | "sourceTokens" | "targetTokens" | "tokensPerSecond">>;
