import { loadUpTo4, multiplyAdd, storeUpTo4, sumOfPartials } from "./simd";

/** The sum of the products of two rows of n floats, in sixteen partial sums ({@link sumOfPartials}). */
// @ts-ignore: decorator
@inline
export function dotOf(x: usize, y: usize, n: i32): f32 {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (let j = 0; j < n; j += 4) {
    const at = <usize>j << 2;
    const next = multiplyAdd(loadUpTo4(x + at, n - j), loadUpTo4(y + at, n - j), s0);
    s0 = s1, s1 = s2, s2 = s3, s3 = next;
  }
  return sumOfPartials(s0, s1, s2, s3);
}

/**
 * Root mean square normalisation (Zhang and Sennrich 2019), without a mean and a bias: y = gamma x / rms(x) with
 * rms(x) = sqrt(mean(x^2) + epsilon), whose squares are added in sixteen partial sums ({@link sumOfPartials}).
 *
 * A row has `groups` groups of `columns`, one behind the other, each normalised for itself: one in a layer of a model, the
 * heads where queries and keys are normalised.
 *
 * @param y may be x
 * @param inverses [rows, groups]: 1 / rms(x), kept for the backward pass
 * @param gamma [columns], or 0 for a gain of 1
 * @param stride floats from row to row of x and y
 */
export function rmsNormForward(
  y: usize, inverses: usize, x: usize, gamma: usize, rows: i32, stride: i32, groups: i32, columns: i32, epsilon: f32,
): void {
  for (let row = 0; row < rows; row++) {
    for (let g = 0; g < groups; g++) {
      const from = x + (<usize>(row * stride + g * columns) << 2);
      const to = y + (<usize>(row * stride + g * columns) << 2);
      const inverse: f32 = <f32>1 / sqrt<f32>(dotOf(from, from, columns) / <f32>columns + epsilon);
      store<f32>(inverses + (<usize>(row * groups + g) << 2), inverse);
      const factor = f32x4.splat(inverse);
      for (let j = 0; j < columns; j += 4) {
        const at = <usize>j << 2;
        let n = f32x4.mul(loadUpTo4(from + at, columns - j), factor);
        if (gamma) n = f32x4.mul(n, loadUpTo4(gamma + at, columns - j));
        storeUpTo4(to + at, n, columns - j);
      }
    }
  }
}

/**
 * The gradients of {@link rmsNormForward}: with n = x / rms(x) and g = dy gamma, dx = (g - n mean(g n)) / rms(x) is written,
 * or added to when `accumulate`; dGamma += dy n, if there is a gamma.
 *
 * @param dx may be dy
 */
export function rmsNormBackward(
  dx: usize, dGamma: usize, dy: usize, x: usize, inverses: usize, gamma: usize,
  rows: i32, stride: i32, groups: i32, columns: i32, accumulate: i32,
): void {
  for (let row = 0; row < rows; row++) {
    for (let g = 0; g < groups; g++) {
      const first = <usize>(row * stride + g * columns) << 2;
      const factor = v128.load_splat<f32>(inverses + (<usize>(row * groups + g) << 2));
      let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
      for (let j = 0; j < columns; j += 4) {
        const at = <usize>j << 2;
        const left = columns - j;
        const d = loadUpTo4(dy + first + at, left);
        const product = gamma ? f32x4.mul(d, loadUpTo4(gamma + at, left)) : d;
        const n = f32x4.mul(loadUpTo4(x + first + at, left), factor);
        const next = multiplyAdd(product, n, s0);
        s0 = s1, s1 = s2, s2 = s3, s3 = next;
      }
      const mean = f32x4.splat(sumOfPartials(s0, s1, s2, s3) / <f32>columns);
      for (let j = 0; j < columns; j += 4) {
        const at = <usize>j << 2;
        const left = columns - j;
        const d = loadUpTo4(dy + first + at, left);
        const n = f32x4.mul(loadUpTo4(x + first + at, left), factor);
        let product = d;
        if (gamma) {
          product = f32x4.mul(d, loadUpTo4(gamma + at, left));
          storeUpTo4(dGamma + at, multiplyAdd(d, n, loadUpTo4(dGamma + at, left)), left);
        }
        let result = f32x4.mul(f32x4.sub(product, f32x4.mul(n, mean)), factor);
        if (accumulate) result = f32x4.add(result, loadUpTo4(dx + first + at, left));
        storeUpTo4(dx + first + at, result, left);
      }
    }
  }
}
