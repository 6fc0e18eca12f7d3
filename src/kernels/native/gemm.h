// The matrix product, for panels as wide as the registers allow. What an element of C is, one chain of fused
// multiply-adds over rising k that is cut at multiples of 256, is the same in every set of kernels; how B is packed is
// an affair of each.

#pragma once

#include <cstddef>
#include <utility>

#include "simd.h"

namespace xformer::LEVEL {

/** The register tile of C: its sums, a row of B and one number of A fill the 32 registers (AVX2: 16). */
constexpr int TILE_ROWS = WIDTH == 16 ? 14 : 6;
constexpr int TILE_VECTORS = WIDTH == 4 ? 4 : 2;
constexpr int TILE_COLUMNS = TILE_VECTORS * WIDTH;
/** The part of k worked on at a time: part of the definition of a product. */
constexpr int K_BLOCK = 256;
/** The columns worked on at a time: 256 x 512 floats of B are half a megabyte and stay in the L2 cache. */
constexpr int N_BLOCK = 512;
/** The floats of a cache line. */
constexpr int LINE = 16;
/**
 * The steps of k in a round of the inner loop, which asks the memory for one line of the next strip: so four tiles ask for
 * all of it (two, where it has six rows), and it need not be waited for while it comes from the last cache.
 */
constexpr int STEPS = 4;

constexpr int roundUp(int n, int unit) { return (n + unit - 1) / unit * unit; }

/** A matrix of floats, `stride` from row to row. */
struct Rows {
  const float* start;
  ptrdiff_t stride;

  const float* at(int row, int column) const { return start + row * stride + column; }
};

/** A product of a strip of A and a panel of B, and what becomes of it: see {@link gemm}. */
struct Tile {
  float* c;
  ptrdiff_t ldc;
  /** The strip: its rows, or its columns where A is stored transposed. */
  Rows strip;
  /** What this tile asks for of the next strip, where it lies in A; `start` is null when that is nothing. */
  Rows next;
  /** The panel: for each k a row of whole vectors. */
  Rows panel;
  int depth;
  int columns;
  bool add;
  const float* bias;
  bool relu;
};

/**
 * How a tile finds the numbers of A: in a copy of its rows in the workspace, a cache line further apart than they need
 * be, lest they all begin in the same set of the cache.
 */
struct ByRows {
  static constexpr ptrdiff_t ROW_STEP = K_BLOCK + LINE;

  static ptrdiff_t step(const Tile&) { return 1; }

  /** A copy is in the cache. */
  template <int ROWS>
  INLINE void fetch(const Tile&, const float*) {}

  /**
   * What a tile asks for of the next strip, when so many tiles are left after it: as many rows as there are rounds while
   * the steps of k go through a line.
   */
  static Rows part(const Rows& next, int rows, int, int left) {
    const int row = left * (LINE / STEPS);
    return {row < rows ? next.at(row, 0) : nullptr, next.stride};
  }

  INLINE void fetchNext(const Tile& tile, int p) {
    __builtin_prefetch(tile.next.at(p / STEPS % (LINE / STEPS), p / LINE * LINE), 0, 2);
  }
};

/** Or where A lies, if it is stored transposed: then the rows of a strip lie side by side for each k. */
struct ByColumns {
  static constexpr ptrdiff_t ROW_STEP = 1;
  /** Steps of k that numbers are asked for in advance: they lie too far apart for the processor to foresee them. */
  static constexpr int AHEAD = 8;

  static ptrdiff_t step(const Tile& tile) { return tile.strip.stride; }

  template <int ROWS>
  INLINE void fetch(const Tile& tile, const float* a) {
    __builtin_prefetch(a + AHEAD * tile.strip.stride);
    __builtin_prefetch(a + AHEAD * tile.strip.stride + ROWS - 1);
  }

  /** Here a quarter of the steps of k, of each the line of the last row: that of the first is this strip's, too. */
  static Rows part(const Rows& next, int rows, int depth, int left) {
    return {left < STEPS ? next.at(left * (depth / STEPS), rows - 1) : nullptr, next.stride};
  }

