import { dropKeyedRow } from "./dropout";
import { lanesBelow, loadUpTo4, multiplyAdd, storeUpTo4, sumOfPartials } from "./simd";
import { sumOf, sumRows } from "./vector";

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
    sumRows(sum, x, sublayer, columns);
    sum += stride;
    x += stride;
    sublayer += stride;
  }
}

/** The biased variance of a row around its mean: the squares are added in sixteen partial sums. */
// @ts-ignore: decorator
@inline
function varianceOf(x: usize, columns: i32, mean: f32): f32 {
  const means = f32x4.splat(mean);
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  let j = 0;
  for (; j + 16 <= columns; j += 16) {
    const at = x + (<usize>j << 2);
    const c0 = f32x4.sub(v128.load(at), means);
    const c1 = f32x4.sub(v128.load(at, 16), means);
    const c2 = f32x4.sub(v128.load(at, 32), means);
    const c3 = f32x4.sub(v128.load(at, 48), means);
    s0 = multiplyAdd(c0, c0, s0);
    s1 = multiplyAdd(c1, c1, s1);
    s2 = multiplyAdd(c2, c2, s2);
    s3 = multiplyAdd(c3, c3, s3);
  }
  for (; j < columns; j += 4) {
    const left = columns - j;
    const centred = v128.and(f32x4.sub(loadUpTo4(x + (<usize>j << 2), left), means), lanesBelow(left));
    const next = multiplyAdd(centred, centred, s0);
    s0 = s1, s1 = s2, s2 = s3, s3 = next;
  }
  return sumOfPartials(s0, s1, s2, s3) / <f32>columns;
}

/** Four elements of n = (x - mean) / sqrt(variance + epsilon). */
// @ts-ignore: decorator
@inline
function normalised(x: v128, means: v128, inverses: v128): v128 {
  return f32x4.mul(f32x4.sub(x, means), inverses);
}

/** `count` elements of y = gamma n + beta, from column j on. */
// @ts-ignore: decorator
@inline
function normaliseUpTo4(
  y: usize, x: usize, gamma: usize, beta: usize, j: i32, count: i32, means: v128, inverses: v128,
): void {
  const at = <usize>j << 2;
  const n = normalised(loadUpTo4(x + at, count), means, inverses);
  storeUpTo4(y + at, multiplyAdd(n, loadUpTo4(gamma + at, count), loadUpTo4(beta + at, count)), count);
}

/** {@link layerNormForward} of a row. */
// @ts-ignore: decorator
@inline
function normaliseRow(
  y: usize, statistics: usize, x: usize, gamma: usize, beta: usize, columns: i32, epsilon: f32,
): void {
  const mean = sumOf(x, columns) / <f32>columns;
  const inverse: f32 = <f32>1 / sqrt<f32>(varianceOf(x, columns, mean) + epsilon);
  const means = f32x4.splat(mean);
  const inverses = f32x4.splat(inverse);
  let j = 0;
  for (; j + 4 <= columns; j += 4) normaliseUpTo4(y, x, gamma, beta, j, 4, means, inverses);
  if (j < columns) normaliseUpTo4(y, x, gamma, beta, j, columns - j, means, inverses);
  store<f32>(statistics, mean);
  store<f32>(statistics, inverse, 4);
}

