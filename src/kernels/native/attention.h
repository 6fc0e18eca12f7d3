// Scaled dot-product attention and its gradients, block by block of queries: see `assembly/attention.ts`, whose every
// sum is in the same order here.

#pragma once

#include <cstddef>

#include "dropout.h"
#include "gemm.h"
#include "math.h"
#include "simd.h"
#include "vector.h"

namespace xformer::LEVEL {

/** Query rows worked on at a time: the scores of a block, never those of a whole sentence, are in memory. */
constexpr int BLOCK = 48;

/** The floats from one row of scores to the next: whole cache lines. */
constexpr int scoreStride(int keys) { return roundUp(keys, LINE); }

/** The scores to compute where `columns` of them are seen: B is read in panels as it was packed, for all keys. */
INLINE int wholePanels(int columns, int keys) { return lesser(keys, roundUp(columns, TILE_COLUMNS)); }

/** The largest number of rows from a start to its end. */
static int longest(const int32_t* starts, const int32_t* ends, int sentences) {
  int most = 0;
  for (int b = 0; b < sentences; b++) {
    if (ends[b] - starts[b] > most) most = ends[b] - starts[b];
  }
  return most;
}

/**
 * C[m, dHead] = A B, with B[k, dHead] read where it lies if its rows are whole vectors: to pack it takes longer than to
 * use it for a few rows.
 *
 * @param packed room for B, if it has to be packed
 */
static void multiplyByHead(float* c, ptrdiff_t ldc, const Rows& a, bool aTransposed, const Rows& b, int m, int dHead, int k,
                           bool accumulate, float* packed, float* workspace) {
  const Finish finish = {accumulate, nullptr, false};
  if (dHead % WIDTH == 0) {
    multiply(c, ldc, a, aTransposed, Unpacked{b}, m, dHead, k, finish, workspace);
  } else {
    packB(packed, b.start, static_cast<int32_t>(b.stride), 0, dHead, k);
    multiply(c, ldc, a, aTransposed, Packed{{packed, k}}, m, dHead, k, finish, workspace);
  }
}

/** 1 / sqrt(dHead), which scores are scaled by. */
INLINE float scoreScale(int dHead) { return 1.0f / __builtin_sqrtf(static_cast<float>(dHead)); }

/**
 * Turns a row of scores into e^(scale score - most), in place, where the first `visible` of them are seen; those behind,
 * up to `padded`, a multiple of 16, become 0.
 *
 * @param most takes the largest scale score
 * @returns the sum of the row, of sixteen partial sums
 */
INLINE float exponentialsOfRow(float* scores, int visible, int padded, float scale, float& most) {
  vf largest = splat(-__FLT_MAX__);
  for (int j = 0; j < visible; j += WIDTH) {
    largest = pmax(largest, lanesBelow(visible - j) ? load(scores + j) : splat(-__FLT_MAX__));
  }
  most = largestLane(largest) * scale;
  const vf scales = splat(scale);
  const vf shifts = splat(-most);
  Sums sums;
  for (int j = 0; j < padded; j += LINE) {
    for (int part = 0; part < PARTS; part++) {
      float* const at = scores + j + part * WIDTH;
      const vf e = keep(exponential(multiplyAdd(load(at), scales, shifts)), lanesBelow(visible - j - part * WIDTH));
      store(at, e);
      sums.part[part] += e;
    }
  }
  return sums.total();
}

/** Adds the natural log of each row's sum to its largest score, and replaces the sum by its inverse. */
static void finishSums(float* logSumExp, int heads, float* sums, int rows) {
  for (int i = 0; i < rows; i += WIDTH) {
    const vf sum = load(sums + i);
    const vf logs = logarithm(sum);
    store(sums + i, 1.0f / sum);
    for (int r = 0; r < lesser(WIDTH, rows - i); r++) logSumExp[static_cast<ptrdiff_t>(i + r) * heads] += logs[r];
  }
}

/** to = factor x, of n floats. */
INLINE void scaleRow(float* to, const float* x, int n, float factor) {
  eachVector(n, [&](int, int j, int count) INLINED { storeUpTo(to + j, loadUpTo(x + j, count) * factor, count); });
}

/** Sets a part of a matrix to 0. */
static void clearRows(float* x, ptrdiff_t stride, int rows, int columns) {
  for (int i = 0; i < rows; i++) __builtin_memset(x + i * stride, 0, sizeof(float) * columns);
}

/** The dot product of two rows of n floats, in sixteen partial sums. */
INLINE float dotProduct(const float* x, const float* y, int n) {
  Sums sums;
  eachVector(n, [&](int part, int j, int count) INLINED {
    sums.part[part] = multiplyAdd(loadUpTo(x + j, count), loadUpTo(y + j, count), sums.part[part]);
  });
  return sums.total();
}

/**
 * The attention of a single query, as when a decoder generates: keys and values are read where they lie, since to pack
 * them would take longer than to use them once. Every sum is in the order of {@link gemm}, up to where those are first cut:
 * for K_BLOCK keys and as many numbers a head.
 *
 * @param weights takes the weights, in whole cache lines
 * @param sum room for a vector
 */
static void attendOne(float* out, float* logSumExp, const float* q, const Rows& k, const Rows& v, int keys, int dHead,
                      float* weights, float* sum) {
  for (int j = 0; j < keys; j += WIDTH) {
    // A vector of keys at a time; where there are fewer, the last one stands in for those that are missing.
    vf scores = {};
    for (int d = 0; d < dHead; d += WIDTH) {
      const int depth = lesser(WIDTH, dHead - d);
      vf block[WIDTH];
#pragma GCC unroll 16
      for (int i = 0; i < WIDTH; i++) block[i] = loadUpTo(k.at(lesser(j + i, keys - 1), d), depth);
      transpose(block);
#pragma GCC unroll 16
      for (int i = 0; i < WIDTH; i++) {
        if (i < depth) scores = multiplyAdd(splat(q[d + i]), block[i], scores);
      }
    }
    store(weights + j, scores);
  }
  const int padded = scoreStride(keys);
  *sum = exponentialsOfRow(weights, keys, padded, scoreScale(dHead), *logSumExp);
  finishSums(logSumExp, 0, sum, 1);
  scaleRow(weights, weights, padded, *sum);
  for (int d = 0; d < dHead; d += WIDTH) {
    const int count = lesser(WIDTH, dHead - d);
    vf values = {};
    for (int j = 0; j < keys; j++) values = multiplyAdd(splat(weights[j]), loadUpTo(v.at(j, d), count), values);
    storeUpTo(out + d, values, count);
  }
}

/** The floats of workspace that attention needs for sentences of up to `queries` and `keys` tokens. */
static int32_t attentionWorkspace(int32_t, int32_t keys, int32_t dHead) {
  return 2 * BLOCK * scoreStride(keys) + 2 * packedSize(keys, dHead) + packedSize(dHead, keys > BLOCK ? keys : BLOCK) +
         BLOCK + gemmWorkspace();
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
 *   one behind the other; or null
 */
static void attentionForward(float* out, float* logSumExp, const float* q, int32_t ldq, const float* k, const float* v,
                             int32_t ldkv, const int32_t* queryOffsets, const int32_t* keyStarts, const int32_t* keyEnds,
                             int32_t sentences, int32_t heads, int32_t dHead, int32_t causal, const int32_t* rowKeys,
                             int32_t site, int32_t threshold, float* weights, float* workspace) {
  const ptrdiff_t dModel = static_cast<ptrdiff_t>(heads) * dHead;
  const float scale = scoreScale(dHead);
  const float dropScale = keepScale(threshold);
  const int mostKeys = longest(keyStarts, keyEnds, sentences);
  const int stride = scoreStride(mostKeys);
  float* const scores = workspace;
  float* const packedK = scores + BLOCK * stride;
  float* const packedV = packedK + packedSize(mostKeys, dHead);
  float* const sums = packedV + packedSize(dHead, mostKeys);
  float* const strip = sums + BLOCK;
  for (int b = 0; b < sentences; b++) {
    const ptrdiff_t queryStart = queryOffsets[b];
    const ptrdiff_t keyStart = keyStarts[b];
    const int queries = queryOffsets[b + 1] - queryOffsets[b];
    const int keys = keyEnds[b] - keyStarts[b];
    for (int h = 0; h < heads; h++) {
      const Rows ofKeys = {k + keyStart * ldkv + h * dHead, ldkv};
      const Rows values = {v + keyStart * ldkv + h * dHead, ldkv};
      if (queries == 1 && !threshold && keys <= K_BLOCK && dHead <= K_BLOCK) {
        attendOne(out + queryStart * dModel + h * dHead, logSumExp + queryStart * heads + h, q + queryStart * ldq + h * dHead,
                  ofKeys, values, keys, dHead, scores, sums);
        if (weights) copy(weights + static_cast<ptrdiff_t>(h) * keys, scores, keys);
        continue;
      }
      packB(packedK, ofKeys.start, ldkv, 1, keys, dHead);
      for (int i0 = 0; i0 < queries; i0 += BLOCK) {
        const int rows = lesser(BLOCK, queries - i0);
        const int first = causal ? i0 + 1 + keys - queries : keys;
        const int columns = lesser(keys, first + rows - 1);
        const int padded = scoreStride(columns);
        const ptrdiff_t row = queryStart + i0;
        float* const blockSums = logSumExp + row * heads + h;
        gemm(scores, stride, q + row * ldq + h * dHead, ldq, 0, packedK, dHead, rows, wholePanels(columns, keys), dHead, 0,
             nullptr, 0, strip);
        for (int i = 0; i < rows; i++) {
          float& most = blockSums[static_cast<ptrdiff_t>(i) * heads];
          sums[i] = exponentialsOfRow(scores + i * stride, lesser(keys, first + i), padded, scale, most);
        }
        finishSums(blockSums, heads, sums, rows);
        for (int i = 0; i < rows; i++) {
          float* const weightsRow = scores + i * stride;
          if (weights) {
            float* const to = weights + (static_cast<ptrdiff_t>(h) * queries + i0 + i) * keys;
            scaleRow(to, weightsRow, columns, sums[i]);
            for (int j = columns; j < keys; j++) to[j] = 0;
          }
          if (threshold) dropRow(weightsRow, padded, maskKey(rowKeys, row + i, site + h), threshold, sums[i] * dropScale);
          else scaleRow(weightsRow, weightsRow, padded, sums[i]);
        }
        multiplyByHead(out + row * dModel + h * dHead, dModel, {scores, stride}, false, values, rows, dHead, columns, false,
                       packedV, strip);
      }
    }
    if (weights) weights += static_cast<ptrdiff_t>(heads) * queries * keys;
  }
}

/**
 * From a row of n scores and of dP' = dOut V^T, in place: P' (the weights with their dropout) and
 * dS = P (dropout(dP') - delta) scale. P is e^(scale score - logSumExp), and 0 from the key `visible` on.
 *
 * @param delta rowSum(dOut out)
 */
static void scoresBackward(float* scores, float* dWeights, int n, int visible, float scale, float logSumExp, float delta,
                           MaskKey key, int threshold, float dropScale) {
  const vf scales = splat(scale);
  const vf shifts = splat(-logSumExp);
  for (int j = 0; j < n; j += 2 * WIDTH) {
    // Rows are whole cache lines: what lies behind the last column may be written, and means nothing.
    Kept kept = {};
    if (threshold) kept = keptColumns(key, j, threshold);
#pragma GCC unroll 2
    for (int half = 0; half < 2; half++) {
      const int at = j + half * WIDTH;
      if (at >= n) break;
      const vf p = keepUpTo(exponential(multiplyAdd(load(scores + at), scales, shifts)), visible - at);
      vf d = load(dWeights + at);
      if (threshold) {
        const vf factors = keep(splat(dropScale), half ? kept.high : kept.low);
        store(scores + at, p * factors);
        d = d * factors;
      } else {
        store(scores + at, p);
      }
      store(dWeights + at, ((d - delta) * scale) * p);
    }
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
static void attentionBackward(float* dq, float* dk, float* dv, const float* dOut, const float* out, const float* logSumExp,
                              const float* q, int32_t ldq, const float* k, const float* v, int32_t ldkv,
                              const int32_t* queryOffsets, const int32_t* keyOffsets, int32_t sentences, int32_t heads,
                              int32_t dHead, int32_t causal, const int32_t* rowKeys, int32_t site, int32_t threshold,
                              float* workspace) {
  const ptrdiff_t dModel = static_cast<ptrdiff_t>(heads) * dHead;
  const float scale = scoreScale(dHead);
  const float dropScale = keepScale(threshold);
  const int mostKeys = longest(keyOffsets, keyOffsets + 1, sentences);
  const int stride = scoreStride(mostKeys);
  float* const weights = workspace;
  float* const dWeights = weights + BLOCK * stride;
  float* const packedKT = dWeights + BLOCK * stride;
  float* const packedVT = packedKT + packedSize(mostKeys, dHead);
  float* const packed = packedVT + packedSize(mostKeys, dHead);
  float* const strip = packed + packedSize(dHead, mostKeys > BLOCK ? mostKeys : BLOCK);
  for (int b = 0; b < sentences; b++) {
    const ptrdiff_t queryStart = queryOffsets[b];
    const ptrdiff_t keyStart = keyOffsets[b];
    const int queries = queryOffsets[b + 1] - queryOffsets[b];
    const int keys = keyOffsets[b + 1] - keyOffsets[b];
    for (int h = 0; h < heads; h++) {
      const ptrdiff_t keyColumn = keyStart * ldkv + h * dHead;
      packB(packedKT, k + keyColumn, ldkv, 1, keys, dHead);
      packB(packedVT, v + keyColumn, ldkv, 1, keys, dHead);
      if (queries == 0) {
        clearRows(dk + keyColumn, ldkv, keys, dHead);
        clearRows(dv + keyColumn, ldkv, keys, dHead);
      }
      for (int i0 = 0; i0 < queries; i0 += BLOCK) {
        const int rows = lesser(BLOCK, queries - i0);
        const int first = causal ? i0 + 1 + keys - queries : keys;
        const int columns = lesser(keys, first + rows - 1);
        const ptrdiff_t row = queryStart + i0;
        const ptrdiff_t queryColumn = row * ldq + h * dHead;
        const ptrdiff_t outColumn = row * dModel + h * dHead;
        const int scored = wholePanels(columns, keys);
        gemm(weights, stride, q + queryColumn, ldq, 0, packedKT, dHead, rows, scored, dHead, 0, nullptr, 0, strip);
        gemm(dWeights, stride, dOut + outColumn, dModel, 0, packedVT, dHead, rows, scored, dHead, 0, nullptr, 0, strip);
        for (int i = 0; i < rows; i++) {
          const float delta = dotProduct(dOut + outColumn + i * dModel, out + outColumn + i * dModel, dHead);
          const MaskKey key = threshold ? maskKey(rowKeys, row + i, site + h) : MaskKey{};
          scoresBackward(weights + i * stride, dWeights + i * stride, columns, lesser(keys, first + i), scale,
                         logSumExp[(row + i) * heads + h], delta, key, threshold, dropScale);
        }
        // The first causal block does not reach the later keys, which the next blocks add to.
        const bool add = i0 > 0;
        if (!add && columns < keys) {
          clearRows(dk + keyColumn, ldkv, keys, dHead);
          clearRows(dv + keyColumn, ldkv, keys, dHead);
        }
        multiplyByHead(dv + keyColumn, ldkv, {weights, stride}, true, {dOut + outColumn, dModel}, columns, dHead, rows, add,
                       packed, strip);
        multiplyByHead(dk + keyColumn, ldkv, {dWeights, stride}, true, {q + queryColumn, ldq}, columns, dHead, rows, add,
                       packed, strip);
        multiplyByHead(dq + queryColumn, ldq, {dWeights, stride}, false, {k + keyColumn, ldkv}, rows, dHead, columns, false,
                       packed, strip);
      }
    }
  }
}

}  // namespace xformer::LEVEL
