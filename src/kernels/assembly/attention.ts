import { dropRow, keepScale, keptLanes, secondKey, siteKey } from "./dropout";
import { exp4 } from "./exp";
import { gemm, gemmWorkspace, packB } from "./gemm";
import { log4 } from "./log";
import { horizontalMax, lanesBelow, loadUpTo4, multiplyAdd, sumOfPartials } from "./simd";

/** The most keys of {@link attendOne}, and the widest head. */
const ONE_CUT: i32 = 256;

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
 * Turns a block of scores Q K^T into e^(scale score - most), in place, where row i sees `first + i` keys and no more
 * than `keys`; the columns past them, up to a multiple of 8, become 0.
 *
 * @param mosts where the largest scale score of each row goes, `heads` floats from row to row
 * @param sums where the sum of each row goes, which has sixteen partial sums ({@link sumOfPartials})
 */
function exponentialsOfBlock(
  scores: usize, stride: i32, rows: i32, first: i32, keys: i32, columns8: i32, scale: f32,
  mosts: usize, heads: i32, sums: usize,
): void {
  const scales = f32x4.splat(scale);
  for (let i = 0; i < rows; i++) {
    const visible = min(keys, first + i);
    const whole = visible & ~3;
    const rest = lanesBelow(visible & 3);
    // Rows are read and written in whole vectors: their stride is a multiple of 8.
    let most4 = v128.bitselect(v128.load(scores + (<usize>whole << 2)), f32x4.splat(-f32.MAX_VALUE), rest);
    for (let j = 0; j < whole; j += 4) most4 = f32x4.pmax(most4, v128.load(scores + (<usize>j << 2)));
    const most = horizontalMax(most4) * scale;
    const shifts = f32x4.splat(-most);
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    let j = 0;
    for (; j < whole; j += 4) {
      const at = scores + (<usize>j << 2);
      const e = exp4(multiplyAdd(v128.load(at), scales, shifts));
      v128.store(at, e);
      const next = f32x4.add(s0, e);
      s0 = s1, s1 = s2, s2 = s3, s3 = next;
    }
    if (visible > whole) {
      const at = scores + (<usize>j << 2);
      const e = v128.and(exp4(multiplyAdd(v128.load(at), scales, shifts)), rest);
      v128.store(at, e);
      s0 = f32x4.add(s0, e);
      j += 4;
    }
    for (; j < columns8; j += 4) v128.store(scores + (<usize>j << 2), f32x4.splat(0));
    store<f32>(mosts, most);
    store<f32>(sums, sumOfPartials(s0, s1, s2, s3));
    mosts += <usize>heads << 2;
    sums += 4;
    scores += <usize>stride << 2;
  }
}

/** Adds the natural log of each row's sum to its largest score, and replaces the sum by its inverse. */
function finishSums(logSumExp: usize, heads: i32, sums: usize, rows: i32): void {
  const step = <usize>heads << 2;
  for (let i = 0; i < rows; i += 4) {
    const sum = v128.load(sums);
    let logs = log4(sum);
    v128.store(sums, f32x4.div(f32x4.splat(1), sum));
    for (let left = min(4, rows - i); left > 0; left--) {
      store<f32>(logSumExp, load<f32>(logSumExp) + f32x4.extract_lane(logs, 0));
      logs = i8x16.shuffle(logs, logs, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3);
      logSumExp += step;
    }
    sums += 16;
  }
}

/** Multiplies a row of `n` floats, whole vectors, by a factor. */
// @ts-ignore: decorator
@inline
function scaleRow(to: usize, from: usize, n: i32, factor: f32): void {
  const factors = f32x4.splat(factor);
  for (let j = 0; j < n; j += 4) {
    v128.store(to + (<usize>j << 2), f32x4.mul(v128.load(from + (<usize>j << 2)), factors));
  }
}

