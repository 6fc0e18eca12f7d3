import { loadUpTo4, multiplyAdd, storeUpTo4 } from "./simd";

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
  for (let i = 0; i < n; i += 4) {
    const left = n - i;
    storeUpTo4(y, f32x4.add(loadUpTo4(y, left), loadUpTo4(x, left)), left);
    y += 16;
    x += 16;
  }
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

/** The sum of x * x over n floats, added up in double precision. */
export function sumSquares(x: usize, n: i32): f64 {
  let low = f64x2.splat(0);
  let high = low;
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const four = v128.load(x);
    const first = f64x2.promote_low_f32x4(four);
    const second = f64x2.promote_low_f32x4(i8x16.shuffle(four, four, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
    low = f64x2.add(low, f64x2.mul(first, first));
    high = f64x2.add(high, f64x2.mul(second, second));
    x += 16;
  }
  low = f64x2.add(low, high);
  let sum = f64x2.extract_lane(low, 0) + f64x2.extract_lane(low, 1);
  for (; i < n; i++) {
    const value = <f64>load<f32>(x);
    sum += value * value;
    x += 4;
  }
  return sum;
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
