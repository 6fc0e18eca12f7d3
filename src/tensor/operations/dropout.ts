import { copy, dropout } from "../calls.ts";
import type { Computation } from "../computation.ts";
import { type Ragged, sizeOf, type Tensor } from "../tensor.ts";

/**
 * Dropout between the two layers of a feed-forward network (Srivastava et al. 2014; inverted: what stays is
 * scaled up, so that nothing is to be done when it is off). Uses `x` up: its place is the result's.
 *
 * @param x [T, F]
 * @param sentences whose tokens the rows are
 */
export function activationDropout(run: Computation, x: Tensor, sentences: Ragged): Tensor {
  const mask = run.dropoutMask("activation", sentences);
  if (mask.threshold === 0) return x;
  return run.record(
    "dropout",
    { ...x },
    {
      forward: () => dropout(run, x, mask),
      backward: (dy) =>
        run.giveGradients([x], ([dx]) => {
          copy(run, { to: dx!, from: dy, count: sizeOf(x) });
          // ReLU's backward asks where its output was above 0, and finds 0 where it was dropped: no gradient goes there.
          dropout(run, { ...x, pointer: dx! }, mask);
        }),
    },
  );
}
