// Layer norm and the residual connection: see `assembly/layerNorm.ts`.

#pragma once

#include "dropout.h"
#include "vector.h"

namespace xformer::LEVEL {

/** Drops elements of the row with that number at that site. */
INLINE void dropKeyedRow(float* x, int columns, const int32_t* rowKeys, int row, int site, int threshold) {
  dropRow(x, columns, maskKey(rowKeys, row, site), threshold, keepScale(threshold));
}

/** sum = x + dropout(sublayer), all [rows, columns]; `sublayer` holds dropout(sublayer) afterwards. */
inline void residualForward(float* sum, const float* x, float* sublayer, int rows, int columns,
                            const int32_t* rowKeys, int site, int threshold) {
  for (int row = 0; row < rows; row++) {
    if (threshold) dropKeyedRow(sublayer, columns, rowKeys, row, site, threshold);
    addRows(sum, x, sublayer, columns);
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

/** `layerNormBackward` of a row. */
INLINE void normaliseRowBackward(float* dx, float* dGamma, float* dBeta, const float* dy, const float* x,
                                 Statistics of, const float* gamma, int columns, bool accumulate) {
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
    vf result = (product - meanG - n * meanGN) * of.inverse;
    if (accumulate) result += loadUpTo(dx + j, count);
    storeUpTo(dx + j, result, count);
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
    normaliseRowBackward(dx, dGamma, dBeta, dy, x, {statistics[0], statistics[1]}, gamma, columns, accumulate);
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
    if (threshold) dropKeyedRow(sublayer, columns, rowKeys, row, site, threshold);
    addRows(sum, x, sublayer, columns);
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
    normaliseRowBackward(dSublayer, dGamma, dBeta, dy, sum, {statistics[0], statistics[1]}, gamma, columns, false);
    if (accumulate) add(dx, dSublayer, columns);
    else copy(dx, dSublayer, columns);
    if (threshold) dropKeyedRow(dSublayer, columns, rowKeys, row, site, threshold);
    statistics += 2;
    dx += columns;
    dSublayer += columns;
    dy += columns;
    sum += columns;
  }
}

}  // namespace xformer::LEVEL
