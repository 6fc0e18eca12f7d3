import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linesFrom, readLines } from "../../src/io/lines.ts";
import { oneLine } from "./oneLine.ts";
import { temporaryDirectory } from "./temporaryDirectory.ts";

const directory = temporaryDirectory();

function file(content: string | readonly number[]): string {
  const path = join(directory, "text.txt");
  writeFileSync(path, typeof content === "string" ? content : Uint8Array.from(content));
  return path;
}

/** Lines without terminators; the last is not empty, or it could not be told from a final newline. */
const lines = fc.array(
  fc.string({ unit: "grapheme" }).map((text) => text.replace(/[\r\n\0\uFEFF]/g, "")),
  { maxLength: 8 },
);

describe("readLines", () => {
  it("takes a final newline as the end of the last line", () => {
    expect(readLines(file("a\nb\n"))).toEqual(["a", "b"]);
    expect(readLines(file("a\nb"))).toEqual(["a", "b"]);
    expect(readLines(file("a\n\n"))).toEqual(["a", ""]);
    expect(readLines(file("\n"))).toEqual([""]);
    expect(readLines(file(""))).toEqual([]);
  });

  it("accepts a byte-order mark and CRLF", () => {
    expect(readLines(file("\uFEFF你好\r\nb\r\n"))).toEqual(["你好", "b"]);
    expect(readLines(file("a\r\nb\r"))).toEqual(["a", "b"]);
  });

  it("keeps what only looks like a line end or a byte-order mark", () => {
    expect(readLines(file("a\u2028b\u0085c\rd\n\uFEFFe\n"))).toEqual(["a\u2028b\u0085c\rd", "\uFEFFe"]);
  });

  it("reads back any lines", () => {
    fc.assert(
      fc.property(lines, fc.constantFrom("\n", "\r\n"), (written, end) => {
        expect(readLines(file(written.map((line) => line + end).join("")))).toEqual(written);
      }),
    );
  });

  it("names the line of invalid UTF-8", () => {
    const path = file([0x61, 0x0a, 0xe4, 0xbd, 0xa0, 0x0a, 0xe4, 0xbd, 0x0a, 0xff, 0x0a]);
    expect(oneLine(() => readLines(path))).toBe(`${path}:3: invalid UTF-8. Convert the file to UTF-8.`);
  });

  it("names the last line when it is cut off within a character", () => {
    const path = file([0xef, 0xbb, 0xbf, 0x61, 0x0a, 0xe4, 0xbd]);
    expect(oneLine(() => readLines(path))).toBe(`${path}:2: invalid UTF-8. Convert the file to UTF-8.`);
  });

  it("names the line of a NUL byte", () => {
    const path = file("a\nb\0\n");
    expect(oneLine(() => readLines(path))).toBe(
      `${path}:2: a NUL byte in a text file. Check that this is a text file in UTF-8.`,
    );
  });

  it("explains a missing file and a directory", () => {
    const missing = join(directory, "missing.txt");
    expect(oneLine(() => readLines(missing))).toBe(`${missing}: no such file or directory. Check the path.`);
    expect(oneLine(() => readLines(directory))).toBe(
      `${directory}: this is a directory, a file is needed. Name a file inside it.`,
    );
  });
});

describe("linesFrom", () => {
  async function collect(bytes: Uint8Array, chunkSize: number) {
    const chunks: Uint8Array[] = [];
    for (let i = 0; i < bytes.length; i += chunkSize) chunks.push(bytes.subarray(i, i + chunkSize));
    const invalid: number[] = [];
    const result: string[] = [];
    for await (const line of linesFrom(Readable.from(chunks), (number) => invalid.push(number)))
      result.push(line);
    return { lines: result, invalid };
  }

  it("gives the lines of readLines, however the bytes are cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        lines,
        fc.constantFrom("\n", "\r\n"),
        fc.boolean(),
        fc.boolean(),
        fc.integer({ min: 1, max: 9 }),
        async (written, end, mark, terminated, chunkSize) => {
          const text = written.join(end) + (terminated ? end : "");
          const bytes = Buffer.from((mark && text !== "" ? "\uFEFF" : "") + text);
          const expected = readLines(file([...bytes]));
          expect(await collect(bytes, chunkSize)).toEqual({ lines: expected, invalid: [] });
        },
      ),
    );
  });

  it("yields a line before the next one has arrived", async () => {
    let asked = 0;
    async function* typing() {
      for (const text of ["first\nsec", "ond\n", "third"]) {
        asked++;
        yield Buffer.from(text);
      }
    }
    const iterator = linesFrom(typing());
    expect([(await iterator.next()).value, asked]).toEqual(["first", 1]);
    expect([(await iterator.next()).value, asked]).toEqual(["second", 2]);
    expect([(await iterator.next()).value, asked]).toEqual(["third", 3]);
    expect((await iterator.next()).done).toBe(true);
  });

  it("replaces invalid UTF-8 by U+FFFD and reports the line, keeping one line for one", async () => {
    const bytes = Uint8Array.from([0x61, 0x0a, 0xff, 0x62, 0x0a, 0x0a, 0xe4, 0xbd]);
    for (const chunkSize of [1, 2, 100]) {
      expect(await collect(bytes, chunkSize)).toEqual({
        lines: ["a", "\uFFFDb", "", "\uFFFD"],
        invalid: [2, 4],
      });
    }
  });

  it("gives nothing for an empty stream and an empty line for a lone newline", async () => {
    expect((await collect(new Uint8Array(0), 1)).lines).toEqual([]);
    expect((await collect(Buffer.from("\n"), 1)).lines).toEqual([""]);
  });
});
