import { exponentials, maximum } from "./crossEntropy";
import { dropRow, keepScale, secondKey, siteKey } from "./dropout";
import { GEMM_WORKSPACE, gemm, packB } from "./gemm";
import { log } from "./log";
import { loadUpTo4, multiplyAdd, horizontalSum, storeUpTo4 } from "./simd";

/** Query rows worked on at a time: the scores of a block, never those of a whole sentence, are in memory. */
const BLOCK: i32 = 48;

// @ts-ignore: decorator
@inline
function roundUpTo8(n: i32): i32 {
  return (n + 7) & ~7;
}

/** The largest number of rows from a start to its end. */
function longest(starts: usize, ends: usize, sentences: i32): i32 {
  let most = 0;
  for (let b = 0; b < sentences; b++) {
    most = max(most, load<i32>(ends + (<usize>b << 2)) - load<i32>(starts + (<usize>b << 2)));
  }
  return most;
}

/**
 * Turns a block of scores Q K^T into attention weights, in place, and zero past the last key a query may
 * see: row i sees `first + i` keys and no more than `keys`.
 *
 * @param logSumExp the natural log of each row's sum of e^(scale score), `heads` floats from row to row
 */
function weightsForward(
  scores: usize, stride: i32, rows: i32, first: i32, keys: i32, columns: i32, scale: f32, logSumExp: usize, heads: i32,
): void {
  for (let i = 0; i < rows; i++) {
    const visible = min(keys, first + i);
    const most = maximum(scores, visible);
    const sum = exponentials(scores, visible, most, scale);
    const factor = f32x4.splat(<f32>1 / sum);
    for (let j = 0; j < visible; j += 4) {
      const left = visible - j;
      const at = scores + (<usize>j << 2);
      storeUpTo4(at, f32x4.mul(loadUpTo4(at, left), factor), left);
    }
    for (let j = visible; j < columns; j++) store<f32>(scores + (<usize>j << 2), 0);
    store<f32>(logSumExp, most * scale + <f32>log(<f64>sum));
    logSumExp += <usize>heads << 2;
    scores += <usize>stride << 2;
  }
}

/** The floats of workspace that attention needs for sentences of up to `queries` and `keys` tokens. */
export function attentionWorkspace(queries: i32, keys: i32, dHead: i32): i32 {
  const k8 = roundUpTo8(keys);
  const h8 = roundUpTo8(dHead);
  return 2 * BLOCK * k8 + 2 * dHead * k8 + k8 * h8 + BLOCK * h8 + BLOCK + GEMM_WORKSPACE;
}

/**
 * Scaled dot-product attention of every head of every sentence (Vaswani et al. 2017, equation 1), with
 * dropout on the weights: out = dropout(softmax(Q K^T / sqrt(dHead))) V.
 *
 * Sentence b has the query rows queryOffsets[b] to queryOffsets[b + 1] and the key rows keyStarts[b] to
 * keyEnds[b] (for a ragged batch `keyEnds` is `keyStarts` one further on; a cache with room to grow has gaps
 * between sentences); head h has the columns h dHead to (h + 1) dHead.
 *
 * @param out [query rows, heads * dHead]
 * @param logSumExp [query rows, heads]: kept for the backward pass, which computes the weights again from it
 * @param q, k, v matrices with `ldq`, `ldkv` floats from row to row
 * @param causal whether query i of Lq sees only the keys up to i + Lk - Lq; Lq is at most Lk then
 * @param weights where to leave the weights before dropout, for looking at: for each sentence [heads, Lq, Lk]
 *   one behind the other; or 0
 */
