// A step of the optimiser: see `assembly/adam.ts`.

#pragma once

#include "simd.h"

namespace xformer::LEVEL {

/** One step of Adam over n parameters, with decoupled weight decay. */
inline void adam(float* parameters, const float* gradients, float* m, float* v, int n, float stepSize, float beta1,
                 float beta2, float epsilon, float inverseRootCorrection2, float gradientScale, float decay) {
  eachVector(n, [&](int, int j, int count) INLINED {
    const vf g = loadUpTo(gradients + j, count) * gradientScale;
    const vf first = multiplyAdd(splat(beta1), loadUpTo(m + j, count), (1.0f - beta1) * g);
    const vf second = multiplyAdd(splat(beta2), loadUpTo(v + j, count), (1.0f - beta2) * (g * g));
    storeUpTo(m + j, first, count);
    storeUpTo(v + j, second, count);
    const vf divisor = multiplyAdd(squareRoot(second), splat(inverseRootCorrection2), splat(epsilon));
    const vf before = loadUpTo(parameters + j, count);
    const vf step = multiplyAdd(splat(decay), before, (stepSize * first) / divisor);
    storeUpTo(parameters + j, before - step, count);
  });
}

}  // namespace xformer::LEVEL
