import { geluBackward, geluForward } from "../calls.ts";
import type { Computation } from "../computation.ts";
import type { Tensor } from "../tensor.ts";

/** x Phi(x), element by element (Hendrycks and Gimpel 2016; the exact form, not the tanh one). */
export function gelu(run: Computation, x: Tensor): Tensor {
  const y = run.tensor(x.rows, x.columns);
  return run.record("gelu", y, {
    forward: () => geluForward(run, { y, x }),
    backward: (dy) => run.giveGradients([x], ([dx]) => geluBackward(run, { dx: dx!, dy, x })),
  });
}