/**
 * The attention of a single query, as when a decoder generates: keys and values are read where they lie, since to pack
 * them would take longer than to use them once. Every sum is in the order of {@link gemm}, so that the result has the
 * same bits as among other queries; that holds for up to 256 keys and columns, where its sums are first cut.
 *
 * @param q, out dHead floats, a multiple of 4
 * @param k, v the first key and value, `ldkv` floats from one to the next
 * @param weights takes the weights: a whole number of vectors
 * @param sum room for a whole vector
 */
function attendOne(
  out: usize, logSumExp: usize, q: usize, k: usize, v: usize, ldkv: i32, keys: i32, dHead: i32, scale: f32,
  weights: usize, sum: usize,
): void {
  const stride = <usize>ldkv << 2;
  const keys8 = roundUpTo8(keys);
  for (let j = 0; j < keys; j += 4) {
    // Four keys at a time; where there are fewer, the last one stands in for those that are missing.
    const k1 = k + <usize>min(1, keys - 1 - j) * stride;
    const k2 = k + <usize>min(2, keys - 1 - j) * stride;
    const k3 = k + <usize>min(3, keys - 1 - j) * stride;
    let scores = f32x4.splat(0);
    for (let at: usize = 0; at < <usize>dHead << 2; at += 16) {
      const r0 = v128.load(k + at);
      const r1 = v128.load(k1 + at);
      const r2 = v128.load(k2 + at);
      const r3 = v128.load(k3 + at);
      const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
      const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
      const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
      const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      scores = multiplyAdd(v128.load_splat<f32>(q + at), v128.shuffle<f32>(low01, low23, 0, 1, 4, 5), scores);
      scores = multiplyAdd(v128.load_splat<f32>(q + at, 4), v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), scores);
      scores = multiplyAdd(v128.load_splat<f32>(q + at, 8), v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), scores);
      scores = multiplyAdd(v128.load_splat<f32>(q + at, 12), v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), scores);
    }
    v128.store(weights + (<usize>j << 2), scores);
    k += 4 * stride;
  }
  exponentialsOfBlock(weights, 0, 1, keys, keys, keys8, scale, logSumExp, 0, sum);
  finishSums(logSumExp, 0, sum, 1);
  scaleRow(weights, weights, keys8, load<f32>(sum));
  let d = 0;
  for (; d + 16 <= dHead; d += 16) {
    // A cache line of each value at a time.
    let o0 = f32x4.splat(0), o1 = o0, o2 = o0, o3 = o0;
    let value = v + (<usize>d << 2);
    for (let j = 0; j < keys; j++) {
      const weight = v128.load_splat<f32>(weights + (<usize>j << 2));
      o0 = multiplyAdd(weight, v128.load(value), o0);
      o1 = multiplyAdd(weight, v128.load(value, 16), o1);
      o2 = multiplyAdd(weight, v128.load(value, 32), o2);
      o3 = multiplyAdd(weight, v128.load(value, 48), o3);
      value += stride;
    }
    const to = out + (<usize>d << 2);
    v128.store(to, o0);
    v128.store(to, o1, 16);
    v128.store(to, o2, 32);
    v128.store(to, o3, 48);
  }
  for (; d < dHead; d += 4) {
    let o = f32x4.splat(0);
    let value = v + (<usize>d << 2);
    for (let j = 0; j < keys; j++) {
      o = multiplyAdd(v128.load_splat<f32>(weights + (<usize>j << 2)), v128.load(value), o);
      value += stride;
    }
    v128.store(out + (<usize>d << 2), o);
  }
}

