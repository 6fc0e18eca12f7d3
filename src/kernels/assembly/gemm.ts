import { loadUpTo4, multiplyAdd } from "./simd";

/** Rows and columns of the register tile: 12 accumulators, 2 vectors of B and 1 of A fill the 16 registers. */
const TILE_ROWS: i32 = 6;
const TILE_COLUMNS: i32 = 8;
/** The part of k worked on at a time: a strip of A (6 x 256) and a panel of B (256 x 8) stay in the L1 cache. */
const K_BLOCK: i32 = 256;
/** The columns worked on at a time: 256 x 512 floats of B are half a megabyte and stay in the L2 cache. */
const N_BLOCK: i32 = 512;

/** The floats of workspace that {@link gemm} needs: a strip of A, and for the edges a tile of C and its bias. */
export const GEMM_WORKSPACE: i32 = TILE_ROWS * K_BLOCK + TILE_ROWS * TILE_COLUMNS + TILE_COLUMNS;

/** {@link GEMM_WORKSPACE}, for whoever allocates it. */
export function gemmWorkspace(): i32 {
  return GEMM_WORKSPACE;
}

/** The floats that {@link packB} writes for B[k, n]: whole panels of eight columns. */
export function packedSize(n: i32, k: i32): i32 {
  return ((n + TILE_COLUMNS - 1) / TILE_COLUMNS) * TILE_COLUMNS * k;
}

/**
 * Copies B into panels of eight columns, each `k` rows of eight floats; columns past `n` are zero.
 *
 * @param packed {@link packedSize} floats
 * @param b B[k, n] with `ldb` floats from row to row, or B transposed, [n, k]
 */
export function packB(packed: usize, b: usize, ldb: i32, transposed: i32, n: i32, k: i32): void {
  for (let column = 0; column < n; column += TILE_COLUMNS) {
    const columns = min(TILE_COLUMNS, n - column);
    if (transposed) packTransposedPanel(packed, b + (<usize>(column * ldb) << 2), ldb, columns, k);
    else packPanel(packed, b + (<usize>column << 2), ldb, columns, k);
    packed += <usize>(k * TILE_COLUMNS) << 2;
  }
}

function packPanel(packed: usize, b: usize, ldb: i32, columns: i32, k: i32): void {
  const stride = <usize>ldb << 2;
  if (columns == TILE_COLUMNS) {
    for (let p = 0; p < k; p++) {
      v128.store(packed, v128.load(b));
      v128.store(packed, v128.load(b, 16), 16);
      packed += 32;
      b += stride;
    }
    return;
  }
  for (let p = 0; p < k; p++) {
    for (let j = 0; j < TILE_COLUMNS; j++) {
      store<f32>(packed + (<usize>j << 2), j < columns ? load<f32>(b + (<usize>j << 2)) : 0);
    }
    packed += 32;
    b += stride;
  }
}

function packTransposedPanel(packed: usize, b: usize, ldb: i32, columns: i32, k: i32): void {
  const stride = <usize>ldb << 2;
  let p = 0;
  if (columns == TILE_COLUMNS) {
    for (; p + 4 <= k; p += 4) {
      const from = b + (<usize>p << 2);
      const to = packed + (<usize>p << 5);
      transpose4x4(to, 32, from, stride);
      transpose4x4(to + 16, 32, from + 4 * stride, stride);
    }
  }
  for (; p < k; p++) {
    for (let j = 0; j < TILE_COLUMNS; j++) {
      const value = j < columns ? load<f32>(b + <usize>j * stride + (<usize>p << 2)) : 0;
      store<f32>(packed + (<usize>p << 5) + (<usize>j << 2), value);
    }
  }
}

/** Writes the transpose of a 4 x 4 block: four rows `fromStride` bytes apart become rows `toStride` apart. */
// @ts-ignore: decorator
@inline
function transpose4x4(to: usize, toStride: usize, from: usize, fromStride: usize): void {
  const r0 = v128.load(from);
  const r1 = v128.load(from + fromStride);
  const r2 = v128.load(from + 2 * fromStride);
  const r3 = v128.load(from + 3 * fromStride);
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
  v128.store(to + toStride, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7));
  v128.store(to + 2 * toStride, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5));
  v128.store(to + 3 * toStride, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7));
}

