import { swigluBackward, swigluForward } from "../calls.ts";
import type { Computation } from "../computation.ts";
import type { Tensor } from "../tensor.ts";

/**
 * gate sigmoid(gate) value, element by element (Shazeer 2020).
 *
 * @param x [T, 2 F]: the gate, then the value
 * @returns [T, F]
 */
export function swiglu(run: Computation, x: Tensor): Tensor {
  const y = run.tensor(x.rows, x.columns / 2);
  return run.record("swiglu", y, {
    forward: () => swigluForward(run, { y, x }),
    backward: (dy) =>
      run.giveGradients([x], ([dx]) => swigluBackward(run, { dx: dx!, dy: { ...y, pointer: dy }, x })),
  });
}
