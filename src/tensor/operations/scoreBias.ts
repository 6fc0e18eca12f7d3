import { gemm } from "../calls.ts";
import type { Computation } from "../computation.ts";
import type { Parameter, Tensor } from "../tensor.ts";
import {
  eachHead,
  gradientColumns,
  type HeadColumns,
  packed,
  queriesOfHead,
  type ScoreBias,
  type ScoreLayout,
  scoresOfHead,
} from "./scores.ts";

// What self-attention adds to its scores so that they depend on how far a key is from its query. The last query stands where
// the last key does: so it is over whole sentences, and where a decoder asks with one query over its cache.

/**
 * Calls `visit(score, distance)` for every score of a head: which of all it is, and the position of the key less that of
 * the query.
 */
function eachDistance(
  { queries, keys, first }: ScoreLayout["sentences"][number],
  head: number,
  visit: (score: number, distance: number) => void,
): void {
  let score = first + head * queries * keys;
  for (let i = 0; i < queries; i++) {
    const position = i + keys - queries;
    for (let j = 0; j < keys; j++) visit(score++, j - position);
  }
}

/**
 * A penalty that grows with the distance, at a rate of its head (ALiBi; Press et al. 2022).
 *
 * @param slopes what a token of distance takes off, by head
 */
export function linearBias(run: Computation, layout: ScoreLayout, slopes: readonly number[]): ScoreBias {
  return {
    fill: (scores) => {
      const all = run.heap.floats(scores, layout.size);
      eachHead(run, layout, (of, head) => {
        const slope = slopes[head]!;
        eachDistance(of, head, (score, distance) => {
          all[score] = -slope * Math.abs(distance);
        });
      });
    },
    backward: () => {},
  };
}

/**
 * A learned number for each head and each bucket of distances (Raffel et al. 2020, section 2.1).
 *
 * @param table [buckets, heads]
 * @param bucketOf the bucket of a distance
 * @param factor what the numbers are multiplied by
 */
export function bucketBias(
  run: Computation,
  layout: ScoreLayout,
  table: Parameter,
  bucketOf: (distance: number) => number,
  factor: number,
): ScoreBias {
  // Distances are few, and their buckets take logarithms.
  const reach = layout.longest;
  const buckets = Int32Array.from({ length: 2 * reach + 1 }, (_, i) => bucketOf(i - reach));
  const { heads } = layout;
  return {
    fill: (scores) => {
      const all = run.heap.floats(scores, layout.size);
      const numbers = run.heap.floats(table.pointer, table.rows * heads);
      eachHead(run, layout, (of, head) =>
        eachDistance(of, head, (score, distance) => {
          all[score] = factor * numbers[buckets[distance + reach]! * heads + head]!;
        }),
      );
    },
    backward: (dScores) => {
      if (!run.learns(table)) return;
      const sums = new Float64Array(table.rows * heads);
      const gradient = run.gradientOf(table);
      const all = run.heap.floats(dScores, layout.size);
      eachHead(run, layout, (of, head) =>
        eachDistance(of, head, (score, distance) => {
          sums[buckets[distance + reach]! * heads + head]! += all[score]!;
        }),
      );
      const numbers = run.heap.floats(gradient.pointer, sums.length);
      for (let i = 0; i < sums.length; i++) numbers[i]! += factor * sums[i]!;
    },
  };
}

/**
 * The product of each query with a learned vector for the distance, where those beyond the ends of the table count as its
 * ends (Shaw et al. 2018, equation 4; of the keys only, which their table 3 finds to be enough).
 *
 * @param table [2 reach + 1, dHead]
 */
export function relationBias(
  run: Computation,
  layout: ScoreLayout,
  q: HeadColumns,
  table: Parameter,
): ScoreBias {
  const reach = (table.rows - 1) / 2;
  const clip = (distance: number): number => Math.max(-reach, Math.min(reach, distance)) + reach;
  /** Room for a number for each query of a head and each row of the table. */
  const room = (rows: number): Tensor => run.tensor(rows, table.rows);
  return {
    fill: (scores) =>
      eachHead(run, layout, (of, head) => {
        const products = room(of.queries);
        gemm(run, { c: products, a: queriesOfHead(q, of, head), b: packed(run, table, true) });
        const from = run.heap.floats(products.pointer, of.queries * table.rows);
        const all = run.heap.floats(scores, layout.size);
        const start = of.first + head * of.queries * of.keys;
        eachDistance(of, head, (score, distance) => {
          const query = Math.floor((score - start) / of.keys);
          all[score] = from[query * table.rows + clip(distance)]!;
        });
      }),
    backward: (dScores) => {
      const dq = gradientColumns(run, q);
      const gradient = run.gradientOf(table);
      eachHead(run, layout, (of, head) => {
        const dProducts = room(of.queries);
        const dHead = scoresOfHead(dScores, of, head);
        const panels = packed(run, table);
        const queries = packed(run, queriesOfHead(q, of, head));
        const to = run.heap.floats(dProducts.pointer, of.queries * table.rows).fill(0);
        const all = run.heap.floats(dScores, layout.size);
        const start = of.first + head * dHead.rows * dHead.columns;
        eachDistance(of, head, (score, distance) => {
          const query = Math.floor((score - start) / of.keys);
          to[query * table.rows + clip(distance)]! += all[score]!;
        });
        gemm(run, { c: queriesOfHead(dq, of, head), a: dProducts, b: panels, accumulate: true });
        if (run.learns(table))
          gemm(run, { c: gradient, a: dProducts, aTransposed: true, b: queries, accumulate: true });
      });
    },
  };
}
