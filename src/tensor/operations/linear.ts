import { columnSums, gemm, type Panels, packB, packedSize, reluBackward } from "../calls.ts";
import type { Computation } from "../computation.ts";
import type { Parameter, Tensor } from "../tensor.ts";

/**
 * y = x W^T + b, or max(0, x W^T + b).
 *
 * @param x [T, in]
 * @param weight [out, in], as PyTorch's Linear stores it
 * @param bias [1, out]
 * @returns [T, out]
 */
export function linear(
  run: Computation,
  x: Tensor,
  weight: Parameter,
  bias: Parameter | undefined,
  activation: "none" | "relu" = "none",
): Tensor {
  const y = run.tensor(x.rows, weight.rows);
  const relu = activation === "relu";
  return run.record("linear", y, {
    forward: () =>
      run.temporarily(() =>
        gemm(run, { c: y, a: x, b: packTransposed(run, weight), bias: bias?.pointer, relu }),
      ),
    backward: (dOutput) => {
      const dy = { ...y, pointer: dOutput };
      if (relu) reluBackward(run, { dx: dOutput, dy: dOutput, y });
      const dx = run.tape!.target(x);
      run.temporarily(() => {
        const plain = packPlain(run, weight);
        inputGradient(run, { ...x, pointer: dx.pointer }, dy, plain, dx.accumulate === 1);
      });
      run.temporarily(() => weightGradient(run, weight, dy, x));
      if (bias !== undefined && run.learns(bias)) columnSums(run, { sums: run.gradientOf(bias), x: dy });
    },
  });
}

/** W^T in panels, for x W^T: those that are kept, or else made in scratch. */
export function packTransposed(run: Computation, weight: Tensor): Panels {
  if (run.packs !== undefined) return run.packs.transposed(weight);
  const to = run.arena.allocate(packedSize(run, { rows: weight.columns, columns: weight.rows }));
  return packB(run, { to, b: weight, transposed: true });
}

/** W in panels, for dy W: those that are kept, or else made in scratch. */
export function packPlain(run: Computation, weight: Tensor): Panels {
  return run.packs === undefined ? packRows(run, weight) : run.packs.plain(weight);
}

/** B[k, n] as it is, in panels, in scratch. */
function packRows(run: Computation, b: Tensor): Panels {
  return packB(run, { to: run.arena.allocate(packedSize(run, b)), b });
}

/** dx (+)= dy W. */
export function inputGradient(
  run: Computation,
  dx: Tensor,
  dy: Tensor,
  weight: Panels,
  accumulate: boolean,
): void {
  gemm(run, { c: dx, a: dy, b: weight, accumulate });
}

/** dW (+)= dy^T x, if W is learned; leaves scratch behind. */
export function weightGradient(run: Computation, weight: Parameter, dy: Tensor, x: Tensor): void {
  if (!run.learns(weight)) return;
  const { gradient, accumulate } = run.gradientTarget(weight);
  gemm(run, { c: gradient, a: dy, aTransposed: true, b: packRows(run, x), accumulate });
}
