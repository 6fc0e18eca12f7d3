import type { Pointer } from "../kernels/kernels.ts";
import type { DropoutKey } from "../model/raggedInMemory.ts";
import { type PairBatch, type SpecialIds, teacherForcedLoss } from "../model/teacherForcing.ts";
import type { Transformer } from "../model/transformer.ts";
import { Computation, type Workbench } from "../tensor/computation.ts";

/** Sums over the target tokens of a shard, END counted as one. */
export interface LossSums {
  /** Label-smoothed cross-entropy, the loss that is trained on. */
  readonly loss: number;
  /** Cross-entropy, -ln p(label). */
  readonly nll: number;
  readonly tokens: number;
}

/** Runs a shard of a step, forward and backward, with a workbench of its own. */
export class Replica {
  readonly #model: Transformer;
  readonly #workbench: Workbench;
  readonly #special: SpecialIds;

  constructor(model: Transformer, workbench: Workbench, special: SpecialIds) {
    this.#model = model;
    this.#workbench = workbench;
    this.#special = special;
  }

  /**
   * Forward and backward: the gradients of scale times the summed loss are added to `gradients`.
   *
   * @param gradients a region laid out as the parameters
   * @param scale 1 / target tokens of the whole step
   */
  run(shard: PairBatch, gradients: Pointer, key: DropoutKey, smoothing: number, scale: number): LossSums {
    const { dropout } = this.#model.config;
    const run = new Computation(this.#workbench, { gradients, dropout });
    const masks = dropout > 0 ? key : undefined;
    const rows = teacherForcedLoss(this.#model, run, shard, this.#special, smoothing, scale, masks);
    let loss = 0;
    let nll = 0;
    for (let i = 0; i < rows.length; i += 3) {
      loss += rows[i]!;
      nll += rows[i + 1]!;
    }
    run.tape?.backward();
    this.#workbench.arena.release();
    return { loss, nll, tokens: rows.length / 3 };
  }
}
