import { multiplyAdd } from "./simd";

/**
 * ln x for a positive, normal x, relative error below 1e-13, without a table (kernels have no static data):
 * x = 2^n m with m in [1/sqrt 2, sqrt 2), and ln m = 2 artanh(s) = 2 (s + s^3 / 3 + ... + s^15 / 15) with
 * s = (m - 1) / (m + 1). NaN and infinity, whose exponent bits say nothing, stay: a loss that is not finite has
 * to show.
 */
export function log(x: f64): f64 {
  if (!(x < Infinity)) return x;
  const bits = reinterpret<u64>(x);
  let n = <i32>(bits >> 52) - 1023;
  let m = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    n += 1;
  }
  const s = (m - 1) / (m + 1);
  const s2 = s * s;
  let sum: f64 = 1.0 / 15;
  sum = sum * s2 + 1.0 / 13;
  sum = sum * s2 + 1.0 / 11;
  sum = sum * s2 + 1.0 / 9;
  sum = sum * s2 + 1.0 / 7;
  sum = sum * s2 + 1.0 / 5;
  sum = sum * s2 + 1.0 / 3;
  sum = sum * s2 + 1.0;
  return <f64>n * 0.6931471805599453 + 2 * s * sum;
}

/**
 * ln x for four positive, normal floats, within 2e-7 of the larger of |ln x| and 1: {@link log} in single precision, with
 * as many terms of its series as that holds.
 */
// @ts-ignore: decorator
@inline
export function log4(x: v128): v128 {
  // From the bits of 1/sqrt 2 on, the exponent counts octaves around 1: m lies in [1/sqrt 2, sqrt 2).
  const octaves = i32x4.shr_s(i32x4.sub(x, i32x4.splat(0x3f3504f3)), 23);
  const m = i32x4.sub(x, i32x4.shl(octaves, 23));
  const n = f32x4.convert_i32x4_s(octaves);
  const one = f32x4.splat(1);
  const s = f32x4.div(f32x4.sub(m, one), f32x4.add(m, one));
  const s2 = f32x4.mul(s, s);
  let sum = f32x4.splat(2.0 / 9.0);
  sum = multiplyAdd(sum, s2, f32x4.splat(2.0 / 7.0));
  sum = multiplyAdd(sum, s2, f32x4.splat(2.0 / 5.0));
  sum = multiplyAdd(sum, s2, f32x4.splat(2.0 / 3.0));
  sum = multiplyAdd(sum, s2, f32x4.splat(2.0));
  return multiplyAdd(n, f32x4.splat(0.6931471805599453), f32x4.mul(s, sum));
}
