import { exp4 } from "./exp";
import { log } from "./log";
import { horizontalMax, horizontalSum, lanesBelow, loadUpTo4, storeUpTo4 } from "./simd";

/** The largest of n floats (n at least 1); NaNs are passed over. */
function maximum(x: usize, n: i32): f32 {
  // Four at a time: one after the other, each would wait for the one before.
  let m0 = f32x4.splat(-f32.MAX_VALUE), m1 = m0, m2 = m0, m3 = m0;
  let i = 0;
  for (; i + 16 <= n; i += 16) {
    const at = x + (<usize>i << 2);
    m0 = f32x4.pmax(m0, v128.load(at));
    m1 = f32x4.pmax(m1, v128.load(at, 16));
    m2 = f32x4.pmax(m2, v128.load(at, 32));
    m3 = f32x4.pmax(m3, v128.load(at, 48));
  }
  let result = horizontalMax(f32x4.pmax(f32x4.pmax(m0, m1), f32x4.pmax(m2, m3)));
  for (; i < n; i++) {
    const value = load<f32>(x + (<usize>i << 2));
    if (value > result) result = value;
  }
  return result;
}

/** Replaces n floats by e^(x - shift) and returns their sum. */
function exponentials(x: usize, n: i32, shift: f32): f32 {
  const shifts = f32x4.splat(shift);
  let sum0 = f32x4.splat(0), sum1 = sum0;
  let i = 0;
  for (; i + 8 <= n; i += 8) {
    const e0 = exp4(f32x4.sub(v128.load(x), shifts));
    const e1 = exp4(f32x4.sub(v128.load(x, 16), shifts));
    v128.store(x, e0);
    v128.store(x, e1, 16);
    sum0 = f32x4.add(sum0, e0);
    sum1 = f32x4.add(sum1, e1);
    x += 32;
  }
  for (; i < n; i += 4) {
    const left = n - i;
    const e = v128.and(exp4(f32x4.sub(loadUpTo4(x, left), shifts)), lanesBelow(left));
    storeUpTo4(x, e, left);
    sum0 = f32x4.add(sum0, e);
    x += 16;
  }
  return horizontalSum(f32x4.add(sum0, sum1));
}

function sumOf(x: usize, n: i32): f32 {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  let i = 0;
  for (; i + 16 <= n; i += 16) {
    s0 = f32x4.add(s0, v128.load(x));
    s1 = f32x4.add(s1, v128.load(x, 16));
    s2 = f32x4.add(s2, v128.load(x, 32));
    s3 = f32x4.add(s3, v128.load(x, 48));
    x += 64;
  }
  for (; i < n; i += 4) {
    s0 = f32x4.add(s0, loadUpTo4(x, n - i));
    x += 16;
  }
  return horizontalSum(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
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
    const sum = exponentials(x, columns, maximum(x, columns));
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
    // Only when no logit is larger does it matter whether an earlier one is as large.
    const correct = labelLogit == most && firstEqual(logits, vocabulary, most) == label;
    const mean = smoothing > 0 ? sumOf(logits, vocabulary) / <f32>vocabulary : 0;
    const sum = exponentials(logits, vocabulary, most);
    const logSumExp = most + <f32>log(<f64>sum);
    const nll = logSumExp - labelLogit;
    store<f32>(results, logSumExp - (<f32>1 - smoothing) * labelLogit - smoothing * mean);
    store<f32>(results, nll, 4);
    store<f32>(results, correct ? 1 : 0, 8);
    if (scale != 0) {
      const factor = f32x4.splat(scale / sum);
      const shares = f32x4.splat(share * scale);
      let j = 0;
      for (; j + 8 <= vocabulary; j += 8) {
        const at = logits + (<usize>j << 2);
        v128.store(at, f32x4.sub(f32x4.mul(v128.load(at), factor), shares));
        v128.store(at, f32x4.sub(f32x4.mul(v128.load(at, 16), factor), shares), 16);
      }
      for (; j < vocabulary; j += 4) {
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
