import { chrf } from "./chrf.ts";
import type { MetricScore } from "./metric.ts";
import { type Measured, scoreOf } from "./metrics.ts";
import { type References, referencesOf } from "./references.ts";

/** The longest segment of every bucket but the last, in tokens. */
const BOUNDS: readonly number[] = [5, 10, 20, 30, 40, 50];

/** How segments of some lengths do. */
export interface LengthBucket {
  /** In tokens; the last bucket has no end. */
  readonly from: number;
  readonly to: number | undefined;
  readonly segments: number;
  /** As many as were measured, in their order. */
  readonly scores: readonly MetricScore[];
}

/** A segment with what it should have been. */
export interface RankedSegment {
  /** From 0 on. */
  readonly index: number;
  /** Sentence chrF, 0 to 100. */
  readonly chrf: number;
  readonly hypothesis: string;
  readonly references: readonly string[];
}

/**
 * Scores segments by length, leaving out lengths that no segment has.
 *
 * @param lengths of every segment, in tokens
 */
export function scoreByLength(measured: readonly Measured[], lengths: readonly number[]): LengthBucket[] {
  return [...BOUNDS, undefined].flatMap((to, bucket) => {
    const from = bucket === 0 ? 0 : BOUNDS[bucket - 1]! + 1;
    const segments = [...lengths.keys()].filter(
      (i) => lengths[i]! >= from && (to === undefined || lengths[i]! <= to),
    );
    if (segments.length === 0) return [];
    const scores = measured.map((metric) => scoreOf(metric, segments));
    return [{ from, to, segments: segments.length, scores }];
  });
}

/** The segments with the lowest sentence chrF, worst first; those that are exactly right are none of them. */
export function worstSegments(
  hypotheses: readonly string[],
  references: References,
  count: number,
  options: { readonly lowercase?: boolean } = {},
): RankedSegment[] {
  return segments(hypotheses, references, options)
    .filter((segment) => !segment.references.includes(segment.hypothesis))
    .sort((a, b) => a.chrf - b.chrf || a.index - b.index)
    .slice(0, count);
}

/** The segments with the highest sentence chrF, best first, and of those that are as good the longest. */
export function bestSegments(
  hypotheses: readonly string[],
  references: References,
  count: number,
  options: { readonly lowercase?: boolean } = {},
): RankedSegment[] {
  const length = ({ hypothesis }: RankedSegment): number => hypothesis.length;
  return segments(hypotheses, references, options)
    .sort((a, b) => b.chrf - a.chrf || length(b) - length(a) || a.index - b.index)
    .slice(0, count);
}

function segments(
  hypotheses: readonly string[],
  references: References,
  options: { readonly lowercase?: boolean },
): RankedSegment[] {
  const metric = chrf(options);
  return hypotheses.map((hypothesis, index) => {
    const accepted = referencesOf(references, index);
    const score = metric.score(metric.measure(hypothesis, accepted));
    return { index, chrf: score, hypothesis, references: accepted };
  });
}
