import type { Computation } from "../computation.ts";
import { sizeOf, type Tensor } from "../tensor.ts";

/** x Phi(x), element by element (Hendrycks and Gimpel 2016; the exact form, not the tanh one). */
export function gelu(run: Computation, x: Tensor): Tensor {
  const { kernels, tape } = run;
  run.begin("gelu");
  const y = run.tensor(x.rows, x.columns);
  kernels.geluForward(y.pointer, x.pointer, sizeOf(x));
  tape?.record("gelu", y, (dy) => {
    const dx = tape.target(x);
    if (dx.accumulate) throw new Error("the input of GELU has another reader");
    kernels.geluBackward(dx.pointer, dy, x.pointer, sizeOf(x));
  });
  return y;
}
