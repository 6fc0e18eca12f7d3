// The gated activation SwiGLU: see `assembly/swiglu.ts`.

#pragma once

#include "math.h"

namespace xformer::LEVEL {

/** The logistic function, 1 / (1 + e^-x). */
INLINE vf sigmoid(vf x) { return 1.0f / (1.0f + exponential(-x)); }

/** y[rows, columns] = gate sigmoid(gate) value, of x[rows, 2 columns]. */
inline void swigluForward(float* y, const float* x, int rows, int columns) {
  for (int row = 0; row < rows; row++) {
    eachVector(columns, [&](int, int j, int count) INLINED {
      const vf gate = loadUpTo(x + j, count);
      storeUpTo(y + j, (gate * sigmoid(gate)) * loadUpTo(x + columns + j, count), count);
    });
    y += columns;
    x += 2 * static_cast<ptrdiff_t>(columns);
  }
}

/** dGate = dy value s (1 + gate (1 - s)) with s = sigmoid(gate), and dValue = dy gate s. */
inline void swigluBackward(float* dx, const float* dy, const float* x, int rows, int columns) {
  for (int row = 0; row < rows; row++) {
    eachVector(columns, [&](int, int j, int count) INLINED {
      const vf gate = loadUpTo(x + j, count);
      const vf s = sigmoid(gate);
      const vf d = loadUpTo(dy + j, count) * s;
      const vf slope = multiplyAdd(gate, 1.0f - s, splat(1.0f));
      storeUpTo(dx + j, (d * loadUpTo(x + columns + j, count)) * slope, count);
      storeUpTo(dx + columns + j, d * gate, count);
    });
    dy += columns;
    dx += 2 * static_cast<ptrdiff_t>(columns);
    x += 2 * static_cast<ptrdiff_t>(columns);
  }
}

}  // namespace xformer::LEVEL