export function attentionForward(
  out: usize, logSumExp: usize, q: usize, ldq: i32, k: usize, v: usize, ldkv: i32,
  queryOffsets: usize, keyStarts: usize, keyEnds: usize, sentences: i32, heads: i32, dHead: i32, causal: i32,
  rowKeys: usize, site: i32, threshold: i32, weights: usize, workspace: usize,
): void {
  const dModel = heads * dHead;
  const scale: f32 = <f32>1 / sqrt<f32>(<f32>dHead);
  const dropScale: f32 = keepScale(threshold);
  const keys8 = roundUpTo8(longest(keyStarts, keyEnds, sentences));
  const scores = workspace;
  const packedK = scores + (<usize>(BLOCK * keys8) << 2);
  const packedV = packedK + (<usize>(dHead * keys8) << 2);
  const strip = packedV + (<usize>(keys8 * roundUpTo8(dHead)) << 2);
  for (let b = 0; b < sentences; b++) {
    const queryStart = load<i32>(queryOffsets + (<usize>b << 2));
    const keyStart = load<i32>(keyStarts + (<usize>b << 2));
    const queries = load<i32>(queryOffsets + (<usize>b << 2), 4) - queryStart;
    const keys = load<i32>(keyEnds + (<usize>b << 2)) - keyStart;
    for (let h = 0; h < heads; h++) {
      const keyColumn = <usize>(keyStart * ldkv + h * dHead) << 2;
      packB(packedK, k + keyColumn, ldkv, 1, keys, dHead);
      packB(packedV, v + keyColumn, ldkv, 0, dHead, keys);
      for (let i0 = 0; i0 < queries; i0 += BLOCK) {
        const rows = min(BLOCK, queries - i0);
        const first = causal ? i0 + 1 + keys - queries : keys;
        const columns = min(keys, first + rows - 1);
        const row = queryStart + i0;
        gemm(
          scores, keys8, q + (<usize>(row * ldq + h * dHead) << 2), ldq, 0, packedK, dHead,
          rows, roundUpTo8(columns), dHead, 0, 0, 0, strip,
        );
        weightsForward(
          scores, keys8, rows, first, keys, columns, scale, logSumExp + (<usize>(row * heads + h) << 2), heads,
        );
        if (weights) {
          for (let i = 0; i < rows; i++) {
            const to = weights + (<usize>((h * queries + i0 + i) * keys) << 2);
            memory.fill(to, 0, <usize>keys << 2);
            memory.copy(to, scores + (<usize>(i * keys8) << 2), <usize>columns << 2);
          }
        }
        if (threshold) dropBlock(scores, keys8, rows, columns, rowKeys, row, site + h, threshold, dropScale);
        gemm(
          out + (<usize>(row * dModel + h * dHead) << 2), dModel, scores, keys8, 0, packedV, keys,
          rows, dHead, columns, 0, 0, 0, strip,
        );
      }
    }
    if (weights) weights += <usize>(heads * queries * keys) << 2;
  }
}

function dropBlock(
  scores: usize, stride: i32, rows: i32, columns: i32, rowKeys: usize, row: i32, site: i32, threshold: i32, scale: f32,
): void {
  for (let i = 0; i < rows; i++) {
    dropRow(scores, columns, siteKey(rowKeys, row + i, site), secondKey(rowKeys, row + i), threshold, scale);
    scores += <usize>stride << 2;
  }
}

/** The dot products of rows of two matrices: delta[i] = x[i] . y[i], over `n` columns. */
function rowDots(delta: usize, x: usize, y: usize, stride: i32, rows: i32, n: i32): void {
  for (let i = 0; i < rows; i++) {
    let sum = f32x4.splat(0);
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      sum = multiplyAdd(loadUpTo4(x + at, n - j), loadUpTo4(y + at, n - j), sum);
    }
    store<f32>(delta, horizontalSum(sum));
    delta += 4;
    x += <usize>stride << 2;
    y += <usize>stride << 2;
  }
}

/** Scores become weights again: e^(scale score - logSumExp), and 0 for keys that a query may not see. */
function weightsAgain(
  scores: usize, stride: i32, rows: i32, first: i32, keys: i32, columns: i32, scale: f32, logSumExp: usize, heads: i32,
): void {
  for (let i = 0; i < rows; i++) {
    const visible = min(keys, first + i);
    exponentials(scores, visible, load<f32>(logSumExp) / scale, scale);
    for (let j = visible; j < columns; j++) store<f32>(scores + (<usize>j << 2), 0);
    logSumExp += <usize>heads << 2;
    scores += <usize>stride << 2;
  }
}

/** dScores = weights (dWeights - delta) scale, written over dWeights. */
function scoresBackward(dWeights: usize, weights: usize, stride: i32, delta: usize, rows: i32, n: i32, scale: f32): void {
  const scales = f32x4.splat(scale);
  for (let i = 0; i < rows; i++) {
    const deltas = v128.load_splat<f32>(delta);
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      const d = f32x4.mul(f32x4.sub(loadUpTo4(dWeights + at, n - j), deltas), scales);
      storeUpTo4(dWeights + at, f32x4.mul(d, loadUpTo4(weights + at, n - j)), n - j);
    }
    delta += 4;
    dWeights += <usize>stride << 2;
    weights += <usize>stride << 2;
  }
}

/**
 * The gradients of {@link attentionForward}, with the weights computed again block by block (Dao et al. 2022,
 * "FlashAttention", appendix B). With P the weights, M the dropout mask over its keep probability and
 * P' = P M: dV = P'^T dOut, dP' = dOut V^T, dS = P (M dP' - rowSum(dOut out)) / sqrt(dHead),
 * dQ = dS K and dK = dS^T Q.
 *
 * @param dq, dk, dv laid out as q, k and v; written, not added to
 * @param out, logSumExp what the forward pass left
 */
