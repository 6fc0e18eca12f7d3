import { type Flag, type Pointer, packedSize } from "../../kernels/kernels.ts";
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
  const { kernels, tape } = run;
  run.begin("linear");
  const y = run.tensor(x.rows, weight.rows);
  const relu: Flag = activation === "relu" ? 1 : 0;
  linearForward(run, y, x, weight, bias, relu);
  tape?.record("linear", y, (dy) => {
    if (relu) kernels.reluBackward(dy, dy, y.pointer, y.rows * y.columns);
    linearBackward(run, dy, x, weight, bias);
  });
  return y;
}

/** y = x W^T + b into a tensor that is there already. */
function linearForward(
  run: Computation,
  y: Tensor,
  x: Tensor,
  weight: Parameter,
  bias: Parameter | undefined,
  relu: Flag = 0,
): void {
  const { kernels } = run;
  const { rows: outSize, columns: inSize } = weight;
  run.temporarily(() => {
    const packed = packTransposed(run, weight);
    kernels.gemm(
      ...([y.pointer, outSize, x.pointer, inSize, 0, packed, inSize] as const),
      ...([x.rows, outSize, inSize, 0, bias?.pointer ?? 0, relu, run.gemmWorkspace] as const),
    );
  });
}

/** W^T in panels, for x W^T: those that are kept, or else made in scratch. */
export function packTransposed(run: Computation, weight: Tensor): Pointer {
  if (run.packs !== undefined) return run.packs.transposed(weight);
  const { rows: outSize, columns: inSize } = weight;
  const packed = run.arena.allocate(packedSize(outSize, inSize));
  run.kernels.packB(packed, weight.pointer, inSize, 1, outSize, inSize);
  return packed;
}

/** W in panels, for dy W: those that are kept, or else made in scratch. */
export function packPlain(run: Computation, weight: Tensor): Pointer {
  if (run.packs !== undefined) return run.packs.plain(weight);
  const { rows: outSize, columns: inSize } = weight;
  const packed = run.arena.allocate(packedSize(inSize, outSize));
  run.kernels.packB(packed, weight.pointer, inSize, 0, inSize, outSize);
  return packed;
}

/** dx (+)= dy W; dW += dy^T x; db += the sum of dy over its rows. */
function linearBackward(
  run: Computation,
  dy: Pointer,
  x: Tensor,
  weight: Parameter,
  bias: Parameter | undefined,
): void {
  const { kernels, tape } = run;
  const { rows: outSize, columns: inSize } = weight;
  const tokens = x.rows;
  const dx = tape!.target(x);
  run.temporarily(() => {
    const packedWeight = packPlain(run, weight);
    kernels.gemm(
      ...([dx.pointer, inSize, dy, outSize, 0, packedWeight, outSize] as const),
      ...([tokens, inSize, outSize, dx.accumulate, 0, 0, run.gemmWorkspace] as const),
    );
    const packedInput = run.arena.allocate(packedSize(inSize, tokens));
    kernels.packB(packedInput, x.pointer, inSize, 0, inSize, tokens);
    kernels.gemm(
      ...([run.gradientOf(weight), inSize, dy, outSize, 1, packedInput, tokens] as const),
      ...([outSize, inSize, tokens, 1, 0, 0, run.gemmWorkspace] as const),
    );
  });
  if (bias !== undefined) kernels.columnSums(run.gradientOf(bias), dy, tokens, outSize);
}
