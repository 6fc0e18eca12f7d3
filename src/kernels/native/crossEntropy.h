// Softmax and what is made of it: see `assembly/crossEntropy.ts`.

#pragma once

#include "math.h"
#include "vector.h"

namespace xformer::LEVEL {

/** The largest of n floats (n at least 1); NaNs are passed over. */
INLINE float maximum(const float* x, int n) {
  constexpr float LEAST = -__FLT_MAX__;
  // Four vectors at a time: one after the other, each would wait for the one before.
  vf most[4] = {splat(LEAST), splat(LEAST), splat(LEAST), splat(LEAST)};
  int j = 0;
  for (; j + 4 * WIDTH <= n; j += 4 * WIDTH) {
    for (int i = 0; i < 4; i++) most[i] = pmax(most[i], load(x + j + i * WIDTH));
  }
  for (; j + WIDTH <= n; j += WIDTH) most[0] = pmax(most[0], load(x + j));
  if (j < n) most[1] = pmax(most[1], lanesBelow(n - j) ? loadPart(x + j, n - j) : splat(LEAST));
  return largestLane(pmax(pmax(most[0], most[1]), pmax(most[2], most[3])));
}

/** The index of the first of n floats that equals `value`; 0 when none does (NaN equals nothing). */
INLINE int firstEqual(const float* x, int n, float value) {
  for (int j = 0; j < n; j += WIDTH) {
    const int count = lesser(n - j, WIDTH);
    const uint32_t equal = laneBits((loadUpTo(x + j, count) == value) & lanesBelow(count));
    if (equal) return j + __builtin_ctz(equal);
  }
  return 0;
}

/** The sum of e^(x - shift) over n floats. Calls take(part, j, count, x, e) with each vector and its exponentials. */
template <class F>
INLINE float exponentials(const float* x, int n, float shift, F take) {
  Sums sums;
  eachVector(n, [&](int part, int j, int count) INLINED {
    const vf value = loadUpTo(x + j, count);
    const vf e = keepUpTo(exponential(value - shift), count);
    take(part, j, count, value, e);
    sums.part[part] += e;
  });
  return sums.total();
}

/** The index of the first largest of n floats (n at least 1). */
inline int argmax(const float* x, int n) { return firstEqual(x, n, maximum(x, n)); }

/** x[rows, columns] becomes its softmax, row by row. */
inline void softmax(float* x, int rows, int columns) {
  for (int row = 0; row < rows; row++) {
    const float sum = exponentials(x, columns, maximum(x, columns), [&](int, int j, int count, vf, vf e) INLINED {
      storeUpTo(x + j, e, count);
    });
    const float factor = 1.0f / sum;
    eachVector(columns, [&](int, int j, int count) INLINED {
      storeUpTo(x + j, loadUpTo(x + j, count) * factor, count);
    });
    x += columns;
  }
}

/** The index of the first largest logit of each row, and the natural log of its probability. */
inline void greedyTokens(int32_t* ids, float* logProbabilities, const float* logits, int rows, int columns) {
  for (int row = 0; row < rows; row++) {
    const float most = maximum(logits, columns);
    const float sum = exponentials(logits, columns, most, [](int, int, int, vf, vf) INLINED {});
    ids[row] = firstEqual(logits, columns, most);
    logProbabilities[row] = 0.0f - (float)logarithm((double)sum);
    logits += columns;
  }
}

/** Logits become dLogits (when `scale` is not 0); results [rows, 3] are loss, -ln p(label) and correctness. */
inline void crossEntropy(float* logits, const int32_t* labels, float* results, int rows, int vocabulary,
                         float smoothing, float scale) {
  const float share = smoothing / (float)vocabulary;
  for (int row = 0; row < rows; row++) {
    const int label = labels[row];
    const float labelLogit = logits[label];
    const float most = maximum(logits, vocabulary);
    const bool correct = labelLogit == most && firstEqual(logits, vocabulary, most) == label;
    Sums total;
    const float sum =
        exponentials(logits, vocabulary, most, [&](int part, int j, int count, vf value, vf e) INLINED {
          storeUpTo(logits + j, e, count);
          total.part[part] += value;
        });
    const float mean = smoothing > 0 ? total.total() / (float)vocabulary : 0;
    const float logSumExp = most + (float)logarithm((double)sum);
    results[0] = logSumExp - (1.0f - smoothing) * labelLogit - smoothing * mean;
    results[1] = logSumExp - labelLogit;
    results[2] = correct ? 1 : 0;
    if (scale != 0) {
      const float factor = scale / sum;
      eachVector(vocabulary, [&](int, int j, int count) INLINED {
        storeUpTo(logits + j, loadUpTo(logits + j, count) * factor - share * scale, count);
      });
      logits[label] -= (1.0f - smoothing) * scale;
    }
    results += 3;
    logits += vocabulary;
  }
}

}  // namespace xformer::LEVEL
