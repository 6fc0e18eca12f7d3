/** CRC-32 of one byte after 24 bits of zeros, by byte (ISO 3309, the polynomial 0xEDB88320 reflected). */
const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/**
 * The CRC-32 of bytes or of text in UTF-8, as zip files and Node's `zlib.crc32` have it: a page has no other.
 *
 * @param before the CRC-32 of what came before
 */
export function crc32(data: Uint8Array | string, before = 0): number {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  let crc = ~before;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
