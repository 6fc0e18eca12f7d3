import { at } from "../kernels.ts";
import { softmax } from "./crossEntropy.ts";
import { matrix, type Reference } from "./memory.ts";

/**
 * Row i of x[rows, columns] becomes the softmax of `scale` times its first `first + i` columns, and 0 in the others: causal
 * attention weights, or of all columns where `first` is as many.
 */
export const weightsForward: Reference<"weightsForward"> = (memory) => (x, rows, columns, first, scale) => {
  for (const [i, row] of matrix(memory, x, rows, columns).entries()) {
    const visible = Math.min(columns, first + i);
    for (let j = 0; j < visible; j++) row[j]! *= scale;
    softmax(memory)(at(x, i * columns), 1, visible);
    row.fill(0, visible);
  }
};

/** dx = scale P (dy - the sum of dy P over the row), with P the weights; dx may be dy. */
export const weightsBackward: Reference<"weightsBackward"> =
  (memory) => (dx, dy, weights, rows, columns, scale) => {
    const [dX, dY, P] = [dx, dy, weights].map((x) => matrix(memory, x, rows, columns));
    for (let i = 0; i < rows; i++) {
      const delta = P![i]!.reduce((sum, weight, j) => sum + weight * dY![i]![j]!, 0);
      for (let j = 0; j < columns; j++) dX![i]![j] = scale * P![i]![j]! * (dY![i]![j]! - delta);
    }
  };
