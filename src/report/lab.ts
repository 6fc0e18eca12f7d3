import { formatDecimal } from "../evaluation/metric.ts";
import type { EvaluationMetric } from "../evaluation/metrics.ts";
import type { Cell, Experiment } from "../lab/experiment.ts";
import type { LabEnd, LabEvent } from "../lab/lab.ts";
import type { LabResults, LengthScore, ResultGroup, ResultRow, Score } from "../lab/results.ts";
import { LEVEL, type Summary } from "../lab/statistics.ts";
import { apart, type Block, line, type Part, type Span, table, toned } from "./document.ts";
import { count, counted, duration, shellWord } from "./format.ts";
import type { RunReport } from "./runReport.ts";
import { CURVE_NAMES, curvesOf, type Point, type RunWithCurves } from "./runs.ts";

/** An event of one type. */
type EventOf<Type extends LabEvent["type"]> = Extract<LabEvent, { readonly type: Type }>;

/** What is not there. */
const NOTHING = "–";
/** Decimals of what is not from 0 to 100. */
const DECIMALS: Readonly<Partial<Record<EvaluationMetric, number>>> = { loss: 3, perplexity: 2 };

/** The experiments that there are, by name. */
export function labListDocument(experiments: readonly Experiment[]): Block[] {
  return [
    table(
      experiments.map(({ name, title, minutes }) => [
        toned("strong", name),
        minutes === undefined ? "" : toned("dim", `${minutes} min`),
        title,
      ]),
    ),
    { kind: "gap" },
    line("Minutes are those of two cores. Answer one of them with:"),
    { kind: "command", text: `npx xformer lab ${experiments[0]?.name ?? "<name>"}` },
  ];
}

/** How runs are carried out, and why. */
export function paceText({ atOnce, threads, measured }: EventOf<"pace">): string {
  const how =
    atOnce === 1
      ? `one run after the other on ${counted(threads, "thread")}`
      : `${atOnce} runs at a time on ${counted(threads, "thread")} each`;
  if (measured === null) return how;
  const milliseconds = (seconds: number): string => `${(1000 * seconds).toFixed(1)} ms`;
  return `${how}: a step takes ${milliseconds(measured.onAll)} on all threads, ${milliseconds(measured.onOne)} on one beside others`;
}

/** What has become of a run, in parts that can be left out. */
export function endedParts({ run, outcome, scores, done, runs }: EventOf<"ended">): Part[] {
  const all: Part[] = [
    [`${done}/${runs}`, 8],
    [run, 9],
  ];
  if (outcome.kind === "diverged") return [...all, ["diverged", 7]];
  const tests = new Set(scores.map(({ test }) => test));
  return [
    ...all,
    ...scores.map(({ test, metric, name, score }, i): Part => {
      const where = tests.size > 1 ? `${test} ` : "";
      return [`${where}${name} ${shown(metric, score)}`, 7 - i];
    }),
  ];
}

/** What an experiment came to: the table, and what it is to be read by. */
export function labDocument({ results, runs, done, failed, stopped, directory }: LabEnd): Block[] {
  return apart(
    [{ kind: "heading", text: results.title }],
    [resultTable(results)],
    ...results.tests.map((name, test) => lengthTable(results, name, test)),
    notes(results),
    done === runs ? [] : [line(toned("warning", openText({ runs, done, failed, stopped })))],
    [
      line(
        toned(
          "dim",
          `The runs, results.json and the page with the curves, report.html, are in ${shellWord(directory)}.`,
        ),
      ),
    ],
  );
}

function openText({
  runs,
  done,
  failed,
  stopped,
}: Pick<LabEnd, "runs" | "done" | "failed" | "stopped">): string {
  const why =
    stopped === "hours" ? "The time is over: " : stopped === "signal" ? "Stopped: " : `${failed} failed: `;
  return `${why}${done} of ${counted(runs, "run")} are done. The same command goes on.`;
}

