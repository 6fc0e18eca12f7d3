// Scores to attention weights and back, a matrix of them at a time: see `assembly/weights.ts`.

#pragma once

#include "attention.h"
#include "crossEntropy.h"

namespace xformer::LEVEL {

/** Scores x[rows, columns] become weights: the softmax of scale times what row i sees, the first `first + i`. */
inline void weightsForward(float* x, int rows, int columns, int first, float scale) {
  for (int row = 0; row < rows; row++) {
    const int visible = lesser(columns, first + row);
    scaleRow(x, x, visible, scale);
    softmax(x, 1, visible);
    clear(x + visible, columns - visible);
    x += columns;
  }
}

/** dx = scale P (dy - sum of dy P), with P the weights; may be dy. */
inline void weightsBackward(float* dx, const float* dy, const float* weights, int rows, int columns, float scale) {
  for (int row = 0; row < rows; row++) {
    const float delta = dotProduct(dy, weights, columns);
    eachVector(columns, [&](int, int j, int count) INLINED {
      storeUpTo(dx + j, ((loadUpTo(dy + j, count) - delta) * scale) * loadUpTo(weights + j, count), count);
    });
    dx += columns;
    dy += columns;
    weights += columns;
  }
}

}  // namespace xformer::LEVEL
