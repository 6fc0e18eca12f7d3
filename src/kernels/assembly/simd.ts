// The few SIMD phrases that the other kernels are written in. Everything is inlined.

/** a * b + c for four floats: fused (one rounding) in the relaxed build, two roundings in the strict one. */
// @ts-ignore: decorator
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
}

/** The sum of four lanes, always in the same order: (0 + 2) + (1 + 3). */
// @ts-ignore: decorator
@inline
export function horizontalSum(x: v128): f32 {
  const pairs = f32x4.add(x, i8x16.shuffle(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/**
 * The end of every sum over a row of floats. A row is added up in sixteen partial sums, whatever the width of the
 * machine's vectors: element j goes to partial sum j mod 16, in rising order, each starting from 0. At the end they are
 * added by halves: sum i and sum i + 8, then i and i + 4, i and i + 2, and the last two.
 *
 * Four vectors hold them, and the order of adding means that they may be turned, so that the first becomes the last: a
 * loop that takes a vector at a time adds to the first and turns.
 */
// @ts-ignore: decorator
@inline
export function sumOfPartials(s0: v128, s1: v128, s2: v128, s3: v128): f32 {
  // Adding 0 takes the sign off -0, to which a partial sum can underflow: whether zeros were added past the end of the
  // row does not show.
  return horizontalSum(f32x4.add(f32x4.add(s0, s2), f32x4.add(s1, s3))) + 0;
}

/**
 * The largest of four lanes, or, when one is NaN, that or another: the sum that follows shows it. `pmax` is one
 * instruction where `max` is many.
 */
// @ts-ignore: decorator
@inline
export function horizontalMax(x: v128): f32 {
  const pairs = f32x4.pmax(x, i8x16.shuffle(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  return f32x4.extract_lane(f32x4.pmax(pairs, i8x16.shuffle(pairs, pairs, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3)), 0);
}

/** All bits set in the lanes below `count` (0 to 4), none in the others. */
// @ts-ignore: decorator
@inline
export function lanesBelow(count: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count));
}

/** Loads `count` floats (1 to 3), the other lanes zero; never reads past them. */
// @ts-ignore: decorator
@inline
export function loadPart(address: usize, count: i32): v128 {
  let x = f32x4(load<f32>(address), 0, 0, 0);
  if (count > 1) x = f32x4.replace_lane(x, 1, load<f32>(address, 4));
  if (count > 2) x = f32x4.replace_lane(x, 2, load<f32>(address, 8));
  return x;
}

/** Stores the first `count` lanes (1 to 3). */
// @ts-ignore: decorator
@inline
export function storePart(address: usize, x: v128, count: i32): void {
  store<f32>(address, f32x4.extract_lane(x, 0));
  if (count > 1) store<f32>(address, f32x4.extract_lane(x, 1), 4);
  if (count > 2) store<f32>(address, f32x4.extract_lane(x, 2), 8);
}

/** Loads four floats, or the `count` that are left. */
// @ts-ignore: decorator
@inline
export function loadUpTo4(address: usize, count: i32): v128 {
  return count >= 4 ? v128.load(address) : loadPart(address, count);
}

/** Stores four lanes, or the `count` that are left. */
// @ts-ignore: decorator
@inline
export function storeUpTo4(address: usize, x: v128, count: i32): void {
  if (count >= 4) v128.store(address, x);
  else storePart(address, x, count);
}
