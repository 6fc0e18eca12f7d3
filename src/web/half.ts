// Weights as half floats (IEEE 754 binary16): a page with them is half as large. What it carries is the safetensors file
// of the rounded weights, with two bytes a number; widened again it is that file, byte for byte, checksums and all.

/** The header's length comes first: an unsigned 64-bit little-endian integer. */
const PREFIX_BYTES = 8;

/** Numbers from here on round to infinity. */
export const BEYOND_HALF = 65_520;

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The half float nearest to a number, as its bits; of two that are as near, the even one. */
export function toHalf(value: number): number {
  float[0] = value;
  const sign = (bits[0]! >>> 16) & 0x8000;
  const magnitude = bits[0]! & 0x7fff_ffff;
  if (magnitude > 0x7f80_0000) return 0x7e00; // not a number
  if (magnitude >= 0x4780_0000) return sign | 0x7c00;
  if (magnitude < 0x3880_0000) return sign | nearestEven(Math.abs(float[0]!) * 2 ** 24); // below 2^-14
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x3800_0000) >>> 13);
}

/** The number that the bits of a half float are. */
export function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Numbers as the half floats nearest to them. */
export function rounded(values: Float32Array): Float32Array {
  return values.map((value) => fromHalf(toHalf(value)));
}

/** Numbers as the bytes of half floats, little-endian. */
export function halfBytes(values: Float32Array): Uint8Array {
  return new Uint8Array(Uint16Array.from(values, toHalf).buffer);
}

/** A safetensors file from what {@link halfBytes} made of its numbers. */
export function widened(file: Uint8Array): Uint8Array<ArrayBuffer> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const start = PREFIX_BYTES + Number(view.getBigUint64(0, true));
  const numbers = (file.length - start) / 2;
  const whole = new Uint8Array(start + 4 * numbers);
  whole.set(file.subarray(0, start));
  const into = new DataView(whole.buffer);
  for (let i = 0; i < numbers; i++)
    into.setFloat32(start + 4 * i, fromHalf(view.getUint16(start + 2 * i, true)), true);
  return whole;
}

function nearestEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
