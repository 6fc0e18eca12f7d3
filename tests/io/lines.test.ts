import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linesFrom, readLines, readText, streamLines } from "../../src/io/lines.ts";
import { oneLine, oneLineAsync } from "./oneLine.ts";
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

/** The same bytes as a plain and as a packed file. */
function plainAndPacked(bytes: Uint8Array): string[] {
  const [plain, packed] = [join(directory, "any.txt"), join(directory, "any.txt.gz")];
  writeFileSync(plain, bytes);
  // In two members, as `cat a.gz b.gz` makes it.
  const half = Math.floor(bytes.length / 2);
  writeFileSync(packed, Buffer.concat([gzipSync(bytes.subarray(0, half)), gzipSync(bytes.subarray(half))]));
  return [plain, packed];
}

async function collectStream(path: string): Promise<{ lines: string[]; error: string }> {
  const collected: string[] = [];
  const error = await oneLineAsync(async () => {
    for await (const some of streamLines(path)) collected.push(...some);
  });
  return { lines: collected, error };
}

describe("streamLines", () => {
  it("gives the lines and the fault of readText, packed or not, on either side of a chunk's end", async () => {
    const broken = [Uint8Array.of(0xff), Uint8Array.of(0), Uint8Array.of(0xe4, 0xbd), Uint8Array.of()];
    const end = 2 ** 18; // the size of a chunk
    for (const bytes of broken) {
      for (const length of [0, 1, end - 4, end - 3, end - 2, end - 1, end, end + 1, 2 * end + 7]) {
        const text = Buffer.from("\uFEFF你好\r\nsecond\n".padEnd(length, `${"abc".repeat(1000)}\n`));
        for (const path of plainAndPacked(Buffer.concat([text, bytes, Buffer.from("\nlast\n")]))) {
          const { lines: expected, fault } = readText(path);
          expect(await collectStream(path)).toEqual({
            lines: expected,
            error: fault?.oneLine ?? "no error",
          });
        }
      }
    }
  });

  it("joins a line that is longer than many chunks", async () => {
    const long = "0123456789".repeat(200_000);
    for (const path of plainAndPacked(Buffer.from(`a\n${long}\nb`))) {
      expect(await collectStream(path)).toEqual({ lines: ["a", long, "b"], error: "no error" });
    }
  });

  it("hands out nothing for an empty file", async () => {
    for (const path of plainAndPacked(new Uint8Array(0))) {
      expect(await collectStream(path)).toEqual({ lines: [], error: "no error" });
    }
  });

  it("says what readLines says of files that cannot be read", async () => {
    const [cut, plain] = [join(directory, "cut.gz"), join(directory, "plain.gz")];
    writeFileSync(cut, gzipSync("abc\n".repeat(100)).subarray(0, 20));
    writeFileSync(plain, "not packed\n");
    const expected = (path: string) =>
      `${path}: this is not a gzip file, or it is damaged. Pack it again, or take .gz off its name if it is plain text.`;
    for (const path of [cut, plain]) expect(oneLine(() => readLines(path))).toBe(expected(path));
    for (const path of [cut, plain, directory, join(directory, "none"), join(directory, "none.gz")]) {
      expect((await collectStream(path)).error).toBe(oneLine(() => readLines(path)));
    }
  });

  it("closes the file when not read to the end", async () => {
    for (const path of plainAndPacked(Buffer.from("abc\n".repeat(200_000)))) {
      for await (const some of streamLines(path)) {
        expect(some[0]).toBe("abc");
        break;
      }
    }
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
