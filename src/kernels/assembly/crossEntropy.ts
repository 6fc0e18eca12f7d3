import { exp4 } from "./exp";
import { log } from "./log";
import { horizontalMax, lanesBelow, loadPart, loadUpTo4, storePart, storeUpTo4, sumOfPartials } from "./simd";
import { sumOf } from "./vector";

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
  for (; i + 4 <= n; i += 4) m0 = f32x4.pmax(m0, v128.load(x + (<usize>i << 2)));
  let result = horizontalMax(f32x4.pmax(f32x4.pmax(m0, m1), f32x4.pmax(m2, m3)));
  for (; i < n; i++) {
    const value = load<f32>(x + (<usize>i << 2));
    if (value > result) result = value;
  }
  return result;
}

/**
 * The sum of e^(x - shift) over n floats, in sixteen partial sums ({@link sumOfPartials}).
 *
 * @param keep whether the exponentials take the place of the floats
 */
// @ts-ignore: decorator
@inline
function exponentials(x: usize, n: i32, shift: f32, keep: bool): f32 {
  const shifts = f32x4.splat(shift);
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  let i = 0;
  for (; i + 16 <= n; i += 16) {
    const e0 = exp4(f32x4.sub(v128.load(x), shifts));
    const e1 = exp4(f32x4.sub(v128.load(x, 16), shifts));
    if (keep) {
      v128.store(x, e0);
      v128.store(x, e1, 16);
    }
    s0 = f32x4.add(s0, e0);
    s1 = f32x4.add(s1, e1);
    const e2 = exp4(f32x4.sub(v128.load(x, 32), shifts));
    const e3 = exp4(f32x4.sub(v128.load(x, 48), shifts));
    if (keep) {
      v128.store(x, e2, 32);
      v128.store(x, e3, 48);
    }
    s2 = f32x4.add(s2, e2);
    s3 = f32x4.add(s3, e3);
    x += 64;
  }
  for (; i + 4 <= n; i += 4) {
    const e = exp4(f32x4.sub(v128.load(x), shifts));
    if (keep) v128.store(x, e);
    const next = f32x4.add(s0, e);
    s0 = s1, s1 = s2, s2 = s3, s3 = next;
    x += 16;
  }
  if (i < n) {
    const left = n - i;
    const e = v128.and(exp4(f32x4.sub(loadPart(x, left), shifts)), lanesBelow(left));
    if (keep) storePart(x, e, left);
    s0 = f32x4.add(s0, e);
  }
  return sumOfPartials(s0, s1, s2, s3);
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

/**
 * x[rows, columns] becomes its softmax, row by row: e^(x - the largest) times the inverse of their sum, which has sixteen
 * partial sums ({@link sumOfPartials}).
 */
export function softmax(x: usize, rows: i32, columns: i32): void {
  for (let row = 0; row < rows; row++) {
    const sum = exponentials(x, columns, maximum(x, columns), true);
    const factor = f32x4.splat(<f32>1 / sum);
    let j = 0;
    for (; j + 4 <= columns; j += 4) {
      v128.store(x, f32x4.mul(v128.load(x), factor));
      x += 16;
    }
    if (j < columns) {
      storePart(x, f32x4.mul(loadPart(x, columns - j), factor), columns - j);
      x += <usize>(columns - j) << 2;
    }
  }
}

/**
 * What a greedy decoder asks of each row of logits: the first largest one, and the natural log of its probability. The
 * logits stay as they are, and no softmax is written. The sum of exponentials is that of {@link softmax}, bit for bit; the
 * log-sum-exp of a row is its largest logit less the log of that one's probability.
 *
 * @param ids 32-bit integers, one a row: the index of the first largest logit
 * @param logProbabilities one a row
 * @param logits [rows, columns], with at least one column
 */
export function greedyTokens(ids: usize, logProbabilities: usize, logits: usize, rows: i32, columns: i32): void {
  for (let row = 0; row < rows; row++) {
    const most = maximum(logits, columns);
    const sum = exponentials(logits, columns, most, false);
    store<i32>(ids, firstEqual(logits, columns, most));
    store<f32>(logProbabilities, 0 - <f32>log(<f64>sum));
    ids += 4;
    logProbabilities += 4;
    logits += <usize>columns << 2;
  }
}

/**
 * Cross-entropy with label smoothing, and its gradient in place of the logits.
 *
 * The target distribution is 1 - smoothing on the label plus smoothing / vocabulary everywhere (Szegedy et
 * al. 2016; the definition of PyTorch's CrossEntropyLoss): loss = logSumExp - (1 - smoothing) logit[label]
 * - smoothing mean(logits), and dLogits = (softmax - target distribution) * scale. Both sums over a row, of the
 * exponentials and of the logits, have sixteen partial sums ({@link sumOfPartials}).
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
    const sum = exponentials(logits, vocabulary, most, true);
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
