import type { Sentences } from "../model/batch.ts";
import type { Transformer } from "../model/transformer.ts";
import type { Workbench } from "../tensor/computation.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { DecodingSession } from "./session.ts";

/** A model and the sentences it translates, as its own tokenizer has them. */
export interface Member {
  readonly model: Transformer;
  /** Each source with END. */
  readonly source: Sentences;
}

/**
 * Several models that generate together: a token's probability is the mean of what they give it. One model alone
 * is a {@link DecodingSession}.
 */
export class EnsembleSession {
  readonly #workbench: Workbench;
  readonly #sessions: readonly DecodingSession[];

  constructor(members: readonly Member[], workbench: Workbench, slotsPerSentence: number) {
    this.#workbench = workbench;
    this.#sessions = members.map(
      ({ model, source }) => new DecodingSession(model, workbench, source, slotsPerSentence),
    );
  }

  /** As {@link DecodingSession.step}; of several models the logits are the log of the mean probabilities. */
  step<T>(slots: Int32Array, ids: Int32Array, read: (logits: Tensor) => T): T {
    const [first, ...others] = this.#sessions;
    if (others.length === 0) return first!.step(slots, ids, read);
    const { heap, arena } = this.#workbench;
    let sums = new Float64Array(0);
    let columns = 0;
    for (const session of this.#sessions) {
      // One after the other: what a session leaves in scratch is gone when its step is over.
      session.step(slots, ids, (logits) => {
        const values = heap.floats(logits.pointer, logits.rows * logits.columns);
        if (sums.length === 0) sums = new Float64Array(values.length);
        columns = logits.columns;
        for (let row = 0; row < values.length; row += columns)
          addProbabilities(sums.subarray(row, row + columns), values.subarray(row, row + columns));
      });
    }
    const mark = arena.mark();
    const pointer = arena.allocate(sums.length);
    const means = heap.floats(pointer, sums.length);
    for (let i = 0; i < means.length; i++) means[i] = Math.log(sums[i]! / this.#sessions.length);
    const result = read({ pointer, rows: slots.length, columns });
    arena.release(mark);
    return result;
  }

  /** As {@link DecodingSession.fork}. */
  fork(from: number, to: number): void {
    for (const session of this.#sessions) session.fork(from, to);
  }

  /** Gives the scratch back. */
  close(): void {
    for (const session of this.#sessions) session.close();
  }
}

/** sums += softmax(logits), in 64 bits: what is improbable may be so in one model only. */
function addProbabilities(sums: Float64Array, logits: Float32Array): void {
  const most = logits.reduce((largest, logit) => Math.max(largest, logit), Number.NEGATIVE_INFINITY);
  const exponentials = Float64Array.from(logits, (logit) => Math.exp(logit - most));
  const total = exponentials.reduce((sum, value) => sum + value, 0);
  for (let i = 0; i < sums.length; i++) sums[i]! += exponentials[i]! / total;
}
