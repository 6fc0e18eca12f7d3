import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileSystemError } from "../errors.ts";
import {
  type EvaluationMetric,
  isLikelihood,
  type Measured,
  measureLikelihood,
  measureText,
} from "../evaluation/metrics.ts";
import { atomicWrite } from "../io/atomicWrite.ts";
import type { ValidationRecord } from "../training/state.ts";

/** A metric on every test sentence: the statistics of each, from which scores and tests of significance are made. */
export interface MetricRows {
  readonly metric: EvaluationMetric;
  readonly score: number;
  readonly signature: string;
  readonly rows: readonly (readonly number[])[];
}

/** How a model did on a test set. */
export interface Measurement {
  /** SHA-256 of the test pairs: runs are compared on the same sentences only. */
  readonly pairs: string;
  /** Words, or characters where words have no spaces, of each reference. */
  readonly lengths: readonly number[];
  readonly metrics: readonly MetricRows[];
}

/** How a training ended. */
export type Outcome =
  | {
      readonly kind: "trained";
      readonly steps: number;
      readonly parameters: number;
      readonly best: ValidationRecord | null;
    }
  /** Its loss was not finite, which is an answer too. */
  | { readonly kind: "diverged"; readonly message: string };

/** What the lab knows about a run: it lies in the directory of the run, so that a finished one is known again. */
export interface RunRecord {
  /** SHA-256 of all that the run follows from. */
  readonly fingerprint: string;
  readonly label: string;
  /** Null as long as it is trained. */
  readonly outcome: Outcome | null;
  /** What was measured, by the key of its order. */
  readonly measurements: Readonly<Record<string, Measurement>>;
}

function fileOf(directory: string): string {
  return join(directory, "lab.json");
}

/** What is known about the run in a directory; undefined where nothing is, or another run is there. */
export function readRecord(directory: string, fingerprint: string): RunRecord | undefined {
  const file = fileOf(directory);
  if (!existsSync(file)) return undefined;
  try {
    const record = JSON.parse(readFileSync(file, "utf8")) as Partial<RunRecord>;
    return record.fingerprint === fingerprint ? (record as RunRecord) : undefined;
  } catch (error) {
    // It is written in one piece: what cannot be read is none of ours, and is written anew.
    if (error instanceof SyntaxError) return undefined;
    throw fileSystemError(error, file);
  }
}

/** Writes what is known about a run. */
export function writeRecord(directory: string, record: RunRecord): void {
  atomicWrite(fileOf(directory), (write) => write(`${JSON.stringify(record)}\n`));
}

/** Whether nothing is left to do: a run that diverged has no model to measure. */
export function isFinished(record: RunRecord | undefined, keys: readonly string[]): boolean {
  if (record?.outcome == null) return false;
  return record.outcome.kind === "diverged" || keys.every((key) => Object.hasOwn(record.measurements, key));
}

/** A metric's rows with the way to make scores of them. */
export function measuredOf({ metric, rows, signature }: MetricRows): Measured {
  // What the metric is set to shows in the rows; how they become a score is the metric's own.
  const { scoring } = isLikelihood(metric)
    ? measureLikelihood(metric, rows)
    : measureText(metric, [""], [[""]]);
  return { metric, scoring, rows, signature };
}
