import type { Computation } from "../tensor/computation.ts";
import { countTokens, type DropoutKey, type PairBatch, raggedOf } from "./batch.ts";
import type { Transformer } from "./transformer.ts";

/** How the loss of a batch is taken. */
interface LossOptions {
  /** Label smoothing, from 0 to below 1. */
  readonly smoothing: number;
  /** What a token's loss weighs in the gradient. */
  readonly scale: number;
  /** The key of the dropout masks; none without dropout. */
  readonly dropout?: DropoutKey | undefined;
}

/**
 * What is trained for: the loss of a batch. With a tape in `run`, its `backward` then gives the gradients.
 *
 * @returns Float32[Tt, 3], good until the scratch is released: for every target token, END included, the
 *   smoothed loss, -ln p, and 1 when it had the largest probability
 */
export type Objective = (
  model: Transformer,
  run: Computation,
  batch: PairBatch,
  options: LossOptions,
) => Float32Array;

/** Teacher forcing: the decoder reads BEGIN and the target, and predicts the target and END. */
export const teacherForcedLoss: Objective = (model, run, batch, { smoothing, scale, dropout }) => {
  const { maxPosition } = model;
  const source = raggedOf(run, batch.source, { maxPosition, dropout, side: 0 });
  const target = raggedOf(run, batch.target, { maxPosition, dropout, side: 1 });
  const hidden = model.forward(run, source, target);
  const losses = model.loss(run, hidden, batch.labels, smoothing, scale);
  return run.heap.floats(losses, 3 * countTokens(run.heap, batch.target));
};
