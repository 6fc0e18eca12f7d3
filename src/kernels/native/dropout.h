// Dropout masks, computed where they are needed: see `assembly/dropout.ts`. A 32-bit hash decides two columns, its low
// half the even one and its high half the odd one, so that a vector of hashes decides two vectors of columns.

#pragma once

#include "simd.h"

namespace xformer::LEVEL {

/** The halves of a vector of words. */
typedef uint16_t vuHalves __attribute__((vector_size(4 * WIDTH)));

/** What kept elements are multiplied by, so that the expected value stays: 1 / (1 - threshold / 65536). */
INLINE float keepScale(int threshold) { return 65536.0f / (float)(65536 - threshold); }

/** The key of a row's masks at a site. */
struct MaskKey {
  /** The first word of the row's key with the site hashed in. */
  uint32_t first;
  /** The second word, which does not depend on the site. */
  uint32_t second;
};

/** The key of the row with that number at that site; `rowKeys` holds two 32-bit words a row. */
INLINE MaskKey maskKey(const int32_t* rowKeys, int row, int site) {
  const uint32_t* words = (const uint32_t*)rowKeys + 2 * (int64_t)row;
  uint32_t x = words[0] + (uint32_t)site * 0x9e3779b9u;
  x = (x ^ (x >> 16)) * 0x7feb352du;
  x = (x ^ (x >> 15)) * 0x846ca68bu;
  return {x ^ (x >> 16), words[1]};
}

/** The masks of two vectors of columns: all bits are set in the lanes of those that are kept. */
struct Kept {
  vi low, high;
};

/** The masks of the 2 WIDTH columns from `column` on, a multiple of 2 WIDTH. */
INLINE Kept keptColumns(MaskKey key, int column, int threshold) {
  vu pairs;
  for (int i = 0; i < WIDTH; i++) pairs[i] = i;
  vu x = (pairs + (uint32_t)(column / 2)) * 0x9e3779b9u + key.first;
  x ^= x >> 16;
  x = (x * 0x7feb352du) ^ key.second;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  x ^= x >> 16;
  const auto halves = (vuHalves)x >= (uint16_t)threshold;
  Kept kept;
  for (int i = 0; i < WIDTH; i++) kept.low[i] = halves[i];
  for (int i = 0; i < WIDTH; i++) kept.high[i] = halves[WIDTH + i];
  return kept;
}

/**
 * Goes through a row: calls f(j, count, kept) for each vector, whose first column is j; `kept` has all bits set in the lanes
 * of the columns that are kept.
 */
template <class F>
INLINE void eachMasked(int columns, MaskKey key, int threshold, F f) {
  int j = 0;
  for (; j + 2 * WIDTH <= columns; j += 2 * WIDTH) {
    const Kept kept = keptColumns(key, j, threshold);
    f(j, WIDTH, kept.low);
    f(j + WIDTH, WIDTH, kept.high);
  }
  if (j < columns) {
    const Kept kept = keptColumns(key, j, threshold);
    const int left = columns - j;
    f(j, lesser(left, WIDTH), kept.low);
    if (left > WIDTH) f(j + WIDTH, left - WIDTH, kept.high);
  }
}

/** Drops elements of a row of `columns` floats in place and scales those that stay. */
INLINE void dropRow(float* x, int columns, MaskKey key, int threshold, float scale) {
  eachMasked(columns, key, threshold, [&](int j, int count, vi kept) INLINED {
    storeUpTo(x + j, keep(loadUpTo(x + j, count) * scale, kept), count);
  });
}

/** Drops elements of x[rows, columns] in place and scales those that stay by 1 / (1 - threshold / 65536). */
inline void dropout(float* x, int rows, int columns, const int32_t* rowKeys, int site, int threshold) {
  if (threshold == 0) return;
  for (int row = 0; row < rows; row++) {
    dropRow(x + (int64_t)row * columns, columns, maskKey(rowKeys, row, site), threshold, keepScale(threshold));
  }
}

}  // namespace xformer::LEVEL