  INLINE void fetchNext(const Tile& tile, int p) { __builtin_prefetch(tile.next.at(p / STEPS, 0), 0, 2); }
};

/** The end of a row of sums: (+ C) + bias (through ReLU), of whole vectors or of the columns there are. */
template <int VECTORS, bool WHOLE>
INLINE void finishRow(const Tile& tile, float* c, const vf* sums) {
#pragma GCC unroll 4
  for (int v = 0; v < VECTORS; v++) {
    const int from = v * WIDTH;
    const int left = WHOLE ? WIDTH : tile.columns - from;
    vf x = sums[v];
    if (tile.add) x = loadUpTo(c + from, left) + x;
    // Without a bias 0 is added all the same: it takes the sign off a -0, to which underflow can lead.
    x = x + (tile.bias ? loadUpTo(tile.bias + from, left) : vf{});
    if (tile.relu) x = pmax(x, vf{});
    storeUpTo(c + from, x, left);
  }
}

/** The tile in registers: its rows times its vectors of columns, all sums at once over rising k. */
template <int ROWS, int VECTORS, class Strip>
void multiplyTile(const Tile& tile) {
  vf sums[ROWS][VECTORS] = {};
  float* c = tile.c;
#pragma GCC unroll 16
  for (int i = 0; i < ROWS; i++) {
    __builtin_prefetch(c + i * tile.ldc, 1);
    __builtin_prefetch(c + i * tile.ldc + VECTORS * WIDTH - 1, 1);
  }
  const float* a = tile.strip.start;
  const float* b = tile.panel.start;
  const ptrdiff_t step = Strip::step(tile);
  const auto multiplyRow = [&]() INLINED {
    Strip::template fetch<ROWS>(tile, a);
    vf row[VECTORS];
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS; v++) row[v] = load(b + v * WIDTH);
#pragma GCC unroll 16
    for (int i = 0; i < ROWS; i++) {
      const vf x = splat(a[i * Strip::ROW_STEP]);
#pragma GCC unroll 4
      for (int v = 0; v < VECTORS; v++) sums[i][v] = multiplyAdd(x, row[v], sums[i][v]);
    }
    a += step;
    b += tile.panel.stride;
  };
  int p = 0;
  for (; p + STEPS <= tile.depth; p += STEPS) {
    if (tile.next.start) Strip::fetchNext(tile, p);
#pragma GCC unroll 4
    for (int i = 0; i < STEPS; i++) multiplyRow();
  }
  for (; p < tile.depth; p++) multiplyRow();
  if (tile.columns == VECTORS * WIDTH) {
#pragma GCC unroll 16
    for (int i = 0; i < ROWS; i++) finishRow<VECTORS, true>(tile, c + i * tile.ldc, sums[i]);
  } else {
    vf rest[ROWS][VECTORS];
    __builtin_memcpy(rest, sums, sizeof rest);
#pragma GCC unroll 1
    for (int i = 0; i < ROWS; i++) finishRow<VECTORS, false>(tile, c + i * tile.ldc, rest[i]);
  }
}

using MultiplyTile = void (*)(const Tile&);

/** The functions for tiles of every height and breadth. */
template <class Strip>
struct Tiles {
  MultiplyTile of[TILE_VECTORS][TILE_ROWS];

  constexpr Tiles() : of() { fill<TILE_VECTORS, TILE_ROWS>(); }

  template <int VECTORS, int ROWS>
  constexpr void fill() {
    of[VECTORS - 1][ROWS - 1] = multiplyTile<ROWS, VECTORS, Strip>;
    if constexpr (ROWS > 1) fill<VECTORS, ROWS - 1>();
    else if constexpr (VECTORS > 1) fill<VECTORS - 1, TILE_ROWS>();
  }
};

/** The floats that {@link packB} writes for B[k, n]: panels of whole vectors. */
static int32_t packedSize(int32_t n, int32_t k) { return roundUp(n, WIDTH) * k; }

/** The floats of workspace that {@link gemm} needs: a strip of A. */
static int32_t gemmWorkspace() { return TILE_ROWS * ByRows::ROW_STEP; }

