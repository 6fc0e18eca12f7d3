import { bestSegments, worstSegments } from "../evaluation/breakdown.ts";
import { type EvaluationMetric, type Measured, scoreOf } from "../evaluation/metrics.ts";
import { compareSystems } from "../evaluation/significance.ts";
import type { CorpusFacts } from "./corpusFacts.ts";
import { numberAt, type Runs, type RunsTable } from "./runs.ts";

/** What a report of one or several runs says: what its page shows, and `--json`. */
export interface RunReport extends Runs {
  readonly title: string;
  /** What the runs are to answer, and what is to be known about the answer, where they are those of a lab. */
  readonly question?: { readonly text: string; readonly about: readonly string[] };
  /** What could not be found out, and why. */
  readonly notes: readonly string[];
  /** Where there is one run: all about it. */
  readonly run: RunDetails | null;
  /** Where there are several that could be held against each other. */
  readonly comparison: RunsComparison | null;
}

/** What there is to say of one run. */
export interface RunDetails {
  readonly languages: { readonly source: string; readonly target: string };
  readonly parameters: number;
  readonly steps: number;
  /** Seconds of training; null where the run did not log them. */
  readonly seconds: number | null;
  /** The step of the best validation; null without one. */
  readonly bestStep: number | null;
  /** What the run was, by the keys of a configuration file. */
  readonly settings: readonly {
    readonly section: string;
    readonly values: readonly (readonly [key: string, value: string])[];
  }[];
  /** Null where its files are not there any more. */
  readonly corpus: CorpusFacts | null;
  readonly samples: readonly SampleHistory[];
  /** Null where there are no held-out pairs, or the model has not translated them. */
  readonly heldOut: HeldOut | null;
}

/** A sentence and what the model made of it, from validation to validation. */
export interface SampleHistory {
  readonly source: string;
  readonly reference: string;
  /** From the first step with this translation to the last. */
  readonly translations: readonly { readonly from: number; readonly to: number; readonly text: string }[];
}

/** A score by its metric. */
interface Score {
  readonly metric: EvaluationMetric;
  readonly name: string;
  readonly score: number;
}

/** How the model does on pairs that it was not trained on. */
export interface HeldOut {
  /** Where they are from: `test`, `valid`, or a path. */
  readonly from: string;
  readonly pairs: number;
  readonly scores: readonly Score[];
  readonly best: readonly HeldOutSentence[];
  readonly worst: readonly HeldOutSentence[];
}

/** A pair with what the model made of its source. */
export interface HeldOutSentence {
  readonly source: string;
  readonly reference: string;
  readonly translation: string;
  /** Sentence chrF of the translation, 0 to 100. */
  readonly chrf: number;
  /** Nats a token of the reference, END included. */
  readonly loss: number;
}

/** Runs held against the first of them, on the same pairs. */
export interface RunsComparison {
  readonly from: string;
  readonly pairs: number;
  readonly baseline: string;
  readonly differences: readonly RunDifference[];
}

/** A run against the first one in one metric. */
interface RunDifference extends Score {
  readonly run: string;
  readonly baselineScore: number;
  readonly difference: number;
  /** Of the score, half the 95 % interval over resamples. */
  readonly halfWidth: number;
  /** By paired bootstrap resampling, and by approximate randomisation. */
  readonly bootstrap: number;
  readonly randomisation: number;
}

/** A model on held-out pairs. */
export interface MeasuredPairs {
  readonly source: readonly string[];
  readonly target: readonly string[];
  readonly translations: readonly string[];
  readonly measured: readonly Measured[];
}

/** Sentences of each kind that are shown. */
const SENTENCES = 8;

/** The metrics that a report names. */
export const REPORTED = [
  ...["bleu", "chrf", "exact-match"],
  ...["loss", "perplexity", "token-accuracy"],
] as EvaluationMetric[];

/** Those by which models of different vocabularies can be compared. */
const COMPARABLE: readonly EvaluationMetric[] = ["bleu", "chrf", "exact-match"];

/** A run is significantly other than another where chance explains their difference in fewer cases than this. */
export const SIGNIFICANT = 0.05;

/** The scores of a model, and its best and worst translations. */
export function heldOut(
  { source, target, translations, measured }: MeasuredPairs,
  from: string,
  lowercase: boolean,
): HeldOut {
  const losses = measured.find(({ metric }) => metric === "loss")!;
  const sentence = ({ index, chrf }: { readonly index: number; readonly chrf: number }): HeldOutSentence => ({
    source: source[index]!,
    reference: target[index]!,
    translation: translations[index]!,
    chrf,
    loss: scoreOf(losses, [index]).score,
  });
  return {
    from,
    pairs: source.length,
    scores: scoresOf(measured),
    best: bestSegments(translations, [target], SENTENCES, { lowercase }).map(sentence),
    worst: worstSegments(translations, [target], SENTENCES, { lowercase }).map(sentence),
  };
}

