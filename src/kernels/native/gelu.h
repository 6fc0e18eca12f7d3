// The Gaussian error linear unit: see `assembly/gelu.ts`.

#pragma once

#include "math.h"

namespace xformer::LEVEL {

/** The standard normal distribution function, absolute error below 3e-7 (Abramowitz and Stegun, formula 7.1.26). */
INLINE vf normalCdf(vf x) {
  const vf z = (vf)((vi)x & 0x7fffffff) * 0.7071067811865476f;
  const vf t = 1.0f / multiplyAdd(splat(0.3275911f), z, splat(1.0f));
  vf p = splat(1.061405429f);
  p = multiplyAdd(p, t, splat(-1.453152027f));
  p = multiplyAdd(p, t, splat(1.421413741f));
  p = multiplyAdd(p, t, splat(-0.284496736f));
  p = multiplyAdd(p, t, splat(0.254829592f));
  const vf tail = (p * t) * (0.5f * exponential(-(z * z)));
  return x < 0.0f ? tail : 1.0f - tail;
}

/** y = x Phi(x), over n floats. */
inline void geluForward(float* y, const float* x, int n) {
  eachVector(n, [&](int, int j, int count) INLINED {
    const vf value = loadUpTo(x + j, count);
    storeUpTo(y + j, value * normalCdf(value), count);
  });
}

/** dx = dy (Phi(x) + x phi(x)), over n floats. In place when dx is dy. */
inline void geluBackward(float* dx, const float* dy, const float* x, int n) {
  eachVector(n, [&](int, int j, int count) INLINED {
    const vf value = loadUpTo(x + j, count);
    const vf density = 0.3989422804014327f * exponential(-0.5f * (value * value));
    const vf slope = multiplyAdd(value, density, normalCdf(value));
    storeUpTo(dx + j, loadUpTo(dy + j, count) * slope, count);
  });
}

}  // namespace xformer::LEVEL
