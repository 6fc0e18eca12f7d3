import { checkReferences, type References, referenceCount, referencesOf } from "./references.ts";

/**
 * How statistics become a score. What a metric needs to know about a segment is a row of numbers, and the rows of
 * two corpora add up to that of both: so one pass over the text is enough for the corpus, for each segment, for
 * parts of the corpus and for ten thousand resamples of it.
 */
export interface Scoring {
  /** As in tables: `BLEU`, `chrF2`, `TER`. */
  readonly name: string;
  /** Whether a smaller score is a better one. */
  readonly lowerIsBetter: boolean;
  /** The score that sums of statistics come to. */
  score(sums: ArrayLike<number>): number;
  /** All that somebody else needs to know to get the same score, as sacreBLEU prints it. */
  signature(references: number | "var"): string;
}

/** A corpus-level metric of text. */
export interface Metric extends Scoring {
  /** The sufficient statistics of a segment; always as many numbers. */
  measure(hypothesis: string, references: readonly string[]): number[];
}

/** A score with what it was made from. */
export interface MetricScore {
  readonly score: number;
  readonly signature: string;
}

/** The version of sacreBLEU whose definitions are followed and whose scores the tests compare with. */
export const SACREBLEU_VERSION = "2.6.0";
/** The version of the definitions that are this project's own. */
export const OWN_VERSION = "xformer-1";

/**
 * The statistics of every segment.
 *
 * @param references `references[stream][segment]`
 * @returns one row for each hypothesis
 * @throws {XformerError} `DATA` if there is nothing to score or the counts differ
 */
export function measureSegments(
  metric: Metric,
  hypotheses: readonly string[],
  references: References,
): number[][] {
  checkReferences(hypotheses, references);
  return hypotheses.map((hypothesis, segment) =>
    metric.measure(hypothesis, referencesOf(references, segment)),
  );
}

/** Adds rows of statistics up, in order. */
export function sumStatistics(rows: readonly (readonly number[])[]): number[] {
  const sums = new Array<number>(rows[0]?.length ?? 0).fill(0);
  for (const row of rows) for (let i = 0; i < sums.length; i++) sums[i]! += row[i]!;
  return sums;
}

/**
 * Scores a corpus.
 *
 * @param references `references[stream][segment]`
 * @throws {XformerError} `DATA` if there is nothing to score or the counts differ
 */
export function scoreCorpus(
  metric: Metric,
  hypotheses: readonly string[],
  references: References,
): MetricScore {
  const sums = sumStatistics(measureSegments(metric, hypotheses, references));
  return {
    score: metric.score(sums),
    signature: metric.signature(referenceCount(references, hypotheses.length)),
  };
}

/** Errors for each hundred units of the reference; 100 for any errors where the reference is empty. */
export function rate(errors: number, length: number): number {
  if (length > 0) return 100 * (errors / length);
  return errors > 0 ? 100 : 0;
}

/**
 * A number with so many decimals, as Python prints it: halves go to the even neighbour, 3.125 to 3.12, where
 * `toFixed` goes up.
 */
export function formatDecimal(value: number, digits: number): string {
  // A tie is a number of halves of the last decimal, so an odd multiple of 2^-(digits + 1); that product is exact.
  const isTie = Math.abs(value * 2 ** (digits + 1)) % 2 === 1;
  if (!isTie) return value.toFixed(digits);
  const units = Math.trunc(value * 10 ** digits);
  return ((units % 2 === 0 ? units : units + Math.sign(value)) / 10 ** digits).toFixed(digits);
}
