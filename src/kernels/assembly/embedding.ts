import { loadPart, multiplyAdd, storePart } from "./simd";

/** y = x * factor + z, over n floats. */
// @ts-ignore: decorator
@inline
function addScaled(y: usize, x: usize, factor: v128, z: usize, n: i32): void {
  let at: usize = 0;
  for (const end = <usize>(n & ~3) << 2; at < end; at += 16) {
    v128.store(y + at, multiplyAdd(v128.load(x + at), factor, v128.load(z + at)));
  }
  const left = n & 3;
  if (left) storePart(y + at, multiplyAdd(loadPart(x + at, left), factor, loadPart(z + at, left)), left);
}

/**
 * y[t] = table[ids[t]] * scale + positionTable[positions[t]] (Vaswani et al. 2017, sections 3.4 and 3.5).
 *
 * @param y [tokens, dModel]
 * @param table [vocabulary, dModel]
 * @param ids, positions 32-bit integers, one a token
 */
export function embeddingForward(
  y: usize, table: usize, positionTable: usize, ids: usize, positions: usize,
  tokens: i32, dModel: i32, scale: f32,
): void {
  const stride = <usize>dModel << 2;
  const factor = f32x4.splat(scale);
  for (let t = 0; t < tokens; t++) {
    const row = table + <usize>load<u32>(ids) * stride;
    const position = positionTable + <usize>load<u32>(positions) * stride;
    addScaled(y, row, factor, position, dModel);
    y += stride;
    ids += 4;
    positions += 4;
  }
}

/**
 * dTable[ids[t]] += dy[t] * scale, token by token in their order. The gradient of a learned positional
 * embedding is the same with positions for ids and scale 1.
 */
export function embeddingBackward(
  dTable: usize, dy: usize, ids: usize, tokens: i32, dModel: i32, scale: f32,
): void {
  const stride = <usize>dModel << 2;
  const factor = f32x4.splat(scale);
  for (let t = 0; t < tokens; t++) {
    const row = dTable + <usize>load<u32>(ids) * stride;
    addScaled(row, dy, factor, row, dModel);
    dy += stride;
    ids += 4;
  }
}
