import { exp4 } from "./exp";
import { loadUpTo4, multiplyAdd, storeUpTo4 } from "./simd";

/** The logistic function, 1 / (1 + e^-x). */
// @ts-ignore: decorator
@inline
function sigmoid4(x: v128): v128 {
  return f32x4.div(f32x4.splat(1), f32x4.add(f32x4.splat(1), exp4(f32x4.neg(x))));
}

/**
 * y = gate sigmoid(gate) value (Shazeer 2020, "GLU Variants Improve Transformer"; the SiLU of Elfwing et al. 2018).
 *
 * @param y [rows, columns]
 * @param x [rows, 2 columns]: the gate, then the value
 */
export function swigluForward(y: usize, x: usize, rows: i32, columns: i32): void {
  const stride = <usize>columns << 2;
  for (let row = 0; row < rows; row++) {
    for (let j = 0; j < columns; j += 4) {
      const at = <usize>j << 2;
      const left = columns - j;
      const gate = loadUpTo4(x + at, left);
      const value = loadUpTo4(x + stride + at, left);
      storeUpTo4(y + at, f32x4.mul(f32x4.mul(gate, sigmoid4(gate)), value), left);
    }
    y += stride;
    x += 2 * stride;
  }
}

/**
 * The gradient of {@link swigluForward}: with s = sigmoid(gate), dGate = dy value s (1 + gate (1 - s)) and
 * dValue = dy gate s.
 *
 * @param dx [rows, 2 columns], written
 */
export function swigluBackward(dx: usize, dy: usize, x: usize, rows: i32, columns: i32): void {
  const stride = <usize>columns << 2;
  const one = f32x4.splat(1);
  for (let row = 0; row < rows; row++) {
    for (let j = 0; j < columns; j += 4) {
      const at = <usize>j << 2;
      const left = columns - j;
      const gate = loadUpTo4(x + at, left);
      const value = loadUpTo4(x + stride + at, left);
      const s = sigmoid4(gate);
      const d = f32x4.mul(loadUpTo4(dy + at, left), s);
      const slope = multiplyAdd(gate, f32x4.sub(one, s), one);
      storeUpTo4(dx + at, f32x4.mul(f32x4.mul(d, value), slope), left);
      storeUpTo4(dx + stride + at, f32x4.mul(d, gate), left);
    }
    dy += stride;
    dx += 2 * stride;
    x += 2 * stride;
  }
}
