/** A token that stands for one byte, `<0x0A>`: what text that no other token is made of becomes with a byte fallback. */
export const BYTE_TOKEN = /^<0x([0-9A-Fa-f]{2})>$/;

/** The token of a byte. */
export function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
}
