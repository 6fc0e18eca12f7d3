import { multiplyAdd } from "./simd";

/** 1.5 * 2^23: a float this large has no room for a fraction, so adding it rounds to the nearest whole number. */
const ROUNDER: f32 = 12582912;

/**
 * e^x for four floats; relative error below 2e-7 for x in [-87.3, 88]. Below, the result is the smallest
 * normal number's neighbourhood (about 1e-38); above, about 1.6e38; NaN stays NaN.
 *
 * Cody and Waite's range reduction, x = n ln 2 + r with |r| <= ln 2 / 2, then the polynomial of degree 6 with the
 * least relative error there (1.9e-9, by iteratively reweighted least squares), then n is added to the exponent
 * bits: it stands in the low bits of the rounded sum, and what is above it there is shifted out.
 */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  const clamped = f32x4.pmax(f32x4.pmin(x, f32x4.splat(88.0)), f32x4.splat(-87.3));
  const shifted = multiplyAdd(clamped, f32x4.splat(1.4426950408889634), f32x4.splat(ROUNDER));
  const n = f32x4.sub(shifted, f32x4.splat(ROUNDER));
  // ln 2 in two parts: the first has so few bits that n times it is exact.
  let r = multiplyAdd(n, f32x4.splat(-0.693359375), clamped);
  r = multiplyAdd(n, f32x4.splat(2.12194440054690583e-4), r);
  let p = f32x4.splat(0.0013836793658017895);
  p = multiplyAdd(p, r, f32x4.splat(0.008374857071943614));
  p = multiplyAdd(p, r, f32x4.splat(0.041668228689695656));
  p = multiplyAdd(p, r, f32x4.splat(0.16666419680484265));
  p = multiplyAdd(p, r, f32x4.splat(0.49999992056068077));
  p = multiplyAdd(p, r, f32x4.splat(1.000000036431017));
  p = multiplyAdd(p, r, f32x4.splat(1.0000000005563783));
  return i32x4.add(p, i32x4.shl(shifted, 23));
}
