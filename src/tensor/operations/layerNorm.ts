import type { Computation } from "../computation.ts";
import type { Parameter, Tensor } from "../tensor.ts";

/** Added to the variance; PyTorch's default. */
const EPSILON = 1e-5;

/**
 * Layer normalisation (Ba et al. 2016): every row to mean 0 and variance 1, times gamma plus beta.
 *
 * @param x [T, D]
 * @param gamma, beta [1, D]
 * @returns [T, D]
 */
export function layerNorm(run: Computation, x: Tensor, gamma: Parameter, beta: Parameter): Tensor {
  const { kernels, tape, arena } = run;
  run.begin("layer norm");
  const { rows, columns } = x;
  const y = run.tensor(rows, columns);
  const statistics = arena.allocate(2 * rows);
  kernels.layerNormForward(
    y.pointer,
    statistics,
    x.pointer,
    gamma.pointer,
    beta.pointer,
    rows,
    columns,
    EPSILON,
  );
  tape?.record("layer norm", y, (dy) => {
    const dx = tape.target(x);
    kernels.layerNormBackward(
      ...([dx.pointer, run.gradientOf(gamma), run.gradientOf(beta), dy, x.pointer, statistics] as const),
      ...([gamma.pointer, rows, columns, dx.accumulate] as const),
    );
  });
  return y;
}
