// Scores by a small network over each query and key: see `assembly/pairScores.ts`.

#pragma once

#include "math.h"

namespace xformer::LEVEL {

/** tanh(x), or max(0, x). */
INLINE vf activatedPair(vf x, int relu) {
  if (relu) return pmax(vf{}, x);
  return 1.0f - 2.0f / (1.0f + exponential(x + x));
}

/** score[i, j] += sum of v f(q[i] + k[j]). */
inline void pairScoresForward(float* scores, const float* q, int ldq, const float* k, int ldk, const float* v, int queries,
                              int keys, int width, int relu) {
  for (int i = 0; i < queries; i++) {
    const float* const query = q + static_cast<ptrdiff_t>(i) * ldq;
    for (int j = 0; j < keys; j++) {
      const float* const key = k + static_cast<ptrdiff_t>(j) * ldk;
      Sums sums;
      eachVector(width, [&](int part, int d, int count) INLINED {
        const vf inner = activatedPair(loadUpTo(query + d, count) + loadUpTo(key + d, count), relu);
        sums.part[part] = multiplyAdd(inner, loadUpTo(v + d, count), sums.part[part]);
      });
      *scores++ += sums.total();
    }
  }
}

/** dq, dk and dv, added to. */
inline void pairScoresBackward(float* dq, float* dk, float* dv, const float* dScores, const float* q, int ldq,
                               const float* k, int ldk, const float* v, int queries, int keys, int width, int relu) {
  for (int i = 0; i < queries; i++) {
    const ptrdiff_t row = static_cast<ptrdiff_t>(i) * ldq;
    for (int j = 0; j < keys; j++) {
      const ptrdiff_t column = static_cast<ptrdiff_t>(j) * ldk;
      const vf dScore = splat(*dScores++);
      eachVector(width, [&](int, int d, int count) INLINED {
        const vf inner = activatedPair(loadUpTo(q + row + d, count) + loadUpTo(k + column + d, count), relu);
        const vf weight = dScore * loadUpTo(v + d, count);
        const vf slope = relu ? keep(splat(1.0f), inner > 0.0f) : 1.0f - inner * inner;
        storeUpTo(dv + d, multiplyAdd(dScore, inner, loadUpTo(dv + d, count)), count);
        storeUpTo(dq + row + d, multiplyAdd(weight, slope, loadUpTo(dq + row + d, count)), count);
        storeUpTo(dk + column + d, multiplyAdd(weight, slope, loadUpTo(dk + column + d, count)), count);
      });
    }
  }
}

}  // namespace xformer::LEVEL
