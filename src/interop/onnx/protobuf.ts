/**
 * Bytes in pieces that follow one another: the weights of a model are among them as they lie in memory, and are never
 * copied.
 */
export interface Encoded {
  readonly parts: readonly Uint8Array[];
  readonly length: number;
}

/** What a field of a message holds: a whole number, a 32-bit float, text, bytes, or a message. */
export type Field = readonly [
  number: number,
  value: number | bigint | { readonly float: number } | string | Uint8Array | Encoded,
];

/** The kinds of fields as they stand in the low three bits of a tag. */
const [VARINT, LENGTH_DELIMITED, FIXED_32] = [0, 2, 5];

/**
 * Encodes a message of Protocol Buffers: a tag and a value a field, in the order in which they are given. That is all of
 * the format that ONNX needs; lists are fields that come again.
 *
 * @see https://protobuf.dev/programming-guides/encoding
 */
export function message(fields: readonly Field[]): Encoded {
  const parts: Uint8Array[] = [];
  for (const [number, value] of fields) {
    const tag = (kind: number): Uint8Array => varint(BigInt(number * 8 + kind));
    if (typeof value === "number" || typeof value === "bigint")
      parts.push(tag(VARINT), varint(BigInt(value)));
    else if (typeof value === "object" && "float" in value) parts.push(tag(FIXED_32), float(value.float));
    else {
      const content = asEncoded(value);
      parts.push(tag(LENGTH_DELIMITED), varint(BigInt(content.length)), ...content.parts);
    }
  }
  return { parts, length: parts.reduce((sum, part) => sum + part.length, 0) };
}

function asEncoded(value: string | Uint8Array | Encoded): Encoded {
  if (typeof value === "object" && "parts" in value) return value;
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
  return { parts: [bytes], length: bytes.length };
}

/** Seven bits a byte, the lowest first; a negative number is that of 64 bits with the same ones. */
function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

function float(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return bytes;
}