/** Rows of a group stand below what they have in common. */
function resultTable({ groups, tests, metrics }: LabResults): Block {
  const header = [
    headerOf(groups),
    ...tests.flatMap((test) =>
      metrics.map(({ name }) => (tests.length > 1 && test !== "test" ? `${test}: ${name}` : name)),
    ),
    "p seeds",
    "p sentences",
    "parameters",
    "time",
  ];
  const rows = groups.flatMap(({ cells, rows }): Span[][] => [
    ...(cells.length === 0 ? [] : [[toned("strong", labelOf(cells))]]),
    ...rows.map((row, i) => cellsOf(row, i === 0, tests.length * metrics.length)),
  ]);
  return table(
    [header, ...rows],
    Array.from({ length: header.length - 1 }, (_, i) => i + 1),
  );
}

/** What rows differ in, where that has a name. */
function headerOf(groups: readonly ResultGroup[]): string {
  const names = groups[0]?.rows[0]?.cells.map(({ name }) => name) ?? [];
  return names.filter((name) => name !== "").join(", ");
}

/** Values under a header are enough; elsewhere they have their names. */
function labelOf(cells: readonly Cell[]): string {
  return cells.map(({ name, value }) => `${name} ${value}`.trim()).join(", ");
}

function cellsOf(
  { cells, scores, parameters, seconds, runs }: ResultRow,
  isBase: boolean,
  columns: number,
): Span[] {
  const label = cells.map(({ value }) => value).join(", ") || "base";
  const all = scores.flat();
  const hasDiverged = runs.some(({ state }) => state === "diverged");
  const missing = toned(hasDiverged ? "bad" : "dim", hasDiverged ? "diverged" : NOTHING);
  const measured: Span[] = all.length === 0 ? Array<Span>(columns).fill(missing) : all.map(scoreCell);
  const against = all[0]?.against;
  return [
    label,
    ...measured,
    ...(isBase
      ? [toned("dim", "base"), ""]
      : [probability(against?.pSeeds), probability(against?.pSentences)]),
    parameters === null ? NOTHING : count(parameters),
    seconds === null ? NOTHING : duration(seconds.mean),
  ];
}

function scoreCell({ metric, against, ...summary }: Score): Span {
  const text = `${interval(metric, summary)}${against?.significant ? "*" : " "}`;
  return against?.significant ? toned("strong", text) : text;
}

function interval(
  metric: EvaluationMetric,
  { mean, halfWidth }: Pick<Summary, "mean" | "halfWidth">,
): string {
  return halfWidth === null ? shown(metric, mean) : `${shown(metric, mean)} ± ${shown(metric, halfWidth)}`;
}

function shown(metric: EvaluationMetric, value: number): string {
  return formatDecimal(value, DECIMALS[metric] ?? 1);
}

function probability(p: number | null | undefined): string {
  if (p === null || p === undefined) return NOTHING;
  return p < 0.001 ? "<0.001" : p.toFixed(3);
}

/** The first metric by length of the target, on one of the test sets. */
function lengthTable({ groups, metrics, tests }: LabResults, name: string, test: number): Block[] {
  const rows = groups.flatMap((group) => group.rows.map((row) => ({ group, row })));
  const bounds = rows.map(({ row }) => row.byLength[test] ?? []).find((scores) => scores.length > 0);
  if (bounds === undefined) return [];
  const [{ metric, name: metricName }] = metrics as [LabResults["metrics"][number]];
  const where = tests.length > 1 ? ` (${name})` : "";
  return [
    { kind: "heading", text: `${metricName} by length of the target${where}` },
    table(
      [
        [headerOf(groups), ...bounds.map(rangeOf)],
        ...rows.map(({ group, row }) => [
          [labelOf(group.cells), row.cells.map(({ value }) => value).join(", ")]
            .filter((text) => text !== "")
            .join(", "),
          ...bounds.map(({ from }) => {
            const score = row.byLength[test]?.find((each) => each.from === from);
            return score === undefined ? NOTHING : interval(metric, score);
          }),
        ]),
      ],
      bounds.map((_, i) => i + 1),
    ),
  ];
}

function rangeOf({ from, to }: LengthScore): string {
  return to === null ? `${from} and more` : `${from} to ${to}`;
}

/** What the numbers are. */
function notes(results: LabResults): Block[] {
  return linesAbout(results).map((text) => line(toned("dim", text)));
}

