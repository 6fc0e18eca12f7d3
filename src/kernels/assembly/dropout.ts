// Dropout masks are not stored: a bit of a mask is a function of where it lies, so that the backward pass
// computes it again. The random numbers come from a counter-based generator (Salmon et al. 2011, "Parallel
// random numbers: as easy as 1, 2, 3") made of integer hash rounds.
//
// A row key is two 32-bit words made from (seed, step, sentence, position); `site` numbers the places in the
// model where dropout is applied. Columns are taken in groups of eight: lane l of the group's hash decides
// columns 8g + 2l (low half) and 8g + 2l + 1 (high half), and a column is dropped when its 16 bits are below
// `threshold`, which is the dropout probability times 65536.

/** One hash of four 32-bit lanes, with the second word of the key put in between its two rounds. */
// @ts-ignore: decorator
@inline
function hash4(x: v128, secondWord: v128): v128 {
  x = v128.xor(x, i32x4.shr_u(x, 16));
  x = v128.xor(i32x4.mul(x, i32x4.splat(0x7feb352d)), secondWord);
  x = v128.xor(x, i32x4.shr_u(x, 15));
  x = i32x4.mul(x, i32x4.splat(0x846ca68b));
  return v128.xor(x, i32x4.shr_u(x, 16));
}

/** What kept elements are multiplied by, so that the expected value stays: 1 / (1 - threshold / 65536). */
// @ts-ignore: decorator
@inline
export function keepScale(threshold: i32): f32 {
  const kept: i32 = 65536 - threshold;
  return <f32>65536 / <f32>kept;
}

/** The 32-bit key of a row at a site: the first word of its mask key. */
// @ts-ignore: decorator
@inline
export function siteKey(rowKeys: usize, row: i32, site: i32): i32 {
  let x = load<i32>(rowKeys + (<usize>row << 3)) + site * <i32>0x9e3779b9;
  x = (x ^ (x >>> 16)) * <i32>0x7feb352d;
  x = (x ^ (x >>> 15)) * <i32>0x846ca68b;
  return x ^ (x >>> 16);
}

/** The second word of a row's key, which does not depend on the site. */
// @ts-ignore: decorator
@inline
export function secondKey(rowKeys: usize, row: i32): i32 {
  return load<i32>(rowKeys + (<usize>row << 3), 4);
}

/** All bits set in the 16-bit lanes of the columns of a group of eight that are kept. */
// @ts-ignore: decorator
@inline
export function keptLanes(key: i32, second: i32, group: i32, threshold: i32): v128 {
  const counter = i32x4.add(i32x4.splat(group << 2), i32x4(0, 1, 2, 3));
  const x = i32x4.add(i32x4.mul(counter, i32x4.splat(0x9e3779b9)), i32x4.splat(key));
  return i16x8.ge_u(hash4(x, i32x4.splat(second)), i16x8.splat(<i16>threshold));
}

/**
 * Drops elements of a row in place and scales those that stay by `scale`.
 *
 * @param x `columns` floats
 */
export function dropRow(x: usize, columns: i32, key: i32, second: i32, threshold: i32, scale: f32): void {
  const factor = f32x4.splat(scale);
  let group = 0;
  for (; (group + 1) * 8 <= columns; group++) {
    const kept = keptLanes(key, second, group, threshold);
    v128.store(x, v128.and(f32x4.mul(v128.load(x), factor), i32x4.extend_low_i16x8_s(kept)));
    v128.store(x, v128.and(f32x4.mul(v128.load(x, 16), factor), i32x4.extend_high_i16x8_s(kept)), 16);
    x += 32;
  }
  const left = columns - group * 8;
  if (left == 0) return;
  let kept = keptLanes(key, second, group, threshold);
  for (let j = 0; j < left; j++) {
    const value = load<f32>(x) * scale;
    store<f32>(x, i16x8.extract_lane_s(kept, 0) ? value : 0);
    kept = i8x16.shuffle(kept, kept, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1);
    x += 4;
  }
}

/** Drops elements of the row with that number at that site. */
// @ts-ignore: decorator
@inline
export function dropKeyedRow(x: usize, columns: i32, rowKeys: usize, row: i32, site: i32, threshold: i32): void {
  const key = siteKey(rowKeys, row, site);
  dropRow(x, columns, key, secondKey(rowKeys, row), threshold, keepScale(threshold));
}

/**
 * Drops elements of x[rows, columns] in place and scales those that stay by 1 / (1 - threshold / 65536).
 * Forward and backward are the same: the gradient goes through the same mask.
 *
 * @param rowKeys two 32-bit words a row
 */
export function dropout(x: usize, rows: i32, columns: i32, rowKeys: usize, site: i32, threshold: i32): void {
  if (threshold == 0) return;
  for (let row = 0; row < rows; row++) {
    dropKeyedRow(x, columns, rowKeys, row, site, threshold);
    x += <usize>columns << 2;
  }
}
