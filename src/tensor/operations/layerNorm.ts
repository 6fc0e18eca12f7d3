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

/**
 * LayerNorm(x + dropout(sublayer)): what surrounds a sublayer in the paper, in one pass over memory. Uses `sublayer`
 * up: it holds its dropped self afterwards.
 *
 * @param x, sublayer [T, D]
 * @param gamma, beta [1, D]
 * @param ragged the sentences the rows belong to
 * @returns [T, D]
 */
export function residualNorm(
  run: Computation,
  x: Tensor,
  sublayer: Tensor,
  gamma: Parameter,
  beta: Parameter,
  ragged: Ragged,
): Tensor {
  const { kernels, tape, arena } = run;
  run.begin("residual and norm");
  const { rows, columns } = x;
  const mask = [ragged.rowKeys, run.dropoutSites(), run.dropThresholds.residual] as const;
  const y = run.tensor(rows, columns);
  const sum = run.tensor(rows, columns);
  const statistics = arena.allocate(2 * rows);
  kernels.residualNormForward(
    ...([y.pointer, sum.pointer, statistics, x.pointer, sublayer.pointer] as const),
    ...([gamma.pointer, beta.pointer, rows, columns, EPSILON, ...mask] as const),
  );
  tape?.record("residual and norm", y, (dy) => {
    const dx = tape.target(x);
    const dSublayer = tape.target(sublayer);
    if (dSublayer.accumulate) throw new Error("the output of a sublayer has another reader");
    kernels.residualNormBackward(
      ...([dx.pointer, dSublayer.pointer, run.gradientOf(gamma), run.gradientOf(beta), dy] as const),
      ...([sum.pointer, statistics, gamma.pointer, rows, columns, dx.accumulate, ...mask] as const),
    );
  });
  return y;
}