/** Copies rows of A to where {@link ByRows} finds them. */
static void copyStrip(float* strip, const Rows& a, int rows, int depth) {
  for (int i = 0; i < rows; i++) {
    const float* from = a.at(i, 0);
    int p = 0;
    for (; p + WIDTH <= depth; p += WIDTH) store(strip + p, load(from + p));
    if (p < depth) storePart(strip + p, loadPart(from + p, depth - p), depth - p);
    strip += ByRows::ROW_STEP;
  }
}

/** Exchanges the parts of `DISTANCE` lanes that lie beside the diagonal of a pair of rows. */
template <int DISTANCE, int... LANE>
INLINE void exchange(vf& low, vf& high, std::integer_sequence<int, LANE...>) {
  const vf first = __builtin_shufflevector(low, high, (LANE & DISTANCE ? WIDTH + LANE - DISTANCE : LANE)...);
  high = __builtin_shufflevector(low, high, (LANE & DISTANCE ? WIDTH + LANE : LANE + DISTANCE)...);
  low = first;
}

/** Transposes a square block of vectors in registers: blocks of half the size change places, then of a quarter, ... */
template <int DISTANCE = WIDTH / 2>
INLINE void transpose(vf* block) {
#pragma GCC unroll 16
  for (int i = 0; i < WIDTH; i++) {
    if (!(i & DISTANCE)) exchange<DISTANCE>(block[i], block[i + DISTANCE], std::make_integer_sequence<int, WIDTH>());
  }
  if constexpr (DISTANCE > 1) transpose<DISTANCE / 2>(block);
}

/** Rows of B into a panel of `vectors` vectors a row; columns past `columns` are 0. */
static void packPanel(float* packed, const Rows& b, int vectors, int columns, int k) {
  const float* from = b.start;
  for (int p = 0; p < k; p++) {
    for (int v = 0; v < vectors; v++) store(packed + v * WIDTH, loadUpTo(from + v * WIDTH, columns - v * WIDTH));
    packed += vectors * WIDTH;
    from += b.stride;
  }
}

/** The same from B stored transposed: a vector of columns, `panelStride` floats from k to k. */
static void packTransposed(float* packed, int panelStride, const Rows& b, int columns, int k) {
  for (int p = 0; p < k; p += WIDTH) {
    const int depth = lesser(WIDTH, k - p);
    vf block[WIDTH];
#pragma GCC unroll 16
    for (int j = 0; j < WIDTH; j++) block[j] = j < columns ? loadUpTo(b.at(j, p), depth) : vf{};
    transpose(block);
#pragma GCC unroll 16
    for (int i = 0; i < WIDTH; i++) {
      if (i < depth) store(packed + (p + i) * panelStride, block[i]);
    }
  }
}

/**
 * Copies B into panels of TILE_COLUMNS columns, each `k` rows of so many floats; the last panel has as many vectors as
 * it needs, and zeros in the columns past `n`.
 *
 * @param packed packedSize(n, k) floats
 * @param b B[k, n] with `ldb` floats from row to row, or B transposed, [n, k]
 */
static void packB(float* packed, const float* b, int32_t ldb, int32_t transposed, int32_t n, int32_t k) {
  const Rows rows = {b, ldb};
  for (int column = 0; column < n; column += TILE_COLUMNS) {
    const int columns = lesser(TILE_COLUMNS, n - column);
    const int width = roundUp(columns, WIDTH);
    if (transposed) {
      for (int j = 0; j < width; j += WIDTH) {
        packTransposed(packed + j, width, {rows.at(column + j, 0), ldb}, columns - j, k);
      }
    } else {
      packPanel(packed, {b + column, ldb}, width / WIDTH, columns, k);
    }
    packed += static_cast<ptrdiff_t>(width) * k;
  }
}

/** What is done with the sums of a product. */
struct Finish {
  bool accumulate;
  const float* bias;
  bool relu;
};

/** B as {@link packB} left it, `stride` the k that it was packed with. */
struct Packed {
  Rows b;

  Rows panel(int k, int column, int vectors) const {
    const int width = vectors * WIDTH;
    return {b.start + column * b.stride + k * width, width};
  }
};

