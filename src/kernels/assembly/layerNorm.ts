import { dropRow, keepScale, secondKey, siteKey } from "./dropout";
import { horizontalSum, lanesBelow, loadUpTo4, multiplyAdd, storeUpTo4 } from "./simd";

/**
 * sum = x + dropout(sublayer): the residual connection.
 *
 * @param sum [rows, columns]; may be `x`
 * @param x [rows, columns]
 * @param sublayer [rows, columns]; holds dropout(sublayer) afterwards
 */
export function residualForward(
  sum: usize, x: usize, sublayer: usize, rows: i32, columns: i32,
  rowKeys: usize, site: i32, threshold: i32,
): void {
  const scale: f32 = keepScale(threshold);
  const stride = <usize>columns << 2;
  for (let row = 0; row < rows; row++) {
    if (threshold) {
      dropRow(sublayer, columns, siteKey(rowKeys, row, site), secondKey(rowKeys, row), threshold, scale);
    }
    for (let j = 0; j < columns; j += 4) {
      const left = columns - j;
      const at = <usize>j << 2;
      storeUpTo4(sum + at, f32x4.add(loadUpTo4(x + at, left), loadUpTo4(sublayer + at, left)), left);
    }
    sum += stride;
    x += stride;
    sublayer += stride;
  }
}

/**
 * y = gamma (x - mean) / sqrt(variance + epsilon) + beta, row by row (Ba et al. 2016); the variance is the
 * biased one, as PyTorch's.
 *
 * @param y, x [rows, columns]
 * @param statistics [rows, 2]: mean and 1 / sqrt(variance + epsilon), kept for the backward pass
 * @param gamma, beta [columns]
 */
export function layerNormForward(
  y: usize, statistics: usize, x: usize, gamma: usize, beta: usize, rows: i32, columns: i32, epsilon: f32,
): void {
  const stride = <usize>columns << 2;
  const count = <f32>columns;
  for (let row = 0; row < rows; row++) {
    let sum = f32x4.splat(0);
    for (let j = 0; j < columns; j += 4) sum = f32x4.add(sum, loadUpTo4(x + (<usize>j << 2), columns - j));
    const mean = horizontalSum(sum) / count;
    const means = f32x4.splat(mean);
    sum = f32x4.splat(0);
    for (let j = 0; j < columns; j += 4) {
      const left = columns - j;
      const centred = v128.and(f32x4.sub(loadUpTo4(x + (<usize>j << 2), left), means), lanesBelow(left));
      sum = multiplyAdd(centred, centred, sum);
    }
    const inverse: f32 = <f32>1 / sqrt<f32>(horizontalSum(sum) / count + epsilon);
    const inverses = f32x4.splat(inverse);
    for (let j = 0; j < columns; j += 4) {
      const left = columns - j;
      const at = <usize>j << 2;
      const normalised = f32x4.mul(f32x4.sub(loadUpTo4(x + at, left), means), inverses);
      storeUpTo4(y + at, multiplyAdd(normalised, loadUpTo4(gamma + at, left), loadUpTo4(beta + at, left)), left);
    }
    store<f32>(statistics, mean);
    store<f32>(statistics, inverse, 4);
    statistics += 8;
    x += stride;
    y += stride;
  }
}

/**
 * The gradients of {@link layerNormForward}: with n = (x - mean) / sqrt(variance + epsilon) and g = dy gamma,
 * dx = (g - mean(g) - n mean(g n)) / sqrt(variance + epsilon), dGamma += sum of dy n, dBeta += sum of dy.
 *
 * @param dx [rows, columns], written, or added to when `accumulate`; may be `dy`
 * @param dGamma, dBeta [columns], added to
 */
export function layerNormBackward(
  dx: usize, dGamma: usize, dBeta: usize, dy: usize, x: usize, statistics: usize, gamma: usize,
  rows: i32, columns: i32, accumulate: i32,
): void {
  const stride = <usize>columns << 2;
  const count = <f32>columns;
  for (let row = 0; row < rows; row++) {
    const means = f32x4.splat(load<f32>(statistics));
    const inverses = f32x4.splat(load<f32>(statistics, 4));
    let sumG = f32x4.splat(0);
    let sumGN = f32x4.splat(0);
    for (let j = 0; j < columns; j += 4) {
      const left = columns - j;
      const at = <usize>j << 2;
      const d = loadUpTo4(dy + at, left);
      const n = f32x4.mul(f32x4.sub(loadUpTo4(x + at, left), means), inverses);
      const g = f32x4.mul(d, loadUpTo4(gamma + at, left));
      sumG = f32x4.add(sumG, g);
      sumGN = multiplyAdd(g, n, sumGN);
      storeUpTo4(dGamma + at, multiplyAdd(d, n, loadUpTo4(dGamma + at, left)), left);
      storeUpTo4(dBeta + at, f32x4.add(d, loadUpTo4(dBeta + at, left)), left);
    }
    const meanG = f32x4.splat(horizontalSum(sumG) / count);
    const meanGN = f32x4.splat(horizontalSum(sumGN) / count);
    for (let j = 0; j < columns; j += 4) {
      const left = columns - j;
      const at = <usize>j << 2;
      const n = f32x4.mul(f32x4.sub(loadUpTo4(x + at, left), means), inverses);
      const g = f32x4.mul(loadUpTo4(dy + at, left), loadUpTo4(gamma + at, left));
      let d = f32x4.mul(f32x4.sub(f32x4.sub(g, meanG), f32x4.mul(n, meanGN)), inverses);
      if (accumulate) d = f32x4.add(d, loadUpTo4(dx + at, left));
      storeUpTo4(dx + at, d, left);
    }
    statistics += 8;
    dx += stride;
    dy += stride;
    x += stride;
  }
}
