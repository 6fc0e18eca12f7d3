import type { EvaluationMetric } from "../evaluation/metrics.ts";
import type { GivenSettings } from "../training/settings/values.ts";
import type { LabDecoding, TaskOptions } from "./axes.ts";

/** A value that something has in some runs, as a table shows it; one that was given a label has no name. */
export interface Cell {
  readonly name: string;
  readonly value: string;
  /** Whether a model is trained otherwise for it, not only used otherwise. */
  readonly trains: boolean;
}

/** What is otherwise in some runs than in the base. */
export interface Variant {
  readonly cells: readonly Cell[];
  readonly settings: GivenSettings;
  readonly task: Partial<TaskOptions>;
  readonly decoding: LabDecoding;
}

/** Pairs that models are tested on besides the usual test pairs: of the task, made otherwise, or of a corpus. */
export interface FurtherTest {
  readonly name: string;
  readonly task?: Partial<TaskOptions>;
  readonly path?: string;
}

/** A question, and the runs that are to answer it. */
export interface Experiment {
  /** The file that asks it, as the user wrote it. */
  readonly file: string;
  /** The name of its file, without folder and ending. */
  readonly name: string;
  readonly title: string;
  /** What there is to know about it, in a sentence or two. */
  readonly about: string | undefined;
  /** About how long it takes on two cores. */
  readonly minutes: number | undefined;
  /** The toy task that the data are made of; none where `base` names a corpus. */
  readonly task: TaskOptions | undefined;
  /** The configuration that all runs share. */
  readonly base: GivenSettings;
  /** What is compared; the first is what the others are held against. */
  readonly compare: readonly Variant[];
  /** In what situations it is compared, each by itself. */
  readonly forEach: readonly Variant[];
  readonly seeds: readonly number[];
  /** What is measured on test pairs; the first decides. */
  readonly metrics: readonly EvaluationMetric[];
  readonly tests: readonly FurtherTest[];
  readonly decoding: LabDecoding;
  /** Whether there is a table of the first metric by the length of the target. */
  readonly byLength: boolean;
}

/** A variant that changes nothing. */
export const AS_BASE: Variant = { cells: [], settings: new Map(), task: {}, decoding: {} };
