/**
 * Sinusoidal positional encodings (Vaswani et al. 2017, section 3.5):
 *
 *     PE(pos, 2i)     = sin(pos / 10000^(2i / dModel))
 *     PE(pos, 2i + 1) = cos(pos / 10000^(2i / dModel))
 *
 * @param table [positions, dModel], filled
 */
export function fillSinusoids(table: Float32Array, dModel: number): void {
  for (let at = 0; at < table.length; at++) {
    const position = Math.floor(at / dModel);
    const dimension = at % dModel;
    const angle = position / 10_000 ** ((dimension - (dimension % 2)) / dModel);
    table[at] = dimension % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  }
}
