import type { LengthBucket, RankedSegment } from "../../evaluation/breakdown.ts";
import { scoreByLength, worstSegments } from "../../evaluation/breakdown.ts";
import { formatDecimal } from "../../evaluation/decimals.ts";
import type { MetricScore } from "../../evaluation/metric.ts";
import { type EvaluationMetric, scoreOf } from "../../evaluation/metrics.ts";
import type { Comparison } from "../../evaluation/significance.ts";
import type { TestResult } from "../evalSystems.ts";
import { coloursFor } from "./colour.ts";
import { count, printable } from "./format.ts";
import { type Cell, table } from "./table.ts";

/** The metrics that say how many of a hundred. */
const SHARES: readonly EvaluationMetric[] = ["token-accuracy", "exact-match", "not-exact"];

/** A metric's score with all that was asked about it. */
interface Line extends MetricScore {
  readonly metric: EvaluationMetric;
  readonly name: string;
  readonly comparison: Comparison | undefined;
}

/** Everything that `xformer eval` has to say. */
export interface EvaluationReport {
  readonly lines: readonly Line[];
  readonly names: { readonly system: string; readonly baseline: string | undefined };
  readonly byLength: readonly LengthBucket[] | undefined;
  readonly worst: readonly (RankedSegment & { readonly source: string | undefined })[] | undefined;
}

/**
 * Puts together what was asked for.
 *
 * @param wanted.lengths the tokens of every segment, for scores by length
 * @param wanted.worst how many of the worst translations to name
 * @param wanted.comparisons one for each metric
 */
export function describe(
  { system, baseline, references, sources, lowercase }: TestResult,
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
export function asJson({ lines, names, byLength, worst }: EvaluationReport): object {
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
export function asText({ lines, names, byLength, worst }: EvaluationReport): string {
  const { bold } = coloursFor(process.stdout);
  return [
    scores(lines),
    ...(names.baseline === undefined
      ? []
      : [
          `${bold(`${printable(names.system)} against ${printable(names.baseline)}`)}\n${comparisonTable(lines)}`,
        ]),
    ...(byLength === undefined ? [] : [`${bold("By length in tokens")}\n${lengthTable(lines, byLength)}`]),
    ...(worst === undefined ? [] : [`${bold("Worst translations")}\n${worst.map(example).join("\n")}`]),
  ].join("\n");
}

function scores(lines: readonly Line[]): string {
  const { bold, dim } = coloursFor(process.stdout);
  const cell = (text: string, paint: (text: string) => string): Cell => ({ text, shown: paint(text) });
  return table(
    lines.map(({ metric, name, score, signature }) => [
      name,
      cell(`${shownScore(metric, score)}${SHARES.includes(metric) ? " %" : ""}`, bold),
      cell(signature, dim),
    ]),
  );
}

function comparisonTable(lines: readonly Line[]): string {
  return table(
    [
      ["", "system", "95 %", "baseline", "95 %", "difference", "p bootstrap", "p randomisation"],
      ...lines.flatMap(({ metric, name, score, comparison }): Cell[][] => {
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

function lengthTable(lines: readonly Line[], buckets: readonly LengthBucket[]): string {
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

function example(segment: NonNullable<EvaluationReport["worst"]>[number]): string {
  const { index, chrf, hypothesis, references, source } = segment;
  return table([
    [`line ${index + 1}`, `chrF ${formatDecimal(chrf, 2)}`],
    ...(source === undefined ? [] : [["source", printable(source)]]),
    ...references.map((reference) => ["reference", printable(reference)]),
    ["translation", printable(hypothesis)],
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
