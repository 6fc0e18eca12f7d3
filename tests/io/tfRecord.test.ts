import { describe, expect, it } from "vitest";
import { crc32c, tfRecord } from "../../src/io/tfRecord.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("crc32c", () => {
  // RFC 3720, appendix B.4, and the check value of every catalogue of CRCs.
  it.each<[string, Uint8Array, number]>([
    ["the check value", bytes("123456789"), 0xe306_9283],
    ["32 zeros", new Uint8Array(32), 0x8a91_36aa],
    ["32 ones", new Uint8Array(32).fill(0xff), 0x62a8_ab43],
    ["nothing", new Uint8Array(0), 0],
  ])("%s", (_, data, expected) => {
    expect(crc32c(data)).toBe(expected);
  });
});

it("a record has its length, its data, and a masked checksum of both", () => {
  const record = tfRecord(bytes("123456789"));
  const view = new DataView(record.buffer);
  const unmasked = (at: number): number => {
    const rotated = (view.getUint32(at, true) - 0xa282_ead8) >>> 0;
    return ((rotated >>> 17) | (rotated << 15)) >>> 0;
  };
  expect(record).toHaveLength(25);
  expect(view.getBigUint64(0, true)).toBe(9n);
  expect(unmasked(8)).toBe(crc32c(record.subarray(0, 8)));
  expect(new TextDecoder().decode(record.subarray(12, 21))).toBe("123456789");
  expect(unmasked(21)).toBe(0xe306_9283);
});