/** The floats of workspace that attention needs for sentences of up to `queries` and `keys` tokens. */
export function attentionWorkspace(queries: i32, keys: i32, dHead: i32): i32 {
  const k8 = roundUpTo8(keys);
  const h8 = roundUpTo8(dHead);
  return 2 * BLOCK * k8 + 2 * dHead * k8 + k8 * h8 + BLOCK * h8 + BLOCK + gemmWorkspace();
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
  const sums = packedV + (<usize>(keys8 * roundUpTo8(dHead)) << 2);
  const strip = sums + (BLOCK << 2);
  for (let b = 0; b < sentences; b++) {
    const queryStart = load<i32>(queryOffsets + (<usize>b << 2));
    const keyStart = load<i32>(keyStarts + (<usize>b << 2));
    const queries = load<i32>(queryOffsets + (<usize>b << 2), 4) - queryStart;
    const keys = load<i32>(keyEnds + (<usize>b << 2)) - keyStart;
    for (let h = 0; h < heads; h++) {
      const keyColumn = <usize>(keyStart * ldkv + h * dHead) << 2;
      if (queries == 1 && !threshold && keys <= ONE_CUT && dHead <= ONE_CUT && !(dHead & 3)) {
        attendOne(
          out + (<usize>(queryStart * dModel + h * dHead) << 2), logSumExp + (<usize>(queryStart * heads + h) << 2),
          q + (<usize>(queryStart * ldq + h * dHead) << 2), k + keyColumn, v + keyColumn, ldkv, keys, dHead, scale,
          scores, sums,
        );
        if (weights) memory.copy(weights + (<usize>(h * keys) << 2), scores, <usize>keys << 2);
        continue;
      }
      packB(packedK, k + keyColumn, ldkv, 1, keys, dHead);
      packB(packedV, v + keyColumn, ldkv, 0, dHead, keys);
      for (let i0 = 0; i0 < queries; i0 += BLOCK) {
        const rows = min(BLOCK, queries - i0);
        const first = causal ? i0 + 1 + keys - queries : keys;
        const columns = min(keys, first + rows - 1);
        const columns8 = roundUpTo8(columns);
        const row = queryStart + i0;
        const blockSums = logSumExp + (<usize>(row * heads + h) << 2);
        gemm(
          scores, keys8, q + (<usize>(row * ldq + h * dHead) << 2), ldq, 0, packedK, dHead,
          rows, columns8, dHead, 0, 0, 0, strip,
        );
        exponentialsOfBlock(scores, keys8, rows, first, keys, columns8, scale, blockSums, heads, sums);
        finishSums(blockSums, heads, sums, rows);
        for (let i = 0; i < rows; i++) {
          const weightsRow = scores + (<usize>(i * keys8) << 2);
          const inverse = load<f32>(sums + (<usize>i << 2));
          if (weights) keepWeights(weights + (<usize>((h * queries + i0 + i) * keys) << 2), weightsRow, columns, keys, inverse);
          if (threshold) {
            const key = siteKey(rowKeys, row + i, site + h);
            dropRow(weightsRow, columns8, key, secondKey(rowKeys, row + i), threshold, inverse * dropScale);
          } else {
            scaleRow(weightsRow, weightsRow, columns8, inverse);
          }
        }
        gemm(
          out + (<usize>(row * dModel + h * dHead) << 2), dModel, scores, keys8, 0, packedV, keys,
          rows, dHead, columns, 0, 0, 0, strip,
        );
      }
    }
    if (weights) weights += <usize>(heads * queries * keys) << 2;
  }
}

/** Leaves a row of weights for looking at: `seen` of them, and zeros for the other keys. */
function keepWeights(to: usize, from: usize, seen: i32, keys: i32, inverse: f32): void {
  for (let j = 0; j < keys; j++) {
    const at = <usize>j << 2;
    store<f32>(to + at, j < seen ? load<f32>(from + at) * inverse : 0);
  }
}

/**
 * The dot products of rows of two matrices: delta[i] = x[i] . y[i], over `n` columns, in sixteen partial sums
 * ({@link sumOfPartials}).
 */
function rowDots(delta: usize, x: usize, y: usize, stride: i32, rows: i32, n: i32): void {
  for (let i = 0; i < rows; i++) {
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    let j = 0;
    for (; j + 16 <= n; j += 16) {
      const at = <usize>j << 2;
      s0 = multiplyAdd(v128.load(x + at), v128.load(y + at), s0);
      s1 = multiplyAdd(v128.load(x + at, 16), v128.load(y + at, 16), s1);
      s2 = multiplyAdd(v128.load(x + at, 32), v128.load(y + at, 32), s2);
      s3 = multiplyAdd(v128.load(x + at, 48), v128.load(y + at, 48), s3);
    }
    for (; j < n; j += 4) {
      const at = <usize>j << 2;
      const next = multiplyAdd(loadUpTo4(x + at, n - j), loadUpTo4(y + at, n - j), s0);
      s0 = s1, s1 = s2, s2 = s3, s3 = next;
    }
    store<f32>(delta, sumOfPartials(s0, s1, s2, s3));
    delta += 4;
    x += <usize>stride << 2;
    y += <usize>stride << 2;
  }
}

