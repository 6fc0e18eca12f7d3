import { exp4 } from "./exp";
import { log } from "./log";
import { horizontalMax, horizontalSum, lanesBelow, loadUpTo4, storeUpTo4 } from "./simd";

/** The largest of n floats (n at least 1); NaNs are passed over. */
export function maximum(x: usize, n: i32): f32 {
  let most = f32x4.splat(-f32.MAX_VALUE);
  let i = 0;
  for (; i + 4 <= n; i += 4) most = f32x4.pmax(most, v128.load(x + (<usize>i << 2)));
  let result = horizontalMax(most);
  for (; i < n; i++) {
    const value = load<f32>(x + (<usize>i << 2));
    if (value > result) result = value;
  }
  return result;
}

/** Replaces n floats by e^((x - shift) * scale) and returns their sum. */
export function exponentials(x: usize, n: i32, shift: f32, scale: f32): f32 {
  const shifts = f32x4.splat(shift);
  const scales = f32x4.splat(scale);
  let sum = f32x4.splat(0);
  for (let i = 0; i < n; i += 4) {
    const left = n - i;
    const e = v128.and(exp4(f32x4.mul(f32x4.sub(loadUpTo4(x, left), shifts), scales)), lanesBelow(left));
    storeUpTo4(x, e, left);
    sum = f32x4.add(sum, e);
    x += 16;
  }
  return horizontalSum(sum);
}

function sumOf(x: usize, n: i32): f32 {
  let sum = f32x4.splat(0);
  for (let i = 0; i < n; i += 4) {
    sum = f32x4.add(sum, loadUpTo4(x, n - i));
    x += 16;
  }
  return horizontalSum(sum);
}

/** The index of the first of n floats that equals `value`; 0 when none does (NaN equals nothing). */
function firstEqual(x: usize, n: i32, value: f32): i32 {
  const values = f32x4.splat(value);
  let i = 0;
  while (i + 4 <= n && !v128.any_true(f32x4.eq(v128.load(x + (<usize>i << 2)), values))) i += 4;
  for (; i < n; i++) if (load<f32>(x + (<usize>i << 2)) == value) return i;
  return 0;
}

/** The index of the first largest of n floats (n at least 1). */
export function argmax(x: usize, n: i32): i32 {
  return firstEqual(x, n, maximum(x, n));
}

/** x[rows, columns] becomes its softmax, row by row. */
export function softmax(x: usize, rows: i32, columns: i32): void {
  for (let row = 0; row < rows; row++) {
    const sum = exponentials(x, columns, maximum(x, columns), 1);
    const factor = f32x4.splat(<f32>1 / sum);
    for (let j = 0; j < columns; j += 4) {
      const left = columns - j;
      storeUpTo4(x, f32x4.mul(loadUpTo4(x, left), factor), left);
      x += left < 4 ? <usize>left << 2 : 16;
    }
  }
}

/**
 * Cross-entropy with label smoothing, and its gradient in place of the logits.
 *
 * The target distribution is 1 - smoothing on the label plus smoothing / vocabulary everywhere (Szegedy et
 * al. 2016; the definition of PyTorch's CrossEntropyLoss): loss = logSumExp - (1 - smoothing) logit[label]
 * - smoothing mean(logits), and dLogits = (softmax - target distribution) * scale.
 *
 * @param logits [rows, vocabulary]; holds dLogits afterwards when `scale` is not 0, else is spoilt
 * @param labels 32-bit integers, one a row
 * @param results [rows, 3]: the smoothed loss, -ln p(label), and 1 when the label has the largest logit
 */
export function crossEntropy(
  logits: usize, labels: usize, results: usize, rows: i32, vocabulary: i32, smoothing: f32, scale: f32,
): void {
  const stride = <usize>vocabulary << 2;
  const share = smoothing / <f32>vocabulary;
  for (let row = 0; row < rows; row++) {
    const label = load<i32>(labels);
    const labelAddress = logits + (<usize>label << 2);
    const labelLogit = load<f32>(labelAddress);
    const most = maximum(logits, vocabulary);
    const best = firstEqual(logits, vocabulary, most);
    const mean = smoothing > 0 ? sumOf(logits, vocabulary) / <f32>vocabulary : 0;
    const sum = exponentials(logits, vocabulary, most, 1);
    const logSumExp = most + <f32>log(<f64>sum);
    const nll = logSumExp - labelLogit;
    store<f32>(results, logSumExp - (<f32>1 - smoothing) * labelLogit - smoothing * mean);
    store<f32>(results, nll, 4);
    store<f32>(results, best == label ? 1 : 0, 8);
    if (scale != 0) {
      const factor = f32x4.splat(scale / sum);
      const shares = f32x4.splat(share * scale);
      for (let j = 0; j < vocabulary; j += 4) {
        const left = vocabulary - j;
        const at = logits + (<usize>j << 2);
        storeUpTo4(at, f32x4.sub(f32x4.mul(loadUpTo4(at, left), factor), shares), left);
      }
      store<f32>(labelAddress, load<f32>(labelAddress) - (<f32>1 - smoothing) * scale);
    }
    labels += 4;
    results += 12;
    logits += stride;
  }
}
