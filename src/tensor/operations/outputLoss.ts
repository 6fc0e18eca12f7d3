import { at, type Pointer } from "../../kernels/kernels.ts";
import { columnSums, crossEntropy, gemm } from "../calls.ts";
import type { Computation } from "../computation.ts";
import { type Parameter, rowsFrom, type Tensor } from "../tensor.ts";
import { inputGradient, packPlain, packTransposed, weightGradient } from "./linear.ts";

/** Floats of logits to hold at a time: 1 MiB stays in the caches between the three uses of a chunk. */
const CHUNK_FLOATS = 2 ** 18;

/**
 * Output projection, softmax and cross-entropy in one, a chunk of rows at a time, so that the [T, V] logits
 * never exist. When gradients are wanted, each chunk gives its share of them at once, while its logits are
 * at hand: dHidden = dLogits W, dW += dLogits^T hidden, db += the sum of dLogits. So there is no way back to be
 * recorded: this is where the way back begins.
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
  const vocabulary = weight.rows;
  const results = run.arena.allocate(3 * hidden.rows);
  const gradient = run.tape?.target(hidden);
  run.profile?.begin("output and loss");
  run.temporarily(() => {
    const chunkRows = Math.min(hidden.rows, Math.max(96, Math.floor(CHUNK_FLOATS / vocabulary)));
    const room = run.tensor(chunkRows, vocabulary);
    const transposed = packTransposed(run, weight);
    const plain = gradient && packPlain(run, weight);
    for (let row = 0; row < hidden.rows; row += chunkRows) {
      const x = rowsFrom(hidden, row, Math.min(chunkRows, hidden.rows - row));
      const logits = { ...room, rows: x.rows };
      gemm(run, { c: logits, a: x, b: transposed, bias: bias.pointer });
      crossEntropy(run, {
        logits, // their gradient from here on
        labels: at(labels, row),
        results: at(results, 3 * row),
        smoothing,
        scale: gradient ? scale : 0,
      });
      if (gradient === undefined) continue;
      const dx = { ...x, pointer: at(gradient.pointer, row * x.columns) };
      inputGradient(run, dx, logits, plain!, gradient.accumulate === 1);
      run.temporarily(() => weightGradient(run, weight, logits, x));
      if (run.learns(bias)) columnSums(run, { sums: run.gradientOf(bias), x: logits });
    }
  });
  return results;
}
