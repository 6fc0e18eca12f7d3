import {
  type LengthBucket,
  type RankedSegment,
  scoreByLength,
  worstSegments,
} from "../evaluation/breakdown.ts";
import { formatDecimal, type MetricScore } from "../evaluation/metric.ts";
import { type EvaluationMetric, type Measured, scoreOf } from "../evaluation/metrics.ts";
import type { References } from "../evaluation/references.ts";
import type { Comparison } from "../evaluation/significance.ts";
import { apart, type Block, table, toned } from "./document.ts";
import { count } from "./format.ts";

/** Translations of a test set, measured. */
export interface MeasuredSystem {
  /** The model or the file. */
  readonly name: string;
  readonly hypotheses: readonly string[];
  readonly measured: readonly Measured[];
}

/** All that is held against each other. */
export interface MeasuredSystems {
  readonly system: MeasuredSystem;
  readonly baseline: MeasuredSystem | undefined;
  readonly references: References;
  /** Where a model was given. */
  readonly sources: readonly string[] | undefined;
  /** Tokens of each segment. */
  readonly lengths: { readonly source: readonly number[] | undefined; readonly reference: readonly number[] };
  readonly lowercase: boolean;
}

/** A metric's score with all that was asked about it. */
interface ScoreLine extends MetricScore {
  readonly metric: EvaluationMetric;
  readonly name: string;
  readonly comparison: Comparison | undefined;
}

/** Everything that `xformer eval` has to say. */
export interface EvaluationReport {
  readonly lines: readonly ScoreLine[];
  readonly names: { readonly system: string; readonly baseline: string | undefined };
  readonly byLength: readonly LengthBucket[] | undefined;
  readonly worst: readonly (RankedSegment & { readonly source: string | undefined })[] | undefined;
}

/** The metrics that say how many of a hundred. */
const SHARES: readonly EvaluationMetric[] = ["token-accuracy", "exact-match", "not-exact"];

/**
 * Puts together what was asked for.
 *
 * @param wanted.lengths the tokens of every segment, for scores by length
 * @param wanted.worst how many of the worst translations to name
 * @param wanted.comparisons one for each metric
 */
export function evaluationReport(
  { system, baseline, references, sources, lowercase }: MeasuredSystems,
  wanted: {
    readonly lengths: readonly number[] | undefined;
    readonly worst: number | undefined;
    readonly comparisons: readonly Comparison[] | undefined;
  },
): EvaluationReport {
  const { lengths, worst, comparisons } = wanted;
  return {
    lines: system.measured.map((measured, i) => ({
      metric: measured.metric,
      name: measured.scoring.name,
      ...scoreOf(measured),
      comparison: comparisons?.[i],
    })),
    names: { system: system.name, baseline: baseline?.name },
    byLength: lengths && scoreByLength(system.measured, lengths),
    worst:
      worst === undefined
        ? undefined
        : worstSegments(system.hypotheses, references, worst, { lowercase }).map((segment) => ({
            ...segment,
            source: sources?.[segment.index],
          })),
  };
}

/** A report for programs: each metric under its name. */
export function evaluationJson({ lines, names, byLength, worst }: EvaluationReport): object {
  return {
    ...Object.fromEntries(
      lines.map(({ metric, score, signature, comparison }) => [metric, { score, signature, ...comparison }]),
    ),
    ...(names.baseline === undefined ? {} : names),
    ...(byLength === undefined
      ? {}
      : {
          byLength: byLength.map(({ from, to, segments, scores }) => ({
            from,
            to: to ?? null,
            segments,
            ...Object.fromEntries(scores.map(({ score }, i) => [lines[i]!.metric, score])),
          })),
        }),
    ...(worst === undefined
      ? {}
      : { worst: worst.map(({ index, ...segment }) => ({ line: index + 1, ...segment })) }),
  };
}

/** A report for people. */
export function evaluationDocument({ lines, names, byLength, worst }: EvaluationReport): Block[] {
  return apart(
    [scores(lines)],
    names.baseline === undefined
      ? []
      : [{ kind: "heading", text: `${names.system} against ${names.baseline}` }, comparisonTable(lines)],
    byLength === undefined
      ? []
      : [{ kind: "heading", text: "By length in tokens" }, lengthTable(lines, byLength)],
    worst === undefined
      ? []
      : [
          { kind: "heading", text: "Worst translations" },
          ...apart(...worst.map((segment) => [example(segment)])),
        ],
  );
}

function scores(lines: readonly ScoreLine[]): Block {
  return table(
    lines.map(({ metric, name, score, signature }) => [
      name,
      toned("strong", `${shownScore(metric, score)}${SHARES.includes(metric) ? " %" : ""}`),
      toned("dim", signature),
    ]),
  );
}

function comparisonTable(lines: readonly ScoreLine[]): Block {
  return table(
    [
      ["", "system", "95 %", "baseline", "95 %", "difference", "p bootstrap", "p randomisation"],
      ...lines.flatMap(({ metric, name, score, comparison }): string[][] => {
        if (comparison === undefined) return [];
        const { baselineScore, difference, bootstrap, randomisation } = comparison;
        const shown = (value: number): string => shownScore(metric, value);
        const sign = difference > 0 ? "+" : "";
        return [
          [
            name,
            shown(score),
            `\u00b1 ${shown(bootstrap.system.halfWidth)}`,
            shown(baselineScore),
            `\u00b1 ${shown(bootstrap.baseline.halfWidth)}`,
            `${sign}${shown(difference)}`,
            shownProbability(bootstrap.pValue, difference),
            shownProbability(randomisation.pValue, difference),
          ],
        ];
      }),
    ],
    [1, 2, 3, 4, 5, 6, 7],
  );
}

function lengthTable(lines: readonly ScoreLine[], buckets: readonly LengthBucket[]): Block {
  const columns = lines.map((_, i) => i + 2);
  return table(
    [
      ["tokens", "segments", ...lines.map(({ name }) => name)],
      ...buckets.map(({ from, to, segments, scores }) => [
        to === undefined ? `${from} and more` : `${from} to ${to}`,
        count(segments),
        ...scores.map(({ score }, i) => shownScore(lines[i]!.metric, score)),
      ]),
    ],
    [1, ...columns],
  );
}

function example(segment: NonNullable<EvaluationReport["worst"]>[number]): Block {
  const { index, chrf, hypothesis, references, source } = segment;
  return table([
    [`line ${index + 1}`, `chrF ${formatDecimal(chrf, 2)}`],
    ...(source === undefined ? [] : [["source", source]]),
    ...references.map((reference) => ["reference", reference]),
    ["translation", hypothesis],
  ]);
}

/** Nats and perplexities have four decimals, the rest two. */
function shownScore(metric: EvaluationMetric, score: number): string {
  return formatDecimal(score, metric === "loss" || metric === "perplexity" ? 4 : 2);
}

/** Four decimals, with a star for a difference that chance explains in less than one case of twenty. */
function shownProbability(probability: number, difference: number): string {
  return `${probability.toFixed(4)}${probability < 0.05 && difference !== 0 ? "*" : " "}`;
}