/**
 * Copies six rows of A into `k` groups of six. Where there are fewer, the last one stands in for those that are
 * missing: the tile computes rows that nobody stores.
 */
function packStrip(strip: usize, a: usize, lda: i32, rows: i32, k: i32): void {
  const stride = <usize>lda << 2;
  const row1 = a + <usize>min(1, rows - 1) * stride;
  const row2 = a + <usize>min(2, rows - 1) * stride;
  const row3 = a + <usize>min(3, rows - 1) * stride;
  const row4 = a + <usize>min(4, rows - 1) * stride;
  const row5 = a + <usize>min(5, rows - 1) * stride;
  let at: usize = 0;
  const end = <usize>k << 2;
  for (; at + 16 <= end; at += 16) {
    const r0 = v128.load(a + at);
    const r1 = v128.load(row1 + at);
    const r2 = v128.load(row2 + at);
    const r3 = v128.load(row3 + at);
    const r4 = v128.load(row4 + at);
    const r5 = v128.load(row5 + at);
    const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    const low45 = v128.shuffle<f32>(r4, r5, 0, 4, 1, 5);
    const high45 = v128.shuffle<f32>(r4, r5, 2, 6, 3, 7);
    v128.store(strip, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
    v128.store(strip, v128.shuffle<f32>(low45, low01, 0, 1, 6, 7), 16);
    v128.store(strip, v128.shuffle<f32>(low23, low45, 2, 3, 6, 7), 32);
    v128.store(strip, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), 48);
    v128.store(strip, v128.shuffle<f32>(high45, high01, 0, 1, 6, 7), 64);
    v128.store(strip, v128.shuffle<f32>(high23, high45, 2, 3, 6, 7), 80);
    strip += 96;
  }
  for (; at < end; at += 4) {
    store<f32>(strip, load<f32>(a + at));
    store<f32>(strip, load<f32>(row1 + at), 4);
    store<f32>(strip, load<f32>(row2 + at), 8);
    store<f32>(strip, load<f32>(row3 + at), 12);
    store<f32>(strip, load<f32>(row4 + at), 16);
    store<f32>(strip, load<f32>(row5 + at), 20);
    strip += 24;
  }
}

