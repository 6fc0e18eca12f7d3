// Rotary positions: see `assembly/rotate.ts`.

#pragma once

#include "simd.h"

namespace xformer::LEVEL {

/** Turns the first heads * dHead columns of x by the angles of their rows' positions, or back, in place. */
inline void rotate(float* x, int stride, const float* table, const int32_t* positions, int rows, int heads, int dHead,
                   int back) {
  const int half = dHead / 2;
  const float sign = back ? -1.0f : 1.0f;
  for (int row = 0; row < rows; row++) {
    const float* const cosines = table + static_cast<ptrdiff_t>(positions[row]) * dHead;
    for (int h = 0; h < heads; h++) {
      float* const first = x + static_cast<ptrdiff_t>(row) * stride + h * dHead;
      eachVector(half, [&](int, int j, int count) INLINED {
        const vf cosine = loadUpTo(cosines + j, count);
        const vf sine = loadUpTo(cosines + half + j, count) * sign;
        const vf a = loadUpTo(first + j, count);
        const vf b = loadUpTo(first + half + j, count);
        storeUpTo(first + j, multiplyAdd(a, cosine, -(b * sine)), count);
        storeUpTo(first + half + j, multiplyAdd(b, cosine, a * sine), count);
      });
    }
  }
}

}  // namespace xformer::LEVEL
