import { crc32 as ofNode } from "node:zlib";
import fc from "fast-check";
import { expect, it } from "vitest";
import { crc32 } from "../../src/io/crc32.ts";

it("is that of zlib, of texts and bytes, in one piece and in two", () => {
  expect(crc32("123456789")).toBe(0xcbf43926);
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.uint8Array({ maxLength: 300 }), (text, bytes) => {
      expect(crc32(text)).toBe(ofNode(text));
      expect(crc32(bytes, crc32(text))).toBe(ofNode(bytes, ofNode(text)));
    }),
  );
});
