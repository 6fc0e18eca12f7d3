import type { Computation } from "../computation.ts";
import { type Ragged, sizeOf, type Tensor } from "../tensor.ts";

/**
 * Dropout between the two layers of a feed-forward network (Srivastava et al. 2014; inverted: what stays is
 * scaled up, so that nothing is to be done when it is off).
 *
 * @param x [T, F], which nothing else reads: it is overwritten
 * @param ragged the sentences whose tokens the rows are
 */
export function activationDropout(run: Computation, x: Tensor, ragged: Ragged): Tensor {
  const { kernels, tape } = run;
  const threshold = run.dropThresholds.activation;
  const site = run.dropoutSites();
  if (threshold === 0) return x;
  run.begin("dropout");
  const mask = [x.rows, x.columns, ragged.rowKeys, site, threshold] as const;
  const y = { ...x };
  kernels.dropout(y.pointer, ...mask);
  tape?.record("dropout", y, (dy) => {
    const dx = tape.target(x);
    if (dx.accumulate) throw new Error("the input of a dropout has another reader");
    kernels.copy(dx.pointer, dy, sizeOf(x));
    // ReLU's backward asks where its output was above 0, and finds 0 where it was dropped: no gradient goes there.
    kernels.dropout(dx.pointer, ...mask);
  });
  return y;
}