/** The scores of a model, of the metrics that are {@link REPORTED}. */
export function scoresOf(measured: readonly Measured[]): Score[] {
  return REPORTED.flatMap((name) => {
    const one = measured.find(({ metric }) => metric === name);
    return one === undefined ? [] : [{ metric: name, name: one.scoring.name, score: scoreOf(one).score }];
  });
}

/**
 * Runs against the first of them, in the metrics that all can be compared by.
 *
 * @param oneVocabulary whether all models cut targets alike, so that losses can be compared too
 */
export function comparisonOf(
  systems: readonly { readonly name: string; readonly measured: readonly Measured[] }[],
  pairs: { readonly from: string; readonly pairs: number },
  oneVocabulary: boolean,
): RunsComparison {
  const metrics = oneVocabulary ? [...COMPARABLE, "loss"] : COMPARABLE;
  const kept = ({ measured }: { readonly measured: readonly Measured[] }): Measured[] =>
    metrics.map((name) => measured.find(({ metric }) => metric === name)!);
  const [baseline, ...others] = systems;
  const differences = others.flatMap((system) => {
    const measured = kept(system);
    return compareSystems(measured, kept(baseline!)).map(
      ({ baselineScore, difference, bootstrap, randomisation }, i) => ({
        run: system.name,
        metric: measured[i]!.metric,
        name: measured[i]!.scoring.name,
        score: scoreOf(measured[i]!).score,
        baselineScore,
        difference,
        halfWidth: bootstrap.system.halfWidth,
        // sacreBLEU's tests count what is larger than the difference; to none at all everything is as large.
        bootstrap: difference === 0 ? 1 : bootstrap.pValue,
        randomisation: difference === 0 ? 1 : randomisation.pValue,
      }),
    );
  });
  return { ...pairs, baseline: baseline!.name, differences };
}

/**
 * The fixed sentences of a run and their translations over time.
 *
 * @param records the lines of its `metrics.jsonl`; those of older runs have no sentences
 */
export function samplesOver(records: readonly object[]): SampleHistory[] {
  const histories = new Map<string, { source: string; reference: string; translations: Translated[] }>();
  for (const record of records) {
    const step = numberAt(record, ["step"]);
    const { samples } = record as { readonly samples?: unknown };
    if (step === undefined || !Array.isArray(samples)) continue;
    for (const { source, reference, translation } of samples.filter(isSample)) {
      const key = JSON.stringify([source, reference]);
      const history = histories.get(key) ?? { source, reference, translations: [] };
      histories.set(key, history);
      const last = history.translations.at(-1);
      if (last?.text === translation) last.to = step;
      else history.translations.push({ from: step, to: step, text: translation });
    }
  }
  return [...histories.values()];
}

interface Translated {
  readonly from: number;
  to: number;
  readonly text: string;
}

function isSample(sample: unknown): sample is Record<"source" | "reference" | "translation", string> {
  if (typeof sample !== "object" || sample === null) return false;
  const { source, reference, translation } = sample as Record<string, unknown>;
  return [source, reference, translation].every((text) => typeof text === "string");
}

/** A run in numbers. */
export interface RunRow {
  readonly name: string;
  readonly parameters: number;
  readonly steps: number;
  readonly seconds: number | null;
  readonly bestStep: number | null;
  /** On held-out pairs; none where these are not known. */
  readonly scores: readonly Score[];
}

/**
 * Runs in a table: what they are, and how they did.
 *
 * @param oneVocabulary whether all models cut targets alike, so that one loss is better than another
 */
export function tableOf(rows: readonly RunRow[], oneVocabulary: boolean): RunsTable {
  const metrics = REPORTED.filter((metric) =>
    rows.some(({ scores }) => scores.some((score) => score.metric === metric)),
  );
  const named = (metric: EvaluationMetric): string =>
    rows.flatMap(({ scores }) => scores).find((score) => score.metric === metric)!.name;
  const isError = (metric: EvaluationMetric): boolean => metric === "loss" || metric === "perplexity";
  return {
    columns: [
      { name: "parameters", digits: 0 },
      { name: "steps", digits: 0 },
      { name: "seconds", digits: 0 },
      { name: "best step", digits: 0 },
      ...metrics.map((metric) => ({
        name: named(metric),
        digits: isError(metric) ? 4 : 2,
        ...(oneVocabulary || COMPARABLE.includes(metric)
          ? { better: isError(metric) ? ("lower" as const) : ("higher" as const) }
          : {}),
      })),
    ],
    rows: rows.map(({ name, parameters, steps, seconds, bestStep, scores }) => ({
      name,
      cells: [
        ...[parameters, steps, seconds, bestStep],
        ...metrics.map((metric) => scores.find((score) => score.metric === metric)?.score ?? null),
      ],
    })),
  };
}

/** The seconds that a run has trained, as far as it logged. */
export function secondsOf(records: readonly object[]): number | null {
  const seconds = records.flatMap((record) => numberAt(record, ["elapsedSeconds"]) ?? []);
  return seconds.at(-1) ?? null;
}
