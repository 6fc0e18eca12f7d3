import { at } from "../../kernels/kernels.ts";
import { type Block, columnSums, gemm, rmsNormBackward, rmsNormForward } from "../calls.ts";
import type { Computation } from "../computation.ts";
import { type Parameter, rowsOf } from "../tensor.ts";
import { packTransposed } from "./linear.ts";
import { gradientColumns, type HeadColumns, packed } from "./scores.ts";

// What is done to the columns of each head for itself, before queries meet keys.

/** Added to a mean of squares: nothing but a vector of zeros is so short that it shows. */
const EPSILON = 1e-5;

/** The columns of a head, in all rows. */
function columnsOfHead({ tensor, first, dHead }: HeadColumns, head: number): Block {
  const { pointer, rows, columns: stride } = tensor;
  return { pointer: at(pointer, first + head * dHead), rows, columns: dHead, stride };
}

/**
 * y_h = x_h W_h^T + b_h for every head h.
 *
 * @param weight [heads dHead, dHead]: of each head its own rows
 * @param bias [1, heads dHead]
 * @returns columns of a tensor of their own
 */
export function headLinear(
  run: Computation,
  x: HeadColumns,
  weight: Parameter,
  bias?: Parameter,
): HeadColumns {
  const { heads, dHead } = x;
  const tensor = run.tensor(x.tensor.rows, heads * dHead);
  const y = { tensor, first: 0, heads, dHead };
  const parts = Array.from({ length: heads }, (_, h) => rowsOf(weight, h * dHead, (h + 1) * dHead));
  run.record("head linear", tensor, {
    forward: () => {
      for (const [h, part] of parts.entries())
        run.temporarily(() => {
          const own = bias === undefined ? undefined : at(bias.pointer, h * dHead);
          const b = packTransposed(run, part);
          gemm(run, { c: columnsOfHead(y, h), a: columnsOfHead(x, h), b, bias: own });
        });
    },
    backward: (dOutput) => {
      const dx = gradientColumns(run, x);
      const dy = { ...y, tensor: { ...tensor, pointer: dOutput } };
      const gradient = run.gradientOf(weight);
      for (const [h, part] of parts.entries())
        run.temporarily(() => {
          const a = columnsOfHead(dy, h);
          const accumulate = true;
          gemm(run, { c: columnsOfHead(dx, h), a, b: packed(run, part), accumulate });
          const c = { ...part, pointer: at(gradient.pointer, h * dHead * dHead) };
          gemm(run, { c, a, aTransposed: true, b: packed(run, columnsOfHead(x, h)), accumulate });
        });
      if (bias !== undefined && run.learns(bias))
        columnSums(run, { sums: run.gradientOf(bias), x: dy.tensor });
    },
  });
  return y;
}

/**
 * The columns of each head scaled to a mean square of 1, so that products of them are cosines times dHead; and times a gain
 * of the head.
 *
 * @param gain [1, heads]
 * @returns columns of a tensor of their own
 */
export function unitHeads(run: Computation, x: HeadColumns, gain?: Parameter): HeadColumns {
  const { heads, dHead, first } = x;
  const { rows, columns: stride } = x.tensor;
  const tensor = run.tensor(rows, stride);
  const inverses = run.arena.allocate(rows * heads);
  const shape = { rows, stride, groups: heads, columns: dHead };
  const forward = { x: at(x.tensor.pointer, first), inverses };
  /** Calls `visit` with each head of each row, and where its columns begin. */
  const eachHead = (visit: (head: number, start: number, row: number) => void): void => {
    for (let row = 0; row < rows; row++)
      for (let head = 0; head < heads; head++) visit(head, row * stride + head * dHead, row);
  };
  run.record("unit heads", tensor, {
    forward: () => {
      rmsNormForward(run, { ...shape, ...forward, y: tensor.pointer, epsilon: EPSILON });
      if (gain === undefined) return;
      const gains = run.heap.floats(gain.pointer, heads);
      const y = run.heap.floats(tensor.pointer, rows * stride);
      eachHead((head, start) => {
        for (let i = start; i < start + dHead; i++) y[i]! *= gains[head]!;
      });
    },
    backward: (dOutput) => {
      if (gain !== undefined) {
        const gradient = run.gradientOf(gain);
        const gains = run.heap.floats(gain.pointer, heads);
        const dy = run.heap.floats(dOutput, rows * stride);
        const from = run.heap.floats(forward.x, rows * stride - first);
        const kept = run.heap.floats(inverses, rows * heads);
        const sums = new Float64Array(heads);
        eachHead((head, start, row) => {
          let sum = 0;
          for (let i = start; i < start + dHead; i++) {
            sum += dy[i]! * from[i]!;
            dy[i]! *= gains[head]!;
          }
          sums[head]! += sum * kept[row * heads + head]!;
        });
        const dGain = run.heap.floats(gradient.pointer, heads);
        for (let head = 0; head < heads; head++) dGain[head]! += sums[head]!;
      }
      const dx = at(gradientColumns(run, x).tensor.pointer, first);
      rmsNormBackward(run, { ...shape, ...forward, dx, accumulate: 1, dy: dOutput });
    },
  });
  return { tensor, first: 0, heads, dHead };
}
