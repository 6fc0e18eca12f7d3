import { at } from "../kernels/kernels.ts";
import { offsetsOf, type PairBatch, raggedOf } from "../model/batch.ts";
import type { Transformer } from "../model/transformer.ts";
import { Computation, type Workbench } from "../tensor/computation.ts";

/** How much each target token attends to each source token; a row sums to 1. */
export interface AttentionWeights {
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
): AttentionWeights[] {
  const { heap, arena } = workbench;
  const run = new Computation(workbench);
  const { maxPosition } = model;
  const source = raggedOf(run, batch.source, { maxPosition });
  const target = raggedOf(run, batch.target, { maxPosition });
  const lengths = (side: PairBatch["source"]): number[] => {
    const offsets = offsetsOf(heap, side);
    return Array.from({ length: side.sentences }, (_, b) => offsets[b + 1]! - offsets[b]!);
  };
  const [rows, columns] = [lengths(batch.target), lengths(batch.source)];
  const sizes = rows.map((count, b) => count * columns[b]!);
  const { nHeads } = model.config;
  const weights = arena.allocate(nHeads * sizes.reduce((sum, size) => sum + size, 0));
  const memory = model.encode(run, source);
  const last = model.decoder.layers.length - 1;
  model.decode(run, target, {
    self: (_, attention, x) => attention.selfAttention(run, x, target, true),
    cross: (layer, attention, x) => {
      if (layer !== last) return attention.crossAttention(run, x, memory(layer), target, source);
      const keys = { starts: source.offsets, ends: at(source.offsets, 1), longest: source.longest };
      const keysValues = attention.keysAndValues(run, memory(layer));
      return attention.overCache(run, attention.queries(run, x), keysValues, target, keys, weights);
    },
  });
  let next = weights;
  const means = sizes.map((size, b) => {
    const heads = heap.floats(next, nHeads * size); // [heads, rows, columns]
    next = at(next, nHeads * size);
    return { rows: rows[b]!, columns: columns[b]!, values: meanOfHeads(heads, nHeads) };
  });
  arena.release();
  return means;
}

function meanOfHeads(heads: Float32Array, nHeads: number): Float32Array {
  const size = heads.length / nHeads;
  const mean = new Float32Array(size);
  for (let i = 0; i < heads.length; i++) mean[i % size]! += heads[i]! / nHeads;
  return mean;
}
