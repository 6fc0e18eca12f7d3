// Kernels over plain vectors of floats: see `assembly/vector.ts`.

#pragma once

#include "simd.h"

namespace xformer::LEVEL {

/** x = 0, over n floats. */
inline void clear(float* x, int n) { __builtin_memset(x, 0, sizeof(float) * (size_t)n); }

/** y = x, over n floats. */
inline void copy(float* y, const float* x, int n) { __builtin_memmove(y, x, sizeof(float) * (size_t)n); }

/** y = y + x, over n floats. */
inline void add(float* y, const float* x, int n) {
  eachVector(n, [&](int, int j, int count) INLINED {
    storeUpTo(y + j, loadUpTo(y + j, count) + loadUpTo(x + j, count), count);
  });
}

/** y = y + t (x - y), over n floats: a step of a moving average. */
inline void lerp(float* y, const float* x, float t, int n) {
  eachVector(n, [&](int, int j, int count) INLINED {
    const vf old = loadUpTo(y + j, count);
    storeUpTo(y + j, multiplyAdd(splat(t), loadUpTo(x + j, count) - old, old), count);
  });
}

/** dx = dy where y is above 0, else 0: the gradient of ReLU from its result. In place when dx is dy. */
inline void reluBackward(float* dx, const float* dy, const float* y, int n) {
  eachVector(n, [&](int, int j, int count) INLINED {
    storeUpTo(dx + j, keep(loadUpTo(dy + j, count), loadUpTo(y + j, count) > 0.0f), count);
  });
}

/** sums[columns] += the sum of the rows of x[rows, columns], from the first row to the last. */
inline void columnSums(float* sums, const float* x, int rows, int columns) {
  const int64_t stride = columns;
  int row = 0;
  // Four rows at a time, so that the sums are loaded and stored a quarter as often.
  for (; row + 4 <= rows; row += 4) {
    eachVector(columns, [&](int, int j, int count) INLINED {
      vf sum = loadUpTo(sums + j, count);
      for (int i = 0; i < 4; i++) sum += loadUpTo(x + i * stride + j, count);
      storeUpTo(sums + j, sum, count);
    });
    x += 4 * stride;
  }
  for (; row < rows; row++) {
    add(sums, x, columns);
    x += stride;
  }
}

/** The sum of n floats, in sixteen partial sums. */
INLINE float sumOf(const float* x, int n) {
  Sums sums;
  eachVector(n, [&](int part, int j, int count) INLINED { sums.part[part] += loadUpTo(x + j, count); });
  return sums.total();
}

/** Adds the squares of sixteen floats to sixteen partial sums. */
INLINE void addSquares(vd (&sums)[2 * PARTS], const float* x) {
  typedef float half __attribute__((vector_size(2 * WIDTH)));
  for (int part = 0; part < 2 * PARTS; part++) {
    half floats;
    __builtin_memcpy(&floats, x + part * (WIDTH / 2), sizeof floats);
    const vd doubles = __builtin_convertvector(floats, vd);
    sums[part] += doubles * doubles;
  }
}

/** The sum of x * x over n floats, in double precision, in sixteen partial sums that are added by halves. */
inline double sumSquares(const float* x, int n) {
  vd sums[2 * PARTS] = {};
  int i = 0;
  for (; i + 16 <= n; i += 16) addSquares(sums, x + i);
  float rest[16] = {};
  for (int j = 0; i + j < n; j++) rest[j] = x[i + j];
  addSquares(sums, rest);
  double partials[16];
  __builtin_memcpy(partials, sums, sizeof sums);
  for (int half = 8; half > 0; half /= 2) {
    for (int j = 0; j < half; j++) partials[j] += partials[j + half];
  }
  return partials[0];
}

}  // namespace xformer::LEVEL