/** The same from A stored transposed: six columns of it, and zeros for those that are missing. */
function packTransposedStrip(strip: usize, a: usize, lda: i32, rows: i32, k: i32): void {
  const stride = <usize>lda << 2;
  if (rows == TILE_ROWS) {
    for (let p = 0; p < k; p++) {
      v128.store(strip, v128.load(a));
      v128.store64_lane(strip, v128.load64_zero(a, 16), 0, 16);
      strip += 24;
      a += stride;
    }
    return;
  }
  for (let p = 0; p < k; p++) {
    v128.store(strip, loadUpTo4(a, rows));
    store<f32>(strip, rows > 4 ? load<f32>(a, 16) : 0, 16);
    store<f32>(strip, 0, 20);
    strip += 24;
    a += stride;
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
 * @param packed B as {@link packB} left it; `packedK` is the k it was packed with (at least `k`)
 * @param accumulate whether to add to C
 * @param bias n floats, or 0 for none
 * @param relu whether to replace negative results by 0
 * @param workspace {@link gemmWorkspace} floats
 */
export function gemm(
  c: usize, ldc: i32, a: usize, lda: i32, aTransposed: i32, packed: usize, packedK: i32,
  m: i32, n: i32, k: i32, accumulate: i32, bias: usize, relu: i32, workspace: usize,
): void {
  const strip = workspace;
  const edge = workspace + ((TILE_ROWS * K_BLOCK) << 2);
  const biasEdge = edge + ((TILE_ROWS * TILE_COLUMNS) << 2);
  const panelStride = <usize>(packedK * TILE_COLUMNS) << 2;
  const rowBytes = <usize>ldc << 2;
  for (let k0 = 0; k0 < k || k0 == 0; k0 += K_BLOCK) {
    const depth = min(K_BLOCK, k - k0);
    const last = k0 + K_BLOCK >= k;
    const add = accumulate || k0 > 0;
    const biasNow = last ? bias : 0;
    const reluNow = last && relu;
    for (let n0 = 0; n0 < n; n0 += N_BLOCK) {
      const nEnd = min(n, n0 + N_BLOCK);
      for (let row = 0; row < m; row += TILE_ROWS) {
        const rows = min(TILE_ROWS, m - row);
        const aStart = aTransposed ? k0 * lda + row : row * lda + k0;
        if (aTransposed) packTransposedStrip(strip, a + (<usize>aStart << 2), lda, rows, depth);
        else packStrip(strip, a + (<usize>aStart << 2), lda, rows, depth);
        let panel = packed + (<usize>(k0 * TILE_COLUMNS) << 2) + <usize>(n0 / TILE_COLUMNS) * panelStride;
        for (let column = n0; column < nEnd; column += TILE_COLUMNS) {
          const columns = min(TILE_COLUMNS, n - column);
          const target = c + (<usize>(row * ldc + column) << 2);
          const biasHere = biasNow ? biasNow + (<usize>column << 2) : 0;
          if (columns == TILE_COLUMNS) {
            tile(target, rowBytes, rows, strip, panel, depth, add, biasHere, reluNow);
          } else {
            // At the right edge the tile works on a copy, so that it reads and writes whole vectors.
            if (biasHere) copyTile(biasEdge, 0, biasHere, 0, 1, columns);
            if (add) copyTile(edge, 32, target, rowBytes, rows, columns);
            tile(edge, 32, rows, strip, panel, depth, add, biasHere ? biasEdge : 0, reluNow);
            copyTile(target, rowBytes, edge, 32, rows, columns);
          }
          panel += panelStride;
        }
      }
    }
  }
}

function copyTile(to: usize, toStride: usize, from: usize, fromStride: usize, rows: i32, columns: i32): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      store<f32>(to + (<usize>j << 2), load<f32>(from + (<usize>j << 2)));
    }
    to += toStride;
    from += fromStride;
  }
}

/**
 * Six rows by eight columns of C: one strip of A times one panel of B, held in registers throughout. Only the
 * first `rows` rows are stored.
 *
 * A's six numbers are loaded as two vectors and spread by shuffles, not by six loads that spread: the compiler
 * moves loads to the front, where six of them would push accumulators out of the registers, but leaves a
 * shuffle next to its use. For the same reason there are two steps of k a round, and no more.
 */
