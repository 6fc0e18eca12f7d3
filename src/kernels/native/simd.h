// The phrases that the native kernels are written in, over the vectors of GCC and Clang. The processor that a file is
// compiled for decides how wide a vector is, and gives its name to the namespace that everything lies in, so that several
// levels are linked into one addon. The compilers know the instructions for nearly all of it; those they miss are named
// here, and nowhere else.
//
// Nothing is fused but `multiplyAdd`: everything is compiled with -ffp-contract=off. Nothing of the standard library is
// called: the linker keeps one copy of an inline function, which could be that of a better processor.

#pragma once

#include <stddef.h>
#include <stdint.h>
#if defined(__x86_64__)
#include <immintrin.h>
#else
#include <arm_neon.h>
#endif

#if defined(__AVX512F__)
#define LEVEL avx512
#define LANES 16
#elif defined(__AVX2__) && defined(__FMA__)
#define LEVEL avx2
#define LANES 8
#elif defined(__aarch64__)
#define LEVEL neon
#define LANES 4
#else
#error "the native kernels need a fused multiply-add: AVX-512, AVX2 with FMA, or AArch64"
#endif

#define INLINE static inline __attribute__((always_inline))
/** Behind the parameters of a lambda. */
#define INLINED __attribute__((always_inline))

namespace xformer::LEVEL {

/** The floats of a vector. */
constexpr int WIDTH = LANES;

typedef float vf __attribute__((vector_size(4 * WIDTH)));
typedef int32_t vi __attribute__((vector_size(4 * WIDTH)));
typedef uint32_t vu __attribute__((vector_size(4 * WIDTH)));
/** Half as many doubles. */
typedef double vd __attribute__((vector_size(4 * WIDTH)));

INLINE int lesser(int a, int b) { return a < b ? a : b; }

/** A float in every lane. Written as a difference: lane by lane, GCC makes loads of it that reach past the float. */
INLINE vf splat(float x) { return x - vf{}; }

/** All bits set in the lanes below `count`, none in the others: in none when it is negative. */
INLINE vi lanesBelow(int count) {
  vi lanes;
  for (int i = 0; i < WIDTH; i++) lanes[i] = i;
  return lanes < count;
}

/** The lanes of x that the mask has set; 0 in the others. */
INLINE vf keep(vf x, vi mask) { return (vf)((vi)x & mask); }

INLINE vf load(const float* from) {
  vf result;
  __builtin_memcpy(&result, from, sizeof result);
  return result;
}

INLINE void store(float* to, vf x) { __builtin_memcpy(to, &x, sizeof x); }

#if LANES == 16

/** The first `count` lanes (0 to WIDTH), the others zero; never reads past them. */
INLINE vf loadPart(const float* from, int count) { return _mm512_maskz_loadu_ps((1u << count) - 1, from); }

/** Stores the first `count` lanes (0 to WIDTH). */
INLINE void storePart(float* to, vf x, int count) { _mm512_mask_storeu_ps(to, (1u << count) - 1, x); }

/** As WebAssembly's pmin: b where it is smaller, else a, and a when either is NaN. */
INLINE vf pmin(vf a, vf b) { return _mm512_min_ps(b, a); }

/** As WebAssembly's pmax: b where it is larger, else a, and a when either is NaN. */
INLINE vf pmax(vf a, vf b) { return _mm512_max_ps(b, a); }

/** Whether a comparison holds in any lane. */
INLINE bool any(vi mask) { return _mm512_movepi32_mask((__m512i)mask) != 0; }

/** a * b + c with one rounding. */
INLINE vf multiplyAdd(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }

#elif LANES == 8

INLINE vf loadPart(const float* from, int count) { return _mm256_maskload_ps(from, (__m256i)lanesBelow(count)); }
INLINE void storePart(float* to, vf x, int count) { _mm256_maskstore_ps(to, (__m256i)lanesBelow(count), x); }
INLINE vf pmin(vf a, vf b) { return _mm256_min_ps(b, a); }
INLINE vf pmax(vf a, vf b) { return _mm256_max_ps(b, a); }
INLINE bool any(vi mask) { return _mm256_movemask_ps((__m256)mask) != 0; }
INLINE vf multiplyAdd(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }

#else

INLINE vf loadPart(const float* from, int count) {
  vf result = {};
  for (int i = 0; i < WIDTH; i++) {
    if (i < count) result[i] = from[i];
  }
  return result;
}
INLINE void storePart(float* to, vf x, int count) {
  for (int i = 0; i < WIDTH; i++) {
    if (i < count) to[i] = x[i];
  }
}
INLINE vf pmin(vf a, vf b) { return b < a ? b : a; }
INLINE vf pmax(vf a, vf b) { return a < b ? b : a; }
INLINE bool any(vi mask) { return vmaxvq_u32((uint32x4_t)mask) != 0; }
INLINE vf multiplyAdd(vf a, vf b, vf c) { return (vf)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b); }