/** `count` elements of dx, dGamma and dBeta, from column j on, when the means of the row are known. */
// @ts-ignore: decorator
@inline
function gradientsUpTo4(
  dx: usize, dGamma: usize, dBeta: usize, dy: usize, x: usize, gamma: usize, j: i32, count: i32,
  means: v128, inverses: v128, meanG: v128, meanGN: v128, accumulate: i32,
): void {
  const at = <usize>j << 2;
  const d = loadUpTo4(dy + at, count);
  const n = normalised(loadUpTo4(x + at, count), means, inverses);
  const g = f32x4.mul(d, loadUpTo4(gamma + at, count));
  storeUpTo4(dGamma + at, multiplyAdd(d, n, loadUpTo4(dGamma + at, count)), count);
  storeUpTo4(dBeta + at, f32x4.add(d, loadUpTo4(dBeta + at, count)), count);
  let result = f32x4.mul(f32x4.sub(f32x4.sub(g, meanG), f32x4.mul(n, meanGN)), inverses);
  if (accumulate) result = f32x4.add(result, loadUpTo4(dx + at, count));
  storeUpTo4(dx + at, result, count);
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
  let g0 = f32x4.splat(0), g1 = g0, g2 = g0, g3 = g0;
  let gn0 = g0, gn1 = g0, gn2 = g0, gn3 = g0;
  let j = 0;
  for (; j + 16 <= columns; j += 16) {
    const at = <usize>j << 2;
    let g = f32x4.mul(v128.load(dy + at), v128.load(gamma + at));
    g0 = f32x4.add(g0, g);
    gn0 = multiplyAdd(g, normalised(v128.load(x + at), means, inverses), gn0);
    g = f32x4.mul(v128.load(dy + at, 16), v128.load(gamma + at, 16));
    g1 = f32x4.add(g1, g);
    gn1 = multiplyAdd(g, normalised(v128.load(x + at, 16), means, inverses), gn1);
    g = f32x4.mul(v128.load(dy + at, 32), v128.load(gamma + at, 32));
    g2 = f32x4.add(g2, g);
    gn2 = multiplyAdd(g, normalised(v128.load(x + at, 32), means, inverses), gn2);
    g = f32x4.mul(v128.load(dy + at, 48), v128.load(gamma + at, 48));
    g3 = f32x4.add(g3, g);
    gn3 = multiplyAdd(g, normalised(v128.load(x + at, 48), means, inverses), gn3);
  }
  for (; j < columns; j += 4) {
    const left = columns - j;
    const at = <usize>j << 2;
    const g = f32x4.mul(loadUpTo4(dy + at, left), loadUpTo4(gamma + at, left));
    const n = v128.and(normalised(loadUpTo4(x + at, left), means, inverses), lanesBelow(left));
    const nextG = f32x4.add(g0, g);
    const nextGN = multiplyAdd(g, n, gn0);
    g0 = g1, g1 = g2, g2 = g3, g3 = nextG;
    gn0 = gn1, gn1 = gn2, gn2 = gn3, gn3 = nextGN;
  }
  const meanG = f32x4.splat(sumOfPartials(g0, g1, g2, g3) / count);
  const meanGN = f32x4.splat(sumOfPartials(gn0, gn1, gn2, gn3) / count);
  for (j = 0; j + 4 <= columns; j += 4) {
    gradientsUpTo4(dx, dGamma, dBeta, dy, x, gamma, j, 4, means, inverses, meanG, meanGN, accumulate);
  }
  if (j < columns) {
    gradientsUpTo4(dx, dGamma, dBeta, dy, x, gamma, j, columns - j, means, inverses, meanG, meanGN, accumulate);
  }
}

/**
 * y = gamma (x - mean) / sqrt(variance + epsilon) + beta, row by row (Ba et al. 2016); the variance is the
 * biased one, as PyTorch's. The mean is found first, then the squares of x - mean are added up; both sums have sixteen
 * partial sums ({@link sumOfPartials}).
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
 * dx = (g - mean(g) - n mean(g n)) / sqrt(variance + epsilon), dGamma += sum of dy n, dBeta += sum of dy. Sums over a row
 * have sixteen partial sums ({@link sumOfPartials}); dGamma and dBeta take one row after the other.
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
    sumRows(sum, x, sublayer, columns);
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
    if (accumulate) sumRows(dx, dx, dSublayer, columns);
    else memory.copy(dx, dSublayer, stride);
    if (threshold) dropKeyedRow(dSublayer, columns, rowKeys, row, site, threshold);
    statistics += 8;
    dx += stride;
    dSublayer += stride;
    dy += stride;
    sum += stride;
  }
}