function tile(
  c: usize, stride: usize, rows: i32, a: usize, b: usize, k: i32, add: i32, bias: usize, relu: i32,
): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00;
  let c30 = c00, c31 = c00, c40 = c00, c41 = c00, c50 = c00, c51 = c00;
  let a0: v128, a1: v128, b0: v128, b1: v128, x: v128;
  let p = 0;
  for (; p + 2 <= k; p += 2) {
    b0 = v128.load(b);
    b1 = v128.load(b, 16);
    a0 = v128.load(a);
    a1 = v128.load64_zero(a, 16);
    x = lane0(a0);
    c00 = multiplyAdd(x, b0, c00);
    c01 = multiplyAdd(x, b1, c01);
    x = lane1(a0);
    c10 = multiplyAdd(x, b0, c10);
    c11 = multiplyAdd(x, b1, c11);
    x = lane2(a0);
    c20 = multiplyAdd(x, b0, c20);
    c21 = multiplyAdd(x, b1, c21);
    x = lane3(a0);
    c30 = multiplyAdd(x, b0, c30);
    c31 = multiplyAdd(x, b1, c31);
    x = lane0(a1);
    c40 = multiplyAdd(x, b0, c40);
    c41 = multiplyAdd(x, b1, c41);
    x = lane1(a1);
    c50 = multiplyAdd(x, b0, c50);
    c51 = multiplyAdd(x, b1, c51);
    b0 = v128.load(b, 32);
    b1 = v128.load(b, 48);
    a0 = v128.load(a, 24);
    a1 = v128.load64_zero(a, 40);
    x = lane0(a0);
    c00 = multiplyAdd(x, b0, c00);
    c01 = multiplyAdd(x, b1, c01);
    x = lane1(a0);
    c10 = multiplyAdd(x, b0, c10);
    c11 = multiplyAdd(x, b1, c11);
    x = lane2(a0);
    c20 = multiplyAdd(x, b0, c20);
    c21 = multiplyAdd(x, b1, c21);
    x = lane3(a0);
    c30 = multiplyAdd(x, b0, c30);
    c31 = multiplyAdd(x, b1, c31);
    x = lane0(a1);
    c40 = multiplyAdd(x, b0, c40);
    c41 = multiplyAdd(x, b1, c41);
    x = lane1(a1);
    c50 = multiplyAdd(x, b0, c50);
    c51 = multiplyAdd(x, b1, c51);
    a += 48;
    b += 64;
  }
  if (p < k) {
    b0 = v128.load(b);
    b1 = v128.load(b, 16);
    a0 = v128.load(a);
    a1 = v128.load64_zero(a, 16);
    x = lane0(a0);
    c00 = multiplyAdd(x, b0, c00);
    c01 = multiplyAdd(x, b1, c01);
    x = lane1(a0);
    c10 = multiplyAdd(x, b0, c10);
    c11 = multiplyAdd(x, b1, c11);
    x = lane2(a0);
    c20 = multiplyAdd(x, b0, c20);
    c21 = multiplyAdd(x, b1, c21);
    x = lane3(a0);
    c30 = multiplyAdd(x, b0, c30);
    c31 = multiplyAdd(x, b1, c31);
    x = lane0(a1);
    c40 = multiplyAdd(x, b0, c40);
    c41 = multiplyAdd(x, b1, c41);
    x = lane1(a1);
    c50 = multiplyAdd(x, b0, c50);
    c51 = multiplyAdd(x, b1, c51);
  }
  const bias0 = bias ? v128.load(bias) : f32x4.splat(0);
  const bias1 = bias ? v128.load(bias, 16) : f32x4.splat(0);
  finishRow(c, c00, c01, add, bias0, bias1, relu);
  if (rows > 1) finishRow(c + stride, c10, c11, add, bias0, bias1, relu);
  if (rows > 2) finishRow(c + 2 * stride, c20, c21, add, bias0, bias1, relu);
  if (rows > 3) finishRow(c + 3 * stride, c30, c31, add, bias0, bias1, relu);
  if (rows > 4) finishRow(c + 4 * stride, c40, c41, add, bias0, bias1, relu);
  if (rows > 5) finishRow(c + 5 * stride, c50, c51, add, bias0, bias1, relu);
}

/** One lane of a vector in all four. */
// @ts-ignore: decorator
@inline
function lane0(x: v128): v128 {
  return i8x16.shuffle(x, x, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3);
}

// @ts-ignore: decorator
@inline
function lane1(x: v128): v128 {
  return i8x16.shuffle(x, x, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7);
}

// @ts-ignore: decorator
@inline
function lane2(x: v128): v128 {
  return i8x16.shuffle(x, x, 8, 9, 10, 11, 8, 9, 10, 11, 8, 9, 10, 11, 8, 9, 10, 11);
}

// @ts-ignore: decorator
@inline
function lane3(x: v128): v128 {
  return i8x16.shuffle(x, x, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15);
}

// @ts-ignore: decorator
@inline
function finishRow(c: usize, left: v128, right: v128, add: i32, bias0: v128, bias1: v128, relu: i32): void {
  if (add) {
    left = f32x4.add(v128.load(c), left);
    right = f32x4.add(v128.load(c, 16), right);
  }
  left = f32x4.add(left, bias0);
  right = f32x4.add(right, bias1);
  if (relu) {
    left = f32x4.pmax(left, f32x4.splat(0));
    right = f32x4.pmax(right, f32x4.splat(0));
  }
  v128.store(c, left);
  v128.store(c, right, 16);
}
