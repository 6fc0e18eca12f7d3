import { crc32 as zlibCrc32 } from "node:zlib";
import fc from "fast-check";
import { expect, it } from "vitest";
import { crc32 } from "../../src/web/engine/crc32.ts";

it("is the CRC-32 of zlib, of bytes and of text, whole and in parts", () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.string({ unit: "binary" }), (bytes, text) => {
      expect(crc32(bytes)).toBe(zlibCrc32(bytes));
      expect(crc32(text)).toBe(zlibCrc32(text));
      expect(crc32(text, crc32(bytes))).toBe(zlibCrc32(text, zlibCrc32(bytes)));
    }),
  );
});
