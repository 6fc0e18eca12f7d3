import { type Pointer, packedSize } from "../../kernels/kernels.ts";
import type { Computation } from "../computation.ts";
import type { Parameter, Tensor } from "../tensor.ts";
import { packPlain, packTransposed } from "./linear.ts";

/** Floats of logits to hold at a time: 1 MiB stays in the caches between the three uses of a chunk. */
const CHUNK_FLOATS = 2 ** 18;

/**
 * Output projection, softmax and cross-entropy in one, a chunk of rows at a time, so that the [T, V] logits
 * never exist. When gradients are wanted, each chunk gives its share of them at once, while its logits are
 * at hand: dHidden = dLogits W, dW += dLogits^T hidden, db += the sum of dLogits.
 *
 * @param hidden [T, D]
 * @param weight [V, D]
 * @param bias [1, V]
 * @param labels Int32[T]
 * @param smoothing the share of the target distribution that is spread over the vocabulary
 * @param scale what a row's loss weighs in the loss that is differentiated: 1 / target tokens of the step
 * @returns Float32[T, 3]: the smoothed loss, -ln p(label), and 1 when the label has the largest logit
 */
export function outputLoss(
  run: Computation,
  hidden: Tensor,
  weight: Parameter,
  bias: Parameter,
  labels: Pointer,
  smoothing: number,
  scale: number,
): Pointer {
  const { kernels, tape, arena, gemmWorkspace } = run;
  run.begin("output and loss");
  const { rows: vocabulary, columns: dModel } = weight;
  const results = arena.allocate(3 * hidden.rows);
  const dHidden = tape?.target(hidden);
  run.temporarily(() => {
    const chunkRows = Math.min(hidden.rows, Math.max(96, Math.floor(CHUNK_FLOATS / vocabulary)));
    const logits = arena.allocate(chunkRows * vocabulary);
    const packedTransposed = packTransposed(run, weight);
    const packed = tape === undefined ? 0 : packPlain(run, weight);
    const packedRows = tape === undefined ? 0 : arena.allocate(packedSize(dModel, chunkRows));
    for (let row = 0; row < hidden.rows; row += chunkRows) {
      const rows = Math.min(chunkRows, hidden.rows - row);
      const chunk = hidden.pointer + 4 * row * dModel;
      kernels.gemm(
        ...([logits, vocabulary, chunk, dModel, 0, packedTransposed, dModel] as const),
        ...([rows, vocabulary, dModel, 0, bias.pointer, 0, gemmWorkspace] as const),
      );
      const losses = results + 12 * row;
      kernels.crossEntropy(
        logits,
        labels + 4 * row,
        losses,
        rows,
        vocabulary,
        smoothing,
        dHidden ? scale : 0,
      );
      if (dHidden === undefined) continue;
      kernels.gemm(
        ...([dHidden.pointer + 4 * row * dModel, dModel, logits, vocabulary, 0, packed, vocabulary] as const),
        ...([rows, dModel, vocabulary, dHidden.accumulate, 0, 0, gemmWorkspace] as const),
      );
      kernels.packB(packedRows, chunk, dModel, 0, dModel, rows);
      kernels.gemm(
        ...([run.gradientOf(weight), dModel, logits, vocabulary, 1, packedRows, rows] as const),
        ...([vocabulary, dModel, rows, 1, 0, 0, gemmWorkspace] as const),
      );
      kernels.columnSums(run.gradientOf(bias), logits, rows, vocabulary);
    }
  });
  return results;
}
