import { exp4 } from "./exp";
import { loadUpTo4, multiplyAdd, storeUpTo4 } from "./simd";

/**
 * The standard normal distribution function, absolute error below 3e-7.
 *
 * Phi(x) = (1 + erf(x / sqrt 2)) / 2 with erf by Abramowitz and Stegun, formula 7.1.26.
 */
// @ts-ignore: decorator
@inline
function normalCdf4(x: v128): v128 {
  const z = f32x4.mul(f32x4.abs(x), f32x4.splat(0.7071067811865476));
  const t = f32x4.div(f32x4.splat(1), multiplyAdd(f32x4.splat(0.3275911), z, f32x4.splat(1)));
  let p = f32x4.splat(1.061405429);
  p = multiplyAdd(p, t, f32x4.splat(-1.453152027));
  p = multiplyAdd(p, t, f32x4.splat(1.421413741));
  p = multiplyAdd(p, t, f32x4.splat(-0.284496736));
  p = multiplyAdd(p, t, f32x4.splat(0.254829592));
  const tail = f32x4.mul(f32x4.mul(p, t), f32x4.mul(f32x4.splat(0.5), exp4(f32x4.neg(f32x4.mul(z, z)))));
  const negative = f32x4.lt(x, f32x4.splat(0));
  return v128.bitselect(tail, f32x4.sub(f32x4.splat(1), tail), negative);
}

/** y = x Phi(x) over n floats (Hendrycks and Gimpel 2016). */
export function geluForward(y: usize, x: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) {
    const left = n - i;
    const value = loadUpTo4(x, left);
    storeUpTo4(y, f32x4.mul(value, normalCdf4(value)), left);
    y += 16;
    x += 16;
  }
}

/** dx = dy (Phi(x) + x phi(x)) over n floats; x is the input of the forward pass. In place when dx is dy. */
export function geluBackward(dx: usize, dy: usize, x: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) {
    const left = n - i;
    const value = loadUpTo4(x, left);
    const density = f32x4.mul(
      f32x4.splat(0.3989422804014327),
      exp4(f32x4.mul(f32x4.splat(-0.5), f32x4.mul(value, value))),
    );
    const slope = multiplyAdd(value, density, normalCdf4(value));
    storeUpTo4(dx, f32x4.mul(loadUpTo4(dy, left), slope), left);
    dx += 16;
    dy += 16;
    x += 16;
  }
}
