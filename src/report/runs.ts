/** Where a line of `metrics.jsonl` has the value of each curve, in the order in which they are shown. */
const PLACES = {
  loss: ["loss"],
  validLoss: ["valid", "loss"],
  bleu: ["valid", "bleu"],
  chrf: ["valid", "chrf"],
  exactMatch: ["valid", "exactMatch"],
  lr: ["lr"],
  gradNorm: ["gradNorm"],
  tokensPerSecond: ["tokensPerSecond"],
} as const;

/** A curve by what it shows. */
export type CurveName = keyof typeof PLACES;

export const CURVE_NAMES = Object.keys(PLACES) as readonly CurveName[];

/** A point of a curve. */
export type Point = readonly [step: number, value: number];

/** A run as far as it can be drawn: what it did not log is left out. */
export interface RunWithCurves {
  readonly name: string;
  readonly curves: Readonly<Partial<Record<CurveName, readonly Point[]>>>;
}

/** A column of a {@link RunsTable}. */
export interface Column {
  readonly name: string;
  /** Decimals of its numbers. */
  readonly digits: number;
  /** Which numbers are better, where any are: the best one stands out. */
  readonly better?: "higher" | "lower";
}

/** Runs in numbers, a row each. */
export interface RunsTable {
  readonly columns: readonly Column[];
  readonly rows: readonly { readonly name: string; readonly cells: readonly (number | string | null)[] }[];
}

/** Runs side by side: what a page draws, of one run or of a hundred. */
export interface Runs {
  readonly runs: readonly RunWithCurves[];
  readonly table: RunsTable;
}

/** Points that a curve has at most; beyond that neighbours become one. */
const MOST_POINTS = 1000;

/**
 * The curves of a run.
 *
 * @param records the lines of its `metrics.jsonl`; what one does not say, or is no finite number, is no point
 */
export function curvesOf(records: readonly object[]): RunWithCurves["curves"] {
  const curves = CURVE_NAMES.map((name) => [name, pointsAt(records, PLACES[name])] as const);
  return Object.fromEntries(curves.filter(([, points]) => points.length > 0));
}

function pointsAt(records: readonly object[], place: readonly string[]): readonly Point[] {
  const points = records.flatMap((record): Point[] => {
    const [step, value] = [numberAt(record, ["step"]), numberAt(record, place)];
    return step === undefined || value === undefined ? [] : [[step, value]];
  });
  return thinned(points, MOST_POINTS);
}

/** The number at the end of a path of keys; undefined where there is none. */
export function numberAt(record: unknown, path: readonly string[]): number | undefined {
  const value = path.reduce<unknown>(
    (part, key) =>
      typeof part === "object" && part !== null ? (part as Record<string, unknown>)[key] : undefined,
    record,
  );
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** Means of equally many neighbours, where the last of them is; all points where there are few. */
function thinned(points: readonly Point[], most: number): readonly Point[] {
  if (points.length <= most) return points;
  return Array.from({ length: most }, (_, i): Point => {
    const part = points.slice(
      Math.floor((i * points.length) / most),
      Math.floor(((i + 1) * points.length) / most),
    );
    return [part.at(-1)![0], part.reduce((sum, [, value]) => sum + value, 0) / part.length];
  });
}
