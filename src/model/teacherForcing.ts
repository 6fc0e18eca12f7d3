import type { Pointer } from "../kernels/kernels.ts";
import type { Computation } from "../tensor/computation.ts";
import type { Ragged } from "../tensor/tensor.ts";
import { type DropoutKey, placeRagged } from "./raggedInMemory.ts";
import type { Transformer } from "./transformer.ts";

/** Sentence pairs one behind the other, without padding. */
export interface PairBatch {
  /** Each source with END. */
  readonly sourceTokens: Int32Array;
  /** Int32[sentences + 1] */
  readonly sourceOffsets: Int32Array;
  /** Each target without BEGIN and END. */
  readonly targetTokens: Int32Array;
  /** Int32[sentences + 1] */
  readonly targetOffsets: Int32Array;
}

/** The ids that frame a target. */
export interface SpecialIds {
  readonly bosId: number;
  readonly eosId: number;
}

/** A batch in memory as teacher forcing wants it. */
interface TeacherForcing {
  readonly source: Ragged;
  /** BEGIN and the target: what the decoder reads. */
  readonly target: Ragged;
  /** Int32[Tt]: the target and END, what it has to predict. */
  readonly labels: Pointer;
}

/**
 * The loss of a batch under teacher forcing: the decoder reads BEGIN and the target, and predicts the target
 * and END. With a tape in `run`, its `backward` then gives the gradients.
 *
 * @param smoothing label smoothing, from 0 to below 1
 * @param scale what a token's loss weighs in the gradient: 1 / target tokens of the whole step
 * @param dropout the key of the dropout masks; none without dropout
 * @returns Float32[Tt, 3], good until the scratch is released: for every target token, END included, the
 *   smoothed loss, -ln p, and 1 when it had the largest probability
 */
export function teacherForcedLoss(
  model: Transformer,
  run: Computation,
  batch: PairBatch,
  special: SpecialIds,
  smoothing: number,
  scale: number,
  dropout?: DropoutKey | undefined,
): Float32Array {
  const { source, target, labels } = place(model, run, batch, special, dropout);
  const hidden = model.forward(run, source, target);
  const losses = model.loss(run, hidden, labels, smoothing, scale);
  return run.memory.floats(losses, 3 * target.tokens);
}

function place(
  model: Transformer,
  { memory, arena }: Computation,
  batch: PairBatch,
  { bosId, eosId }: SpecialIds,
  dropout: DropoutKey | undefined,
): TeacherForcing {
  const sentences = batch.targetOffsets.length - 1;
  const offsets = batch.targetOffsets.map((offset, b) => offset + b);
  const inputs = new Int32Array(batch.targetTokens.length + sentences);
  const labels = arena.allocate(inputs.length);
  const labelIds = memory.integers(labels, inputs.length);
  for (let b = 0; b < sentences; b++) {
    const target = batch.targetTokens.subarray(batch.targetOffsets[b], batch.targetOffsets[b + 1]);
    inputs[offsets[b]!] = bosId;
    inputs.set(target, offsets[b]! + 1);
    labelIds.set(target, offsets[b]!);
    labelIds[offsets[b + 1]! - 1] = eosId;
  }
  const { maxPosition } = model;
  const source = { tokens: batch.sourceTokens, offsets: batch.sourceOffsets };
  return {
    source: placeRagged(memory, arena, source, maxPosition, dropout, 0),
    target: placeRagged(memory, arena, { tokens: inputs, offsets }, maxPosition, dropout, 1),
    labels,
  };
}
