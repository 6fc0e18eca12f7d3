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

/** The half, the quarter and the eighth of a vector of sixteen. */
typedef float v8 __attribute__((vector_size(32)));
typedef float v4 __attribute__((vector_size(16)));
typedef float v2 __attribute__((vector_size(8)));

#if LANES == 16
INLINE v8 lowHalf(vf x) { return __builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7); }
INLINE v8 highHalf(vf x) { return __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15); }
#endif
#if LANES >= 8
INLINE v4 lowHalf(v8 x) { return __builtin_shufflevector(x, x, 0, 1, 2, 3); }
INLINE v4 highHalf(v8 x) { return __builtin_shufflevector(x, x, 4, 5, 6, 7); }
#endif
INLINE v2 lowHalf(v4 x) { return __builtin_shufflevector(x, x, 0, 1); }
INLINE v2 highHalf(v4 x) { return __builtin_shufflevector(x, x, 2, 3); }

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

/** As WebAssembly's pmin: b where it is smaller, else a, and a when either is NaN. */
INLINE vf pmin(vf a, vf b) { return _mm512_min_ps(b, a); }

/** As WebAssembly's pmax: b where it is larger, else a, and a when either is NaN. */
INLINE vf pmax(vf a, vf b) { return _mm512_max_ps(b, a); }

/** A bit for each lane that a comparison holds in, the lowest for the first. */
INLINE uint32_t laneBits(vi mask) { return _mm512_movepi32_mask((__m512i)mask); }

/** a * b + c with one rounding. */
INLINE vf multiplyAdd(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }

#elif LANES == 8

INLINE vf loadPart(const float* from, int count) { return _mm256_maskload_ps(from, (__m256i)lanesBelow(count)); }
INLINE vf pmin(vf a, vf b) { return _mm256_min_ps(b, a); }
INLINE vf pmax(vf a, vf b) { return _mm256_max_ps(b, a); }
INLINE uint32_t laneBits(vi mask) { return _mm256_movemask_ps((__m256)mask); }
INLINE vf multiplyAdd(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }

#else

INLINE vf loadPart(const float* from, int count) {
  vf result = {};
  for (int i = 0; i < WIDTH; i++) {
    if (i < count) result[i] = from[i];
  }
  return result;
}
INLINE vf pmin(vf a, vf b) { return b < a ? b : a; }
INLINE vf pmax(vf a, vf b) { return a < b ? b : a; }
INLINE uint32_t laneBits(vi mask) { return vaddvq_u32((uint32x4_t)(mask & vi{1, 2, 4, 8})); }
INLINE vf multiplyAdd(vf a, vf b, vf c) { return (vf)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b); }

#endif

/**
 * Stores the first `count` lanes, fewer than there are: the lower half, if it belongs to them, then the same with the
 * other half. A masked store would be one instruction, but what is loaded soon after from near its end would wait for it
 * to reach the cache.
 */
template <class V>
INLINE void storePart(float* to, V x, int count) {
  if constexpr (sizeof x == 2 * sizeof(float)) {
    if (count & 1) to[0] = x[0];
  } else {
    const auto low = lowHalf(x);
    constexpr int half = sizeof low / sizeof(float);
    if (count & half) {
      __builtin_memcpy(to, &low, sizeof low);
      storePart(to + half, highHalf(x), count);
    } else {
      storePart(to, low, count);
    }
  }
}

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

/** Makes one lane of all by halves, of four lanes as f(f(0, 2), f(1, 3)). */
template <class V, class F>
INLINE float byHalves(V x, F f) {
  if constexpr (sizeof x == 2 * sizeof(float)) return f(x[0], x[1]);
  else return byHalves(f(lowHalf(x), highHalf(x)), f);
}

INLINE float sumOfLanes(vf x) {
  return byHalves(x, [](auto a, auto b) INLINED { return a + b; });
}

/** The largest lane; none may be NaN. */
INLINE float largestLane(vf x) {
  return byHalves(x, [](auto a, auto b) INLINED { return a < b ? b : a; });
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