#endif

/** Loads a vector, or the `count` floats that are left. */
INLINE vf loadUpTo(const float* from, int count) { return count >= WIDTH ? load(from) : loadPart(from, count); }

/** Stores a vector, or the `count` floats that are left. */
INLINE void storeUpTo(float* to, vf x, int count) {
  if (count >= WIDTH) store(to, x);
  else storePart(to, x, count);
}

INLINE vf squareRoot(vf x) {
  vf result;
  for (int i = 0; i < WIDTH; i++) result[i] = __builtin_sqrtf(x[i]);
  return result;
}

/** The lanes below `count`, or all when there are that many; 0 in the others. */
INLINE vf keepUpTo(vf x, int count) { return count >= WIDTH ? x : keep(x, lanesBelow(count)); }

/** The vectors that hold sixteen floats. */
constexpr int PARTS = 16 / WIDTH;

/**
 * Goes through a row of n floats sixteen at a time: calls f(part, j, count) for each vector, whose first element is j. It
 * is vector `part` of its sixteen, and has `count` elements, which is WIDTH everywhere but at the end.
 */
template <class F>
INLINE void eachVector(int n, F f) {
  int j = 0;
  for (; j + 16 <= n; j += 16) {
    for (int part = 0; part < PARTS; part++) f(part, j + part * WIDTH, WIDTH);
  }
  if (j == n) return;
  for (int part = 0; part < PARTS; part++) {
    const int left = n - j - part * WIDTH;
    if (left > 0) f(part, j + part * WIDTH, lesser(left, WIDTH));
  }
}

/** The sum of a vector by halves: for four lanes (0 + 2) + (1 + 3). */
INLINE float sumOfLanes(vf x) {
#if LANES == 16
  const auto eight = __builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7) +
                     __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15);
#endif
#if LANES == 8
  const vf eight = x;
#endif
#if LANES >= 8
  const auto four =
      __builtin_shufflevector(eight, eight, 0, 1, 2, 3) + __builtin_shufflevector(eight, eight, 4, 5, 6, 7);
#else
  const vf four = x;
#endif
  const auto pairs = four + __builtin_shufflevector(four, four, 2, 3, 2, 3);
  return pairs[0] + pairs[1];
}

/**
 * Sixteen partial sums of a row, the same whatever the width of a vector: element j is added to sum j mod 16, and at the
 * end they are added up by halves, sum i and sum i + 8 for i below 8, then i and i + 4, i and i + 2, and the last two.
 */
struct Sums {
  vf part[PARTS] = {};

  float total() const {
    // Adding 0 takes the sign off a sum of -0, to which underflow can lead: so it does not show in a sum whether
    // zeros were added where the row had ended.
    if constexpr (PARTS == 4) return sumOfLanes((part[0] + part[2]) + (part[1] + part[3])) + 0.0f;
    else if constexpr (PARTS == 2) return sumOfLanes(part[0] + part[1]) + 0.0f;
    else return sumOfLanes(part[0]) + 0.0f;
  }
};

}  // namespace xformer::LEVEL
