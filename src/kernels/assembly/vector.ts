import { loadPart, loadUpTo4, multiplyAdd, storePart, storeUpTo4, sumOfPartials } from "./simd";

/** x = 0, over n floats. JavaScript writes to shared memory a word at a time; this is many times as fast. */
export function clear(x: usize, n: i32): void {
  memory.fill(x, 0, <usize>n << 2);
}

/** y = x, over n floats. */
export function copy(y: usize, x: usize, n: i32): void {
  memory.copy(y, x, <usize>n << 2);
}

/** y = y + x, over n floats. */
export function add(y: usize, x: usize, n: i32): void {
  sumRows(y, y, x, n);
}

/** sum = x + y, over n floats. */
// @ts-ignore: decorator
@inline
export function sumRows(sum: usize, x: usize, y: usize, n: i32): void {
  let at: usize = 0;
  for (const end = <usize>(n & ~3) << 2; at < end; at += 16) {
    v128.store(sum + at, f32x4.add(v128.load(x + at), v128.load(y + at)));
  }
  const left = n & 3;
  if (left) storePart(sum + at, f32x4.add(loadPart(x + at, left), loadPart(y + at, left)), left);
}

/** y = y + t (x - y), over n floats: a step of a moving average. */
export function lerp(y: usize, x: usize, t: f32, n: i32): void {
  const steps = f32x4.splat(t);
  for (let i = 0; i < n; i += 4) {
    const left = n - i;
    const old = loadUpTo4(y, left);
    storeUpTo4(y, multiplyAdd(steps, f32x4.sub(loadUpTo4(x, left), old), old), left);
    y += 16;
    x += 16;
  }
}

/** The sum of n floats, in sixteen partial sums ({@link sumOfPartials}). */
export function sumOf(x: usize, n: i32): f32 {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  let i = 0;
  for (; i + 16 <= n; i += 16) {
    s0 = f32x4.add(s0, v128.load(x));
    s1 = f32x4.add(s1, v128.load(x, 16));
    s2 = f32x4.add(s2, v128.load(x, 32));
    s3 = f32x4.add(s3, v128.load(x, 48));
    x += 64;
  }
  for (; i + 4 <= n; i += 4) {
    const next = f32x4.add(s0, v128.load(x));
    s0 = s1, s1 = s2, s2 = s3, s3 = next;
    x += 16;
  }
  if (i < n) s0 = f32x4.add(s0, loadPart(x, n - i));
  return sumOfPartials(s0, s1, s2, s3);
}

/** sums[columns] += the sum of the rows of x[rows, columns], from the first row to the last. */
export function columnSums(sums: usize, x: usize, rows: i32, columns: i32): void {
  const stride = <usize>columns << 2;
  let column = 0;
  for (; column + 16 <= columns; column += 16) {
    // A cache line of each row at a time.
    let sum0 = v128.load(sums);
    let sum1 = v128.load(sums, 16);
    let sum2 = v128.load(sums, 32);
    let sum3 = v128.load(sums, 48);
    let address = x + (<usize>column << 2);
    for (let row = 0; row < rows; row++) {
      sum0 = f32x4.add(sum0, v128.load(address));
      sum1 = f32x4.add(sum1, v128.load(address, 16));
      sum2 = f32x4.add(sum2, v128.load(address, 32));
      sum3 = f32x4.add(sum3, v128.load(address, 48));
      address += stride;
    }
    v128.store(sums, sum0);
    v128.store(sums, sum1, 16);
    v128.store(sums, sum2, 32);
    v128.store(sums, sum3, 48);
    sums += 64;
  }
  for (; column < columns; column += 4) {
    const left = columns - column;
    let sum = loadUpTo4(sums, left);
    let address = x + (<usize>column << 2);
    for (let row = 0; row < rows; row++) {
      sum = f32x4.add(sum, loadUpTo4(address, left));
      address += stride;
    }
    storeUpTo4(sums, sum, left);
    sums += 16;
  }
}

/**
 * The sum of x * x over n floats, in double precision, where a square is exact: in sixteen partial sums that are added up
 * as {@link sumOfPartials} does.
 */
export function sumSquares(x: usize, n: i32): f64 {
  let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
  let i = 0;
  for (; i + 16 <= n; i += 16) {
    const x0 = v128.load(x);
    const x1 = v128.load(x, 16);
    const x2 = v128.load(x, 32);
    const x3 = v128.load(x, 48);
    s0 = f64x2.add(s0, squaresOfLow(x0));
    s1 = f64x2.add(s1, squaresOfHigh(x0));
    s2 = f64x2.add(s2, squaresOfLow(x1));
    s3 = f64x2.add(s3, squaresOfHigh(x1));
    s4 = f64x2.add(s4, squaresOfLow(x2));
    s5 = f64x2.add(s5, squaresOfHigh(x2));
    s6 = f64x2.add(s6, squaresOfLow(x3));
    s7 = f64x2.add(s7, squaresOfHigh(x3));
    x += 64;
  }
  for (; i < n; i += 4) {
    const four = loadUpTo4(x, n - i);
    const low = f64x2.add(s0, squaresOfLow(four));
    const high = f64x2.add(s1, squaresOfHigh(four));
    s0 = s2, s1 = s3, s2 = s4, s3 = s5, s4 = s6, s5 = s7, s6 = low, s7 = high;
    x += 16;
  }
  const low = f64x2.add(f64x2.add(s0, s4), f64x2.add(s2, s6));
  const high = f64x2.add(f64x2.add(s1, s5), f64x2.add(s3, s7));
  const pair = f64x2.add(low, high);
  return f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1);
}

// @ts-ignore: decorator
@inline
function squaresOfLow(x: v128): v128 {
  const two = f64x2.promote_low_f32x4(x);
  return f64x2.mul(two, two);
}

// @ts-ignore: decorator
@inline
function squaresOfHigh(x: v128): v128 {
  return squaresOfLow(i8x16.shuffle(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
}

/** dx = dy where y is above 0, else 0: the gradient of ReLU from its result. In place when dx is dy. */
export function reluBackward(dx: usize, dy: usize, y: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) {
    const left = n - i;
    const open = f32x4.gt(loadUpTo4(y, left), f32x4.splat(0));
    storeUpTo4(dx, v128.and(loadUpTo4(dy, left), open), left);
    dx += 16;
    dy += 16;
    y += 16;
  }
}
