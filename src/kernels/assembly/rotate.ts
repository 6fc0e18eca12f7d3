import { loadUpTo4, multiplyAdd, storeUpTo4 } from "./simd";

/**
 * Rotary positions (Su et al. 2021, equation 34), in place: column i of the first half of a head and column i of its second
 * half are the coordinates of a point, which is turned by an angle that grows with the position. Turned back where `back` is
 * set, which is also the way of the gradient.
 *
 * @param x `stride` floats from row to row; the first heads dHead columns are turned
 * @param table [positions, dHead]: of each position dHead / 2 cosines, then as many sines
 * @param positions 32-bit integers, one a row
 * @param dHead even
 */
export function rotate(
  x: usize, stride: i32, table: usize, positions: usize, rows: i32, heads: i32, dHead: i32, back: i32,
): void {
  const half = dHead >> 1;
  const halfBytes = <usize>half << 2;
  const sign = f32x4.splat(back ? -1 : 1);
  for (let row = 0; row < rows; row++) {
    const cosines = table + (<usize>(load<i32>(positions + (<usize>row << 2)) * dHead) << 2);
    for (let h = 0; h < heads; h++) {
      const first = x + (<usize>(row * stride + h * dHead) << 2);
      for (let j = 0; j < half; j += 4) {
        const at = <usize>j << 2;
        const left = half - j;
        const cosine = loadUpTo4(cosines + at, left);
        const sine = f32x4.mul(loadUpTo4(cosines + halfBytes + at, left), sign);
        const a = loadUpTo4(first + at, left);
        const b = loadUpTo4(first + halfBytes + at, left);
        storeUpTo4(first + at, multiplyAdd(a, cosine, f32x4.neg(f32x4.mul(b, sine))), left);
        storeUpTo4(first + halfBytes + at, multiplyAdd(b, cosine, f32x4.mul(a, sine)), left);
      }
    }
  }
}
