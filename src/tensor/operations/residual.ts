import type { Computation } from "../computation.ts";
import type { Ragged, Tensor } from "../tensor.ts";

/**
 * x + dropout(sublayer): the residual connection (He et al. 2016) with the dropout of Vaswani et al. 2017,
 * section 5.4. Uses `sublayer` up: it holds its dropped self afterwards.
 *
 * @param x [T, D]
 * @param sublayer [T, D]
 * @param ragged the sentences the rows belong to
 * @returns [T, D]
 */
export function residual(run: Computation, x: Tensor, sublayer: Tensor, ragged: Ragged): Tensor {
  const { kernels, tape } = run;
  const dropThreshold = run.dropThresholds.residual;
  run.begin("residual");
  const { rows, columns } = x;
  const site = run.dropoutSites();
  const sum = run.tensor(rows, columns);
  const mask = [rows, columns, ragged.rowKeys, site, dropThreshold] as const;
  kernels.residualForward(sum.pointer, x.pointer, sublayer.pointer, ...mask);
  tape?.record("residual", sum, (dSum) => {
    const dx = tape.target(x);
    if (dx.accumulate) kernels.add(dx.pointer, dSum, rows * columns);
    else kernels.copy(dx.pointer, dSum, rows * columns);
    const dSublayer = tape.target(sublayer);
    if (dSublayer.accumulate) throw new Error("the output of a sublayer has another reader");
    kernels.copy(dSublayer.pointer, dSum, rows * columns);
    kernels.dropout(dSublayer.pointer, ...mask);
  });
  return sum;
}