/**
 * From a block of scores and of dP' = dOut V^T, in place: P' (the weights with their dropout) and
 * dS = P (dropout(dP') - delta) scale. P is e^(scale score - logSumExp), and 0 for keys that a query may not see.
 *
 * @param delta rowSum(dOut out) of each row
 */
function scoresBackward(
  scores: usize, dWeights: usize, stride: i32, rows: i32, first: i32, keys: i32, columns8: i32, scale: f32,
  logSumExp: usize, heads: i32, delta: usize, rowKeys: usize, row: i32, site: i32, threshold: i32, dropScale: f32,
): void {
  const scales = f32x4.splat(scale);
  const keepScales = f32x4.splat(dropScale);
  for (let i = 0; i < rows; i++) {
    const visible = min(keys, first + i);
    const shifts = f32x4.neg(v128.load_splat<f32>(logSumExp));
    const deltas = v128.load_splat<f32>(delta);
    const key = threshold ? siteKey(rowKeys, row + i, site) : 0;
    const second = threshold ? secondKey(rowKeys, row + i) : 0;
    for (let j = 0; j < columns8; j += 8) {
      const s = scores + (<usize>j << 2);
      const d = dWeights + (<usize>j << 2);
      let p0 = exp4(multiplyAdd(v128.load(s), scales, shifts));
      let p1 = exp4(multiplyAdd(v128.load(s, 16), scales, shifts));
      if (visible - j < 8) {
        p0 = v128.and(p0, lanesBelow(visible - j));
        p1 = v128.and(p1, lanesBelow(visible - j - 4));
      }
      let d0 = v128.load(d);
      let d1 = v128.load(d, 16);
      if (threshold) {
        const kept = keptLanes(key, second, j >> 3, threshold);
        const factors0 = v128.and(keepScales, i32x4.extend_low_i16x8_s(kept));
        const factors1 = v128.and(keepScales, i32x4.extend_high_i16x8_s(kept));
        v128.store(s, f32x4.mul(p0, factors0));
        v128.store(s, f32x4.mul(p1, factors1), 16);
        d0 = f32x4.mul(d0, factors0);
        d1 = f32x4.mul(d1, factors1);
      } else {
        v128.store(s, p0);
        v128.store(s, p1, 16);
      }
      v128.store(d, f32x4.mul(f32x4.mul(f32x4.sub(d0, deltas), scales), p0));
      v128.store(d, f32x4.mul(f32x4.mul(f32x4.sub(d1, deltas), scales), p1), 16);
    }
    logSumExp += <usize>heads << 2;
    delta += 4;
    scores += <usize>stride << 2;
    dWeights += <usize>stride << 2;
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
        const columns8 = roundUpTo8(columns);
        const row = queryStart + i0;
        const queryColumn = <usize>(row * ldq + h * dHead) << 2;
        const outColumn = <usize>(row * dModel + h * dHead) << 2;
        const sums = logSumExp + (<usize>(row * heads + h) << 2);
        gemm(weights, keys8, q + queryColumn, ldq, 0, packedKT, dHead, rows, columns8, dHead, 0, 0, 0, strip);
        gemm(dWeights, keys8, dOut + outColumn, dModel, 0, packedVT, dHead, rows, columns8, dHead, 0, 0, 0, strip);
        rowDots(delta, dOut + outColumn, out + outColumn, dModel, rows, dHead);
        scoresBackward(
          weights, dWeights, keys8, rows, first, keys, columns8, scale, sums, heads, delta,
          rowKeys, row, site + h, threshold, dropScale,
        );
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
