import { dropKeyedRow } from "./dropout";
import { horizontalSum, lanesBelow, loadUpTo4, multiplyAdd, storeUpTo4 } from "./simd";

/** sum = x + y, over a row. */
// @ts-ignore: decorator
@inline
function addRow(sum: usize, x: usize, y: usize, columns: i32): void {
  for (let j = 0; j < columns; j += 4) {
    const left = columns - j;
    const at = <usize>j << 2;
    storeUpTo4(sum + at, f32x4.add(loadUpTo4(x + at, left), loadUpTo4(y + at, left)), left);
  }
}

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
  const stride = <usize>columns << 2;
  for (let row = 0; row < rows; row++) {
    if (threshold) dropKeyedRow(sublayer, columns, rowKeys, row, site, threshold);
    addRow(sum, x, sublayer, columns);
    sum += stride;
    x += stride;
    sublayer += stride;
  }
}

/** The mean of a row. */
// @ts-ignore: decorator
@inline
function meanOf(x: usize, columns: i32): f32 {
  // Two sums that do not wait for each other.
  let even = f32x4.splat(0), odd = even;
  let j = 0;
  for (; j + 8 <= columns; j += 8) {
    const at = x + (<usize>j << 2);
    even = f32x4.add(even, v128.load(at));
    odd = f32x4.add(odd, v128.load(at, 16));
  }
  for (; j < columns; j += 4) even = f32x4.add(even, loadUpTo4(x + (<usize>j << 2), columns - j));
  return horizontalSum(f32x4.add(even, odd)) / <f32>columns;
}

/** The biased variance of a row around its mean. */
// @ts-ignore: decorator
@inline
function varianceOf(x: usize, columns: i32, mean: f32): f32 {
  const means = f32x4.splat(mean);
  let even = f32x4.splat(0), odd = even;
  let j = 0;
  for (; j + 8 <= columns; j += 8) {
    const at = x + (<usize>j << 2);
    const first = f32x4.sub(v128.load(at), means);
    const second = f32x4.sub(v128.load(at, 16), means);
    even = multiplyAdd(first, first, even);
    odd = multiplyAdd(second, second, odd);
  }
  for (; j < columns; j += 4) {
    const left = columns - j;
    const centred = v128.and(f32x4.sub(loadUpTo4(x + (<usize>j << 2), left), means), lanesBelow(left));
    even = multiplyAdd(centred, centred, even);
  }
  return horizontalSum(f32x4.add(even, odd)) / <f32>columns;
}

/** {@link layerNormForward} of a row. */
// @ts-ignore: decorator
@inline
function normaliseRow(
  y: usize, statistics: usize, x: usize, gamma: usize, beta: usize, columns: i32, epsilon: f32,
): void {
  const mean = meanOf(x, columns);
  const inverse: f32 = <f32>1 / sqrt<f32>(varianceOf(x, columns, mean) + epsilon);
  const means = f32x4.splat(mean);
  const inverses = f32x4.splat(inverse);
  for (let j = 0; j < columns; j += 4) {
    const left = columns - j;
    const at = <usize>j << 2;
    const normalised = f32x4.mul(f32x4.sub(loadUpTo4(x + at, left), means), inverses);
    storeUpTo4(y + at, multiplyAdd(normalised, loadUpTo4(gamma + at, left), loadUpTo4(beta + at, left)), left);
  }
  store<f32>(statistics, mean);
  store<f32>(statistics, inverse, 4);
}

/** {@link layerNormBackward} of a row. */
// @ts-ignore: decorator
@inline
function normaliseRowBackward(
  dx: usize, dGamma: usize, dBeta: usize, dy: usize, x: usize, statistics: usize, gamma: usize,
  columns: i32, accumulate: i32,
): void {
  const count = <f32>columns;
  const means = v128.load_splat<f32>(statistics);
  const inverses = v128.load_splat<f32>(statistics, 4);
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
  for (let row = 0; row < rows; row++) {
    normaliseRow(y, statistics, x, gamma, beta, columns, epsilon);
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
  for (let row = 0; row < rows; row++) {
    normaliseRowBackward(dx, dGamma, dBeta, dy, x, statistics, gamma, columns, accumulate);
    statistics += 8;
    dx += stride;
    dy += stride;
    x += stride;
  }
}

/**
 * y = LayerNorm(sum) with sum = x + dropout(sublayer): {@link residualForward} and {@link layerNormForward} in one
 * pass over memory, each row while it is in the cache.
 *
 * @param sum [rows, columns], kept for the backward pass
 * @param sublayer [rows, columns]; holds dropout(sublayer) afterwards
 */
export function residualNormForward(
  y: usize, sum: usize, statistics: usize, x: usize, sublayer: usize, gamma: usize, beta: usize,
  rows: i32, columns: i32, epsilon: f32, rowKeys: usize, site: i32, threshold: i32,
): void {
  const stride = <usize>columns << 2;
  for (let row = 0; row < rows; row++) {
    if (threshold) dropKeyedRow(sublayer, columns, rowKeys, row, site, threshold);
    addRow(sum, x, sublayer, columns);
    normaliseRow(y, statistics, sum, gamma, beta, columns, epsilon);
    statistics += 8;
    y += stride;
    sum += stride;
    x += stride;
    sublayer += stride;
  }
}

/**
 * The gradients of {@link residualNormForward}, in one pass as well: dSublayer = dropout(dSum), dx (+)= dSum.
 *
 * @param dx [rows, columns], written, or added to when `accumulate`
 * @param dSublayer [rows, columns], written
 * @param dGamma, dBeta [columns], added to
 */
export function residualNormBackward(
  dx: usize, dSublayer: usize, dGamma: usize, dBeta: usize, dy: usize, sum: usize, statistics: usize, gamma: usize,
  rows: i32, columns: i32, accumulate: i32, rowKeys: usize, site: i32, threshold: i32,
): void {
  const stride = <usize>columns << 2;
  for (let row = 0; row < rows; row++) {
    normaliseRowBackward(dSublayer, dGamma, dBeta, dy, sum, statistics, gamma, columns, 0);
    if (accumulate) addRow(dx, dx, dSublayer, columns);
    else memory.copy(dx, dSublayer, stride);
    if (threshold) dropKeyedRow(dSublayer, columns, rowKeys, row, site, threshold);
    statistics += 8;
    dx += stride;
    dSublayer += stride;
    dy += stride;
    sum += stride;
  }
}