/** B where it lies; its rows have to be whole vectors. */
struct Unpacked {
  Rows b;

  Rows panel(int k, int column, int) const { return {b.at(k, column), b.stride}; }
};

/** C = A B, for {@link gemm}. */
template <class Panels>
void multiply(float* c, ptrdiff_t ldc, const Rows& a, bool aTransposed, const Panels& panels, int m, int n, int k,
              const Finish& finish, float* workspace) {
  static constexpr Tiles<ByRows> BY_ROWS;
  static constexpr Tiles<ByColumns> BY_COLUMNS;
  const auto& tiles = aTransposed ? BY_COLUMNS.of : BY_ROWS.of;
  const int strips = (m + TILE_ROWS - 1) / TILE_ROWS;
  for (int k0 = 0; k0 < k || k0 == 0; k0 += K_BLOCK) {
    const bool last = k0 + K_BLOCK >= k;
    Tile tile;
    tile.ldc = ldc;
    tile.depth = lesser(K_BLOCK, k - k0);
    tile.add = finish.accumulate || k0 > 0;
    tile.relu = finish.relu && last;
    for (int n0 = 0; n0 < n; n0 += N_BLOCK) {
      const int end = lesser(n, n0 + N_BLOCK);
      // Strips are as even as they can be: a tile of few rows keeps the processor waiting.
      for (int strip = 0, row = 0, next; strip < strips; strip++, row = next) {
        next = static_cast<int>(static_cast<int64_t>(m) * (strip + 1) / strips);
        if (aTransposed) {
          tile.strip = {a.at(k0, row), a.stride};
        } else {
          copyStrip(workspace, {a.at(row, k0), a.stride}, next - row, tile.depth);
          tile.strip = {workspace, ByRows::ROW_STEP};
        }
        const bool lastStrip = strip + 1 == strips;
        const int nextK = lastStrip && end == n ? k0 + K_BLOCK : k0;
        const int nextRow = lastStrip ? 0 : next;
        const Rows ahead = {nextK >= k ? nullptr : aTransposed ? a.at(nextK, nextRow) : a.at(nextRow, nextK), a.stride};
        for (int column = n0; column < end; column += TILE_COLUMNS) {
          const int left = (end - 1 - column) / TILE_COLUMNS;
          tile.next = !ahead.start  ? ahead
                      : aTransposed ? ByColumns::part(ahead, next - row, tile.depth, left)
                                    : ByRows::part(ahead, next - row, tile.depth, left);
          tile.columns = lesser(TILE_COLUMNS, n - column);
          const int vectors = (tile.columns + WIDTH - 1) / WIDTH;
          tile.c = c + row * ldc + column;
          tile.panel = panels.panel(k0, column, vectors);
          tile.bias = finish.bias && last ? finish.bias + column : nullptr;
          tiles[vectors - 1][next - row - 1](tile);
        }
      }
    }
  }
}

/**
 * C[m, n] = A[m, k] B[k, n], optionally added to C, plus a bias, through ReLU.
 *
 * Every element is one sum over k in rising order, cut at multiples of 256, whatever the row, the size of
 * the matrix or the tile it falls in: so a row of C depends on that row of A and on B alone.
 *
 * @param ldc, lda floats from row to row
 * @param aTransposed whether `a` is stored as [k, m]
 * @param packed B as {@link packB} left it, for as many columns or for more if `n` are whole panels; `packedK` is the k
 *   it was packed with (at least `k`)
 * @param accumulate whether to add to C
 * @param bias n floats, or null for none
 * @param relu whether to replace negative results by 0
 * @param workspace gemmWorkspace() floats
 */
static void gemm(float* c, int32_t ldc, const float* a, int32_t lda, int32_t aTransposed, const float* packed,
                 int32_t packedK, int32_t m, int32_t n, int32_t k, int32_t accumulate, const float* bias, int32_t relu,
                 float* workspace) {
  const Finish finish = {accumulate != 0, bias, relu != 0};
  multiply(c, ldc, {a, lda}, aTransposed, Packed{{packed, packedK}}, m, n, k, finish, workspace);
}

}  // namespace xformer::LEVEL
