// The exponential function and the logarithm, step by step as `assembly/exp.ts` and `assembly/log.ts` have them, where
// their polynomials and error bounds are explained.

#pragma once

#include "simd.h"

namespace xformer::LEVEL {

/** 1.5 * 2^23: a float this large has no room for a fraction, so adding it rounds to the nearest whole number. */
constexpr float ROUNDER = 12582912;

/** e^x; relative error below 2e-7 for x in [-87.3, 88], beyond which x counts as that; NaN stays NaN. */
INLINE vf exponential(vf x) {
  const vf clamped = pmax(pmin(x, splat(88.0f)), splat(-87.3f));
  const vf shifted = multiplyAdd(clamped, splat(1.4426950408889634f), splat(ROUNDER));
  const vf n = shifted - ROUNDER;
  vf r = multiplyAdd(n, splat(-0.693359375f), clamped);
  r = multiplyAdd(n, splat(2.12194440054690583e-4f), r);
  vf p = splat(0.0013836793658017895f);
  p = multiplyAdd(p, r, splat(0.008374857071943614f));
  p = multiplyAdd(p, r, splat(0.041668228689695656f));
  p = multiplyAdd(p, r, splat(0.16666419680484265f));
  p = multiplyAdd(p, r, splat(0.49999992056068077f));
  p = multiplyAdd(p, r, splat(1.000000036431017f));
  p = multiplyAdd(p, r, splat(1.0000000005563783f));
  return (vf)((vu)p + ((vu)shifted << 23));
}

/** ln x for positive, normal x, within 2e-7 of the larger of |ln x| and 1. */
INLINE vf logarithm(vf x) {
  const vi octaves = (vi)((vu)x - 0x3f3504f3u) >> 23;
  const vf m = (vf)((vu)x - ((vu)octaves << 23));
  const vf n = __builtin_convertvector(octaves, vf);
  const vf s = (m - 1.0f) / (m + 1.0f);
  const vf s2 = s * s;
  vf sum = splat(2.0f / 9.0f);
  sum = multiplyAdd(sum, s2, splat(2.0f / 7.0f));
  sum = multiplyAdd(sum, s2, splat(2.0f / 5.0f));
  sum = multiplyAdd(sum, s2, splat(2.0f / 3.0f));
  sum = multiplyAdd(sum, s2, splat(2.0f));
  return multiplyAdd(n, splat(0.6931471805599453f), s * sum);
}

/** ln x for a positive, normal x, relative error below 1e-13; NaN and infinity stay. */
INLINE double logarithm(double x) {
  if (!(x < __builtin_inf())) return x;
  uint64_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  int n = (int)(bits >> 52) - 1023;
  bits = (bits & 0x000fffffffffffff) | 0x3ff0000000000000;
  double m;
  __builtin_memcpy(&m, &bits, sizeof m);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    n += 1;
  }
  const double s = (m - 1) / (m + 1);
  const double s2 = s * s;
  double sum = 1.0 / 15;
  sum = sum * s2 + 1.0 / 13;
  sum = sum * s2 + 1.0 / 11;
  sum = sum * s2 + 1.0 / 9;
  sum = sum * s2 + 1.0 / 7;
  sum = sum * s2 + 1.0 / 5;
  sum = sum * s2 + 1.0 / 3;
  sum = sum * s2 + 1.0;
  return n * 0.6931471805599453 + 2 * s * sum;
}

}  // namespace xformer::LEVEL
