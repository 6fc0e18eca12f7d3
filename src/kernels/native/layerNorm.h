// Layer norm and the residual connection: see `assembly/layerNorm.ts`.

#pragma once

#include "dropout.h"
#include "vector.h"

namespace xformer::LEVEL {

/** The key and the strength of the dropout of some rows at a place in the model. */
struct Dropout {
  const int32_t* rowKeys;
  int site, threshold;
};

/** `residualForward` of a row. */
INLINE void residualRow(float* sum, const float* x, float* sublayer, int columns, Dropout dropout, int row) {
  if (dropout.threshold == 0) {
    eachVector(columns, [&](int, int j, int count) INLINED {
      storeUpTo(sum + j, loadUpTo(x + j, count) + loadUpTo(sublayer + j, count), count);
    });
    return;
  }
  const MaskKey key = maskKey(dropout.rowKeys, row, dropout.site);
  const float scale = keepScale(dropout.threshold);
  eachMasked(columns, key, dropout.threshold, [&](int j, int count, vi kept) INLINED {
    const vf dropped = keep(loadUpTo(sublayer + j, count) * scale, kept);
    storeUpTo(sublayer + j, dropped, count);
    storeUpTo(sum + j, loadUpTo(x + j, count) + dropped, count);
  });
}

/** sum = x + dropout(sublayer), all [rows, columns]; `sublayer` holds dropout(sublayer) afterwards. */
inline void residualForward(float* sum, const float* x, float* sublayer, int rows, int columns,
                            const int32_t* rowKeys, int site, int threshold) {
  for (int row = 0; row < rows; row++) {
    residualRow(sum, x, sublayer, columns, {rowKeys, site, threshold}, row);
    sum += columns;
    x += columns;
    sublayer += columns;
  }
}

/** What is kept of a row for the backward pass. */
struct Statistics {
  float mean;
  /** 1 / sqrt(variance + epsilon). */
  float inverse;
};

/** The biased variance of a row around its mean. */
INLINE float varianceOf(const float* x, int columns, float mean) {
  Sums squares;
  eachVector(columns, [&](int part, int j, int count) INLINED {
    const vf centred = keepUpTo(loadUpTo(x + j, count) - mean, count);
    squares.part[part] = multiplyAdd(centred, centred, squares.part[part]);
  });
  return squares.total() / (float)columns;
}

/** `layerNormForward` of a row. */
INLINE Statistics normaliseRow(float* y, const float* x, const float* gamma, const float* beta, int columns,
                               float epsilon) {
  const float mean = sumOf(x, columns) / (float)columns;
  const float inverse = 1.0f / __builtin_sqrtf(varianceOf(x, columns, mean) + epsilon);
  eachVector(columns, [&](int, int j, int count) INLINED {
    const vf n = (loadUpTo(x + j, count) - mean) * inverse;
    storeUpTo(y + j, multiplyAdd(n, loadUpTo(gamma + j, count), loadUpTo(beta + j, count)), count);
  });
  return {mean, inverse};
}

/** `layerNormBackward` of a row: calls take(j, count, gradient) for each vector of the gradient of x. */
template <class F>
INLINE void normaliseRowBackward(float* dGamma, float* dBeta, const float* dy, const float* x, Statistics of,
                                 const float* gamma, int columns, F take) {
  Sums g, gn;
  eachVector(columns, [&](int part, int j, int count) INLINED {
    const vf product = loadUpTo(dy + j, count) * loadUpTo(gamma + j, count);
    const vf n = keepUpTo((loadUpTo(x + j, count) - of.mean) * of.inverse, count);
    g.part[part] += product;
    gn.part[part] = multiplyAdd(product, n, gn.part[part]);
  });
  const float meanG = g.total() / (float)columns;
  const float meanGN = gn.total() / (float)columns;
  eachVector(columns, [&](int, int j, int count) INLINED {
    const vf d = loadUpTo(dy + j, count);
    const vf n = (loadUpTo(x + j, count) - of.mean) * of.inverse;
    const vf product = d * loadUpTo(gamma + j, count);
    storeUpTo(dGamma + j, multiplyAdd(d, n, loadUpTo(dGamma + j, count)), count);
    storeUpTo(dBeta + j, d + loadUpTo(dBeta + j, count), count);
    take(j, count, (product - meanG - n * meanGN) * of.inverse);
  });
}

/** y = gamma (x - mean) / sqrt(variance + epsilon) + beta; statistics [rows, 2] are kept for backward. */
inline void layerNormForward(float* y, float* statistics, const float* x, const float* gamma, const float* beta,
                             int rows, int columns, float epsilon) {
  for (int row = 0; row < rows; row++) {
    const Statistics of = normaliseRow(y, x, gamma, beta, columns, epsilon);
    statistics[0] = of.mean;
    statistics[1] = of.inverse;
    statistics += 2;
    x += columns;
    y += columns;
  }
}

/** dx written (or added to when `accumulate`; may be dy), dGamma and dBeta added to. */
inline void layerNormBackward(float* dx, float* dGamma, float* dBeta, const float* dy, const float* x,
                              const float* statistics, const float* gamma, int rows, int columns, int accumulate) {
  for (int row = 0; row < rows; row++) {
    const Statistics of = {statistics[0], statistics[1]};
    normaliseRowBackward(dGamma, dBeta, dy, x, of, gamma, columns, [&](int j, int count, vf d) INLINED {
      storeUpTo(dx + j, accumulate ? d + loadUpTo(dx + j, count) : d, count);
    });
    statistics += 2;
    dx += columns;
    dy += columns;
    x += columns;
  }
}

/** y = layer norm of sum = x + dropout(sublayer), each row while it is in the cache. */
inline void residualNormForward(float* y, float* sum, float* statistics, const float* x, float* sublayer,
                                const float* gamma, const float* beta, int rows, int columns, float epsilon,
                                const int32_t* rowKeys, int site, int threshold) {
  for (int row = 0; row < rows; row++) {
    residualRow(sum, x, sublayer, columns, {rowKeys, site, threshold}, row);
    const Statistics of = normaliseRow(y, sum, gamma, beta, columns, epsilon);
    statistics[0] = of.mean;
    statistics[1] = of.inverse;
    statistics += 2;
    y += columns;
    sum += columns;
    x += columns;
    sublayer += columns;
  }
}

/** dSublayer = dropout(dSum) written, dx written (or added to when `accumulate`), dGamma and dBeta added to. */
inline void residualNormBackward(float* dx, float* dSublayer, float* dGamma, float* dBeta, const float* dy,
                                 const float* sum, const float* statistics, const float* gamma, int rows, int columns,
                                 int accumulate, const int32_t* rowKeys, int site, int threshold) {
  for (int row = 0; row < rows; row++) {
    const Statistics of = {statistics[0], statistics[1]};
    normaliseRowBackward(dGamma, dBeta, dy, sum, of, gamma, columns, [&](int j, int count, vf d) INLINED {
      storeUpTo(dSublayer + j, d, count);
      storeUpTo(dx + j, accumulate ? d + loadUpTo(dx + j, count) : d, count);
    });
    if (threshold) {
      dropRow(dSublayer, columns, maskKey(rowKeys, row, site), threshold, keepScale(threshold));
    }
    statistics += 2;
    dx += columns;
    dSublayer += columns;
    dy += columns;
    sum += columns;
  }
}

}  // namespace xformer::LEVEL
