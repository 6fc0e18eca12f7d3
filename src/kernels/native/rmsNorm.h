// Root mean square normalisation: see `assembly/rmsNorm.ts`.

#pragma once

#include "attention.h"

namespace xformer::LEVEL {

/** y = gamma x / rms(x), group by group; inverses [rows, groups] are kept for backward. y may be x, gamma null. */
inline void rmsNormForward(float* y, float* inverses, const float* x, const float* gamma, int rows, int stride, int groups,
                           int columns, float epsilon) {
  for (int row = 0; row < rows; row++) {
    for (int g = 0; g < groups; g++) {
      const float* const from = x + static_cast<ptrdiff_t>(row) * stride + g * columns;
      float* const to = y + static_cast<ptrdiff_t>(row) * stride + g * columns;
      const float inverse = 1.0f / __builtin_sqrtf(dotProduct(from, from, columns) / (float)columns + epsilon);
      *inverses++ = inverse;
      eachVector(columns, [&](int, int j, int count) INLINED {
        vf n = loadUpTo(from + j, count) * inverse;
        if (gamma) n = n * loadUpTo(gamma + j, count);
        storeUpTo(to + j, n, count);
      });
    }
  }
}

/** dx written (or added to when `accumulate`; may be dy), dGamma added to. */
inline void rmsNormBackward(float* dx, float* dGamma, const float* dy, const float* x, const float* inverses,
                            const float* gamma, int rows, int stride, int groups, int columns, int accumulate) {
  for (int row = 0; row < rows; row++) {
    for (int g = 0; g < groups; g++) {
      const ptrdiff_t first = static_cast<ptrdiff_t>(row) * stride + g * columns;
      const float inverse = *inverses++;
      Sums sums;
      eachVector(columns, [&](int part, int j, int count) INLINED {
        const vf d = loadUpTo(dy + first + j, count);
        const vf product = gamma ? d * loadUpTo(gamma + j, count) : d;
        sums.part[part] = multiplyAdd(product, loadUpTo(x + first + j, count) * inverse, sums.part[part]);
      });
      const float mean = sums.total() / (float)columns;
      eachVector(columns, [&](int, int j, int count) INLINED {
        const vf d = loadUpTo(dy + first + j, count);
        const vf n = loadUpTo(x + first + j, count) * inverse;
        vf product = d;
        if (gamma) {
          product = d * loadUpTo(gamma + j, count);
          storeUpTo(dGamma + j, multiplyAdd(d, n, loadUpTo(dGamma + j, count)), count);
        }
        vf result = (product - n * mean) * inverse;
        if (accumulate) result = result + loadUpTo(dx + first + j, count);
        storeUpTo(dx + first + j, result, count);
      });
    }
  }
}

}  // namespace xformer::LEVEL
