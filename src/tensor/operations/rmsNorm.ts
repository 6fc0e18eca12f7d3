import { rmsNormBackward, rmsNormForward } from "../calls.ts";
import type { Computation } from "../computation.ts";
import type { Parameter, Tensor } from "../tensor.ts";

/** Added to the mean of the squares: as much as layer normalisation adds to its variance. */
const EPSILON = 1e-5;

/**
 * Root mean square normalisation (Zhang and Sennrich 2019): every row over the root of its mean square, times gamma.
 *
 * @param x [T, D]
 * @param gamma [1, D]
 * @returns [T, D]
 */
export function rmsNorm(run: Computation, x: Tensor, gamma: Parameter): Tensor {
  const { rows, columns } = x;
  const y = run.tensor(rows, columns);
  const shape = { rows, columns, stride: columns, groups: 1 };
  const inverses = run.arena.allocate(rows);
  const forward = { x: x.pointer, inverses, gamma: gamma.pointer };
  return run.record("rms norm", y, {
    forward: () => rmsNormForward(run, { ...shape, ...forward, y: y.pointer, epsilon: EPSILON }),
    backward: (dy) => {
      const { pointer: dx, accumulate } = run.tape!.target(x);
      const dGamma = run.gradientOf(gamma).pointer;
      rmsNormBackward(run, { ...shape, ...forward, dx, accumulate, dGamma, dy });
    },
  });
}