export function attentionBackward(
  dq: usize, dk: usize, dv: usize, dOut: usize, out: usize, logSumExp: usize,
  q: usize, ldq: i32, k: usize, v: usize, ldkv: i32,
  queryOffsets: usize, keyOffsets: usize, sentences: i32, heads: i32, dHead: i32, causal: i32,
  rowKeys: usize, site: i32, threshold: i32, workspace: usize,
): void {
  const dModel = heads * dHead;
  const scale: f32 = <f32>1 / sqrt<f32>(<f32>dHead);
  const dropScale: f32 = keepScale(threshold);
  const keys8 = roundUpTo8(longest(keyOffsets, keyOffsets + 4, sentences));
  const head8 = roundUpTo8(dHead);
  const weights = workspace;
  const dWeights = weights + (<usize>(BLOCK * keys8) << 2);
  const packedKT = dWeights + (<usize>(BLOCK * keys8) << 2);
  const packedVT = packedKT + (<usize>(dHead * keys8) << 2);
  const packedK = packedVT + (<usize>(dHead * keys8) << 2);
  const packedRows = packedK + (<usize>(keys8 * head8) << 2);
  const delta = packedRows + (<usize>(BLOCK * head8) << 2);
  const strip = delta + (BLOCK << 2);
  for (let b = 0; b < sentences; b++) {
    const queryStart = load<i32>(queryOffsets + (<usize>b << 2));
    const keyStart = load<i32>(keyOffsets + (<usize>b << 2));
    const queries = load<i32>(queryOffsets + (<usize>b << 2), 4) - queryStart;
    const keys = load<i32>(keyOffsets + (<usize>b << 2), 4) - keyStart;
    for (let h = 0; h < heads; h++) {
      const keyColumn = <usize>(keyStart * ldkv + h * dHead) << 2;
      packB(packedKT, k + keyColumn, ldkv, 1, keys, dHead);
      packB(packedVT, v + keyColumn, ldkv, 1, keys, dHead);
      packB(packedK, k + keyColumn, ldkv, 0, dHead, keys);
      if (queries == 0) {
        clear(dk + keyColumn, ldkv, keys, dHead);
        clear(dv + keyColumn, ldkv, keys, dHead);
      }
      for (let i0 = 0; i0 < queries; i0 += BLOCK) {
        const rows = min(BLOCK, queries - i0);
        const first = causal ? i0 + 1 + keys - queries : keys;
        const columns = min(keys, first + rows - 1);
        const row = queryStart + i0;
        const queryColumn = <usize>(row * ldq + h * dHead) << 2;
        const outColumn = <usize>(row * dModel + h * dHead) << 2;
        const sums = logSumExp + (<usize>(row * heads + h) << 2);
        gemm(weights, keys8, q + queryColumn, ldq, 0, packedKT, dHead, rows, roundUpTo8(columns), dHead, 0, 0, 0, strip);
        weightsAgain(weights, keys8, rows, first, keys, columns, scale, sums, heads);
        gemm(dWeights, keys8, dOut + outColumn, dModel, 0, packedVT, dHead, rows, roundUpTo8(columns), dHead, 0, 0, 0, strip);
        rowDots(delta, dOut + outColumn, out + outColumn, dModel, rows, dHead);
        // The mask goes over dP' first, while P is still whole: dS needs P, not P'.
        if (threshold) dropBlock(dWeights, keys8, rows, columns, rowKeys, row, site + h, threshold, dropScale);
        scoresBackward(dWeights, weights, keys8, delta, rows, columns, scale);
        if (threshold) dropBlock(weights, keys8, rows, columns, rowKeys, row, site + h, threshold, dropScale);
        // The first causal block does not reach the later keys, which the next blocks add to.
        const add = i0 > 0;
        if (!add && columns < keys) {
          clear(dk + keyColumn, ldkv, keys, dHead);
          clear(dv + keyColumn, ldkv, keys, dHead);
        }
        packB(packedRows, dOut + outColumn, dModel, 0, dHead, rows);
        gemm(dv + keyColumn, ldkv, weights, keys8, 1, packedRows, rows, columns, dHead, rows, add, 0, 0, strip);
        packB(packedRows, q + queryColumn, ldq, 0, dHead, rows);
        gemm(dk + keyColumn, ldkv, dWeights, keys8, 1, packedRows, rows, columns, dHead, rows, add, 0, 0, strip);
        gemm(dq + queryColumn, ldq, dWeights, keys8, 0, packedK, keys, rows, dHead, columns, 0, 0, 0, strip);
      }
    }
  }
}

function clear(x: usize, stride: i32, rows: i32, columns: i32): void {
  for (let i = 0; i < rows; i++) {
    memory.fill(x, 0, <usize>columns << 2);
    x += <usize>stride << 2;
  }
}
