import { placeRagged } from "../model/raggedInMemory.ts";
import type { PairBatch, SpecialIds } from "../model/teacherForcing.ts";
import type { Transformer } from "../model/transformer.ts";
import { Computation, type Workbench } from "../tensor/computation.ts";
import { cachedAttention } from "../tensor/operations/attention.ts";

/** How much each target token attends to each source token; a row sums to 1. */
export interface Weights {
  /** Target tokens, END included. */
  readonly rows: number;
  /** Source tokens, END included. */
  readonly columns: number;
  /** [rows, columns]: row i is of the state that predicts target token i. */
  readonly values: Float32Array;
}

/** The cross-attention of the decoder's last layer in each pair of a batch, the mean of its heads. */
export function meanCrossAttention(
  model: Transformer,
  workbench: Workbench,
  batch: PairBatch,
  { bosId }: SpecialIds,
): Weights[] {
  const { memory, arena } = workbench;
  const run = new Computation(workbench);
  const sentences = batch.targetOffsets.length - 1;
  const rowsOf = (b: number): number => batch.targetOffsets[b + 1]! - batch.targetOffsets[b]! + 1;
  const columnsOf = (b: number): number => batch.sourceOffsets[b + 1]! - batch.sourceOffsets[b]!;
  const sizes = Array.from({ length: sentences }, (_, b) => rowsOf(b) * columnsOf(b));
  const { nHeads, dModel } = model.config;
  const weights = arena.allocate(nHeads * sizes.reduce((sum, size) => sum + size, 0));
  const { maxPosition } = model;
  const sourceBatch = { tokens: batch.sourceTokens, offsets: batch.sourceOffsets };
  const source = placeRagged(memory, arena, sourceBatch, maxPosition);
  const target = placeRagged(memory, arena, withBegin(batch, bosId), maxPosition);
  const encoded = model.encode(run, source);
  const last = model.decoder.layers.length - 1;
  model.decode(run, target, {
    self: (_, attention, x) => attention.selfAttention(run, x, target, true),
    cross: (layer, attention, x) => {
      if (layer !== last) return attention.crossAttention(run, x, encoded, target, source);
      const queries = { tensor: attention.queries(run, x), first: 0 };
      const keys = { starts: source.offsets, ends: source.offsets + 4, longest: source.longest };
      const keysValues = attention.keysAndValues(run, encoded);
      const heads = cachedAttention(run, queries, keysValues, target, keys, nHeads, dModel, weights);
      return attention.project(run, heads);
    },
  });
  let next = weights;
  const means = sizes.map((size, b) => {
    const heads = memory.floats(next, nHeads * size); // [heads, rows, columns]
    next += 4 * nHeads * size;
    return { rows: rowsOf(b), columns: columnsOf(b), values: meanOfHeads(heads, nHeads) };
  });
  arena.release();
  return means;
}

/** Each target after BEGIN. */
function withBegin({ targetTokens, targetOffsets }: PairBatch, bosId: number) {
  const offsets = targetOffsets.map((offset, b) => offset + b);
  const tokens = new Int32Array(offsets.at(-1)!).fill(bosId);
  for (let b = 0; b + 1 < offsets.length; b++)
    tokens.set(targetTokens.subarray(targetOffsets[b], targetOffsets[b + 1]), offsets[b]! + 1);
  return { tokens, offsets };
}

function meanOfHeads(heads: Float32Array, nHeads: number): Float32Array {
  const size = heads.length / nHeads;
  const mean = new Float32Array(size);
  for (let i = 0; i < heads.length; i++) mean[i % size]! += heads[i]! / nHeads;
  return mean;
}