function linesAbout({ seeds, groups, metrics, about }: LabResults): string[] {
  const rows = groups.flatMap((group) => group.rows);
  const diverged = rows.filter(({ runs }) => runs.some(({ state }) => state === "diverged"));
  const [first] = metrics;
  const several = seeds.length > 1;
  return [
    ...(about === null ? [] : [about]),
    several
      ? `Means over the seeds ${seeds.join(", ")}, ± half of the 95 % confidence interval (Student's t).`
      : `One seed (${seeds[0]}): how far another would be from it is not known.`,
    several
      ? `* differs from the base: p < ${LEVEL} both over seeds (Welch's t-test) and over test sentences (paired approximate randomisation). The p-values are those of ${first!.name}, each for itself.`
      : `* differs from the base: p < ${LEVEL} over test sentences (paired approximate randomisation), which says nothing about other seeds.`,
    ...diverged.map(({ cells, runs }) => {
      const times = runs.filter(({ state }) => state === "diverged").length;
      const label = cells.map(({ value }) => value).join(", ");
      return `${label}: ${times} of ${counted(runs.length, "run")} diverged and ${times === 1 ? "is" : "are"} left out.`;
    }),
    "Time is what the steps of a run take, without validating and testing.",
  ];
}

/**
 * An experiment as a page shows it: its table, and the curves of each row, the means over its seeds.
 *
 * @param recordsOf the lines of the log of the run in a directory
 */
export function labReport(
  results: LabResults,
  recordsOf: (directory: string) => readonly object[],
): RunReport {
  const { title, groups, tests, metrics } = results;
  const rows = groups.flatMap(({ cells, rows }) =>
    rows.map((row) => ({
      row,
      name: [labelOf(cells), labelOf(row.cells)].filter((label) => label !== "").join(", ") || "base",
    })),
  );
  const scores = tests.flatMap((test) =>
    metrics.map(({ metric, name, lowerIsBetter }) => ({
      name: tests.length > 1 && test !== "test" ? `${test}: ${name}` : name,
      digits: DECIMALS[metric] ?? 1,
      better: lowerIsBetter ? ("lower" as const) : ("higher" as const),
    })),
  );
  return {
    title,
    question: { text: title, about: linesAbout(results) },
    notes: [],
    runs: rows.map(({ row, name }) => {
      const seeds = row.runs.map(({ directory }) => curvesOf(recordsOf(directory)));
      return { name, curves: meanCurves(seeds) };
    }),
    table: {
      columns: [
        ...scores.flatMap((column) => [column, { name: `± ${column.name}`, digits: column.digits }]),
        ...[
          { name: "p seeds", digits: 3 },
          { name: "p sentences", digits: 3 },
        ],
        ...[
          { name: "parameters", digits: 0 },
          { name: "seconds", digits: 0 },
        ],
      ],
      rows: rows.map(({ row, name }) => {
        const all = row.scores.flat();
        const against = all[0]?.against;
        return {
          name,
          cells: [
            ...scores.flatMap((_, i) => [all[i]?.mean ?? null, all[i]?.halfWidth ?? null]),
            ...[against?.pSeeds ?? null, against?.pSentences ?? null],
            ...[row.parameters, row.seconds?.mean ?? null],
          ],
        };
      }),
    },
    run: null,
    comparison: null,
  };
}

/** The means of the curves of several runs, at the steps that all of them have. */
function meanCurves(all: readonly RunWithCurves["curves"][]): RunWithCurves["curves"] {
  const runs = all.filter((curves) => Object.keys(curves).length > 0);
  return Object.fromEntries(
    CURVE_NAMES.flatMap((name) => {
      const curves = runs.map((run) => new Map(run[name] ?? []));
      const [first = new Map<number, number>(), ...others] = curves;
      const points = [...first].flatMap(([step, value]): Point[] => {
        const values = others.map((curve) => curve.get(step));
        if (values.some((other) => other === undefined)) return [];
        const sum = values.reduce<number>((total, other) => total + other!, value);
        return [[step, sum / curves.length]];
      });
      return points.length === 0 ? [] : [[name, points] as const];
    }),
  );
}
