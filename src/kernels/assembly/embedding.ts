import { loadUpTo4, multiplyAdd, storeUpTo4 } from "./simd";

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
    for (let j = 0; j < dModel; j += 4) {
      const left = dModel - j;
      const at = <usize>j << 2;
      storeUpTo4(y + at, multiplyAdd(loadUpTo4(row + at, left), factor, loadUpTo4(position + at, left)), left);
    }
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
    for (let j = 0; j < dModel; j += 4) {
      const left = dModel - j;
      const at = <usize>j << 2;
      storeUpTo4(row + at, multiplyAdd(loadUpTo4(dy + at, left), factor, loadUpTo4(row + at, left)), left);
    }
    dy += stride;
    ids += 4;
  }
}
