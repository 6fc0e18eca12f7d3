import { softmax } from "./crossEntropy";
import { dotOf } from "./rmsNorm";
import { loadUpTo4, storeUpTo4 } from "./simd";

/**
 * Scores become attention weights, in place: row i becomes the softmax of `scale` times its first `first + i` columns, and 0
 * in the others; with `first` at least `columns` every row sees all.
 *
 * @param x [rows, columns], with at least one column
 * @param first columns that the first row sees, at least 1
 */
export function weightsForward(x: usize, rows: i32, columns: i32, first: i32, scale: f32): void {
  const scales = f32x4.splat(scale);
  for (let row = 0; row < rows; row++) {
    const visible = min(columns, first + row);
    for (let j = 0; j < visible; j += 4) {
      const at = x + (<usize>j << 2);
      storeUpTo4(at, f32x4.mul(loadUpTo4(at, visible - j), scales), visible - j);
    }
    softmax(x, 1, visible);
    memory.fill(x + (<usize>visible << 2), 0, <usize>(columns - visible) << 2);
    x += <usize>columns << 2;
  }
}

/**
 * The gradient of {@link weightsForward}: with P the weights, dx = scale P (dy - the sum of dy P over the row). In place when
 * dx is dy.
 *
 * @param dx, dy, weights [rows, columns]
 */
export function weightsBackward(dx: usize, dy: usize, weights: usize, rows: i32, columns: i32, scale: f32): void {
  const scales = f32x4.splat(scale);
  for (let row = 0; row < rows; row++) {
    const delta = f32x4.splat(dotOf(dy, weights, columns));
    for (let j = 0; j < columns; j += 4) {
      const at = <usize>j << 2;
      const left = columns - j;
      const d = f32x4.mul(f32x4.sub(loadUpTo4(dy + at, left), delta), scales);
      storeUpTo4(dx + at, f32x4.mul(d, loadUpTo4(weights + at, left)), left);
    }
    dx += <usize>columns << 2;
    dy += <usize>columns << 2;
    weights += <usize>columns << 2;
  }
}
