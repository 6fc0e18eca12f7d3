import { crc32, inflateSync } from "node:zlib";
import { expect, it } from "vitest";
import { encodePng } from "../../src/io/png.ts";

/** The chunks of a file, whose checksums are looked at. */
function chunksOf(file: Buffer): [type: string, data: Buffer][] {
  const chunks: [string, Buffer][] = [];
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at);
    const content = file.subarray(at + 4, at + 8 + length);
    expect(file.readUInt32BE(at + 8 + length)).toBe(crc32(content));
    chunks.push([content.toString("latin1", 0, 4), content.subarray(4)]);
    at += 12 + length;
  }
  return chunks;
}

it("a picture comes back from its chunks, pixel for pixel", () => {
  const pixels = Uint8Array.from({ length: 3 * 5 * 2 }, (_, i) => (37 * i) % 256);
  const file = Buffer.from(encodePng({ width: 5, height: 2, pixels }));
  expect(file.subarray(0, 8)).toEqual(Buffer.from("89504e470d0a1a0a", "hex"));
  const [header, data, end, ...others] = chunksOf(file);
  expect([header![0], data![0], end![0], others]).toEqual(["IHDR", "IDAT", "IEND", []]);
  expect([...header![1]]).toEqual([0, 0, 0, 5, 0, 0, 0, 2, 8, 2, 0, 0, 0]);
  const rows = inflateSync(data![1]);
  expect([rows[0], rows[16]]).toEqual([0, 0]); // no filter
  expect([...rows.subarray(1, 16), ...rows.subarray(17)]).toEqual([...pixels]);
});
