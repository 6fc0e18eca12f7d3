import { layerNormBackward, layerNormForward, residualNormBackward, residualNormForward } from "../calls.ts";
import type { Computation } from "../computation.ts";
import type { Parameter, Ragged, Tensor } from "../tensor.ts";

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
  const y = run.tensor(x.rows, x.columns);
  const statistics = run.arena.allocate(2 * x.rows);
  return run.record("layer norm", y, {
    forward: () => layerNormForward(run, { y, statistics, x, gamma, beta, epsilon: EPSILON }),
    backward: (dy) => {
      const { pointer: dx, accumulate } = run.tape!.target(x);
      const [dGamma, dBeta] = [run.gradientOf(gamma), run.gradientOf(beta)];
      layerNormBackward(run, { dx, accumulate, dGamma, dBeta, dy, x, statistics, gamma });
    },
  });
}

/**
 * LayerNorm(x + dropout(sublayer)): what surrounds a sublayer in the paper, in one pass over memory. Uses `sublayer`
 * up: it holds its dropped self afterwards.
 *
 * @param x, sublayer [T, D]
 * @param gamma, beta [1, D]
 * @param sentences whose tokens the rows are
 * @returns [T, D]
 */
export function residualNorm(
  run: Computation,
  x: Tensor,
  sublayer: Tensor,
  gamma: Parameter,
  beta: Parameter,
  sentences: Ragged,
): Tensor {
  const mask = run.dropoutMask("residual", sentences);
  const y = run.tensor(x.rows, x.columns);
  const sum = run.tensor(x.rows, x.columns);
  const statistics = run.arena.allocate(2 * x.rows);
  const epsilon = EPSILON;
  return run.record("residual and norm", y, {
    forward: () => residualNormForward(run, { y, sum, statistics, x, sublayer, gamma, beta, epsilon, mask }),
    backward: (dy) => {
      const { pointer: dx, accumulate } = run.tape!.target(x);
      const [dGamma, dBeta] = [run.gradientOf(gamma), run.gradientOf(beta)];
      const forward = { sum, statistics, gamma, mask };
      run.giveGradients([sublayer], ([dSublayer]) =>
        residualNormBackward(run, { dx, accumulate, dSublayer: dSublayer!, dGamma, dBeta, dy, ...forward }),
      );
    },
  });
}
