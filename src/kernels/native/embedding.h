// Tables of words and positions: see `assembly/embedding.ts`.

#pragma once

#include "simd.h"

namespace xformer::LEVEL {

/** y[t] = table[ids[t]] * scale + positionTable[positions[t]]. */
inline void embeddingForward(float* y, const float* table, const float* positionTable, const int32_t* ids,
                             const int32_t* positions, int tokens, int dModel, float scale) {
  for (int t = 0; t < tokens; t++) {
    const float* row = table + (int64_t)ids[t] * dModel;
    const float* position = positionTable + (int64_t)positions[t] * dModel;
    eachVector(dModel, [&](int, int j, int count) INLINED {
      storeUpTo(y + j, multiplyAdd(loadUpTo(row + j, count), splat(scale), loadUpTo(position + j, count)), count);
    });
    y += dModel;
  }
}

/** dTable[ids[t]] += dy[t] * scale, token by token in their order. */
inline void embeddingBackward(float* dTable, const float* dy, const int32_t* ids, int tokens, int dModel,
                              float scale) {
  for (int t = 0; t < tokens; t++) {
    float* row = dTable + (int64_t)ids[t] * dModel;
    eachVector(dModel, [&](int, int j, int count) INLINED {
      storeUpTo(row + j, multiplyAdd(loadUpTo(dy + j, count), splat(scale), loadUpTo(row + j, count)), count);
    });
    dy += dModel;
  }
}

}  // namespace xformer::LEVEL
