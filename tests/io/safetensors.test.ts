import { closeSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { XformerError } from "../../src/errors.ts";
import {
  type NamedTensor,
  readSafetensors,
  readSafetensorsHeader,
  writeSafetensors,
} from "../../src/io/safetensors.ts";
import { oneLine } from "./oneLine.ts";
import { temporaryDirectory } from "./temporaryDirectory.ts";

const directory = temporaryDirectory();
const path = join(directory, "model.safetensors");
const DAMAGED = "The file is damaged or incomplete: use another copy of it.";
const EDITED =
  "The file is damaged: use another copy of it (if it was edited on purpose, remove xformer.data_crc32 and xformer.header_crc32 from its metadata).";

const tensors: readonly NamedTensor[] = [
  { name: "weight", shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, -0, 1e-40) },
  { name: "bias", shape: [1], data: Float32Array.of(Number.NaN) },
];
const metadata = { config: '{"dModel":64}', tokenizer: '["你好","\\u001f"]' };

/** Everything a reader can see of a file, in a form that toEqual compares bit by bit. */
function content(list: readonly NamedTensor[], strings: Readonly<Record<string, string>>) {
  return {
    tensors: list.map(({ name, shape, data }) => ({
      name,
      shape,
      bits: [...new Int32Array(data.slice().buffer)],
    })),
    metadata: Object.entries(strings),
  };
}

function contentOfFile() {
  const file = readSafetensors(path);
  return content(
    [...file.tensors].map(([name, { shape, data }]) => ({ name, shape, data })),
    file.metadata,
  );
}

/** A file as another program might write it: without checksums, and with whatever header is given. */
function writeForeign(header: unknown, data: Uint8Array = new Uint8Array(0)): void {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(json.length));
  writeFileSync(path, Buffer.concat([prefix, json, data]));
}

const readError = () => {
  const line = oneLine(() => readSafetensors(path));
  // What is wrong with the header or the size is found without reading the data.
  expect(oneLine(() => readSafetensorsHeader(path))).toBe(line);
  return line.replace(`${path}: `, "");
};

describe("writeSafetensors and readSafetensors", () => {
  it("give back any tensors and metadata, bit for bit", () => {
    const tensor = fc.array(fc.nat(3), { maxLength: 3 }).chain((shape) => {
      const length = shape.reduce((product, size) => product * size, 1);
      const bits = fc.array(fc.integer(), { minLength: length, maxLength: length });
      return bits.map((values) => ({ shape, data: new Float32Array(Int32Array.from(values).buffer) }));
    });
    // A letter in front: JSON objects do not keep the order of names that look like array indices.
    const named = fc.dictionary(
      fc.string({ unit: "binary" }).map((name) => `t${name}`),
      tensor,
    );
    const strings = fc.dictionary(
      fc.string({ unit: "binary" }).map((name) => `m${name}`),
      fc.string({ unit: "binary" }),
    );
    fc.assert(
      fc.property(named, strings, (table, texts) => {
        const list = Object.entries(table).map(([name, { shape, data }]) => ({ name, shape, data }));
        writeSafetensors(path, list, texts);
        const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
        const expected = content(list, texts);
        const actual = contentOfFile();
        expect(actual.tensors.sort(byName)).toEqual(expected.tensors.sort(byName));
        expect(actual.metadata).toEqual(expected.metadata);
      }),
      { numRuns: 40 },
    );
  });

  it("copes with names that mean something to JavaScript", () => {
    const list = ["__proto__", "constructor", "1", "0"].map((name) => ({
      name,
      shape: [],
      data: Float32Array.of(7),
    }));
    writeSafetensors(path, list, { toString: "x", ["__proto__"]: "y" });
    expect(contentOfFile()).toEqual(content(list, { toString: "x", ["__proto__"]: "y" }));
  });

  it("read and write views of shared memory", () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const data = new Float32Array(memory.buffer, 64, 3);
    data.set([1, 2, 3]);
    writeSafetensors(path, [{ name: "view", shape: [3], data }], {});
    expect(readSafetensors(path).tensors.get("view")?.data).toEqual(Float32Array.of(1, 2, 3));
  });

  it("keep the order of the tensors and take them from any iterable", () => {
    function* parameters() {
      for (const name of ["b", "a", "c"]) yield { name, shape: [1], data: Float32Array.of(1) };
    }
    writeSafetensors(path, parameters(), {});
    expect([...readSafetensors(path).tensors.keys()]).toEqual(["b", "a", "c"]);
  });

  it("lay the file out as the format says, the same bytes every time", () => {
    // The checksums were computed with Python's zlib.crc32.
    writeSafetensors(path, [{ name: "w", shape: [2], data: Float32Array.of(1, 2) }], { a: "b" });
    const bytes = readFileSync(path);
    const headerLength = Number(bytes.readBigUInt64LE());
    const text = bytes.toString("utf8", 8, 8 + headerLength);
    expect(text).toBe(
      '{"__metadata__":{"a":"b","xformer.data_crc32":"2e3fa576","xformer.header_crc32":"9d57e4fa"},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'.padEnd(
        headerLength,
      ),
    );
    expect(headerLength % 8).toBe(0);
    expect(bytes.subarray(8 + headerLength).toString("hex")).toBe("0000803f00000040");
  });

  it("refuse tensors that no reader could make sense of", () => {
    const one = { name: "w", shape: [1], data: Float32Array.of(1) };
    expect(() => writeSafetensors(path, [one, one], {})).toThrow(new RangeError("two tensors named w"));
    expect(() => writeSafetensors(path, [{ ...one, shape: [2, 3] }], {})).toThrow(
      new RangeError("tensor w of shape [2, 3] has 1 values"),
    );
  });

  it("explain a missing file, a directory and a place that cannot be written", () => {
    const missing = join(directory, "missing", "x.safetensors");
    const noSuchFile = `${missing}: no such file or directory. Check the path.`;
    expect(oneLine(() => readSafetensors(missing))).toBe(noSuchFile);
    expect(oneLine(() => writeSafetensors(missing, tensors, {}))).toBe(noSuchFile);
    expect(oneLine(() => readSafetensors(directory))).toBe(
      `${directory}: this is a directory, a file is needed. Name a file inside it.`,
    );
  });
});

describe("readSafetensorsHeader", () => {
  it("tells names, shapes, places and metadata without the data", () => {
    writeSafetensors(path, tensors, metadata);
    const header = readSafetensorsHeader(path);
    expect([...header.tensors]).toEqual([
      ["weight", { dtype: "F32", shape: [2, 3], begin: 0, end: 24 }],
      ["bias", { dtype: "F32", shape: [1], begin: 24, end: 28 }],
    ]);
    expect(header.metadata).toEqual(metadata);
  });
});

describe("a damaged file", () => {
  it("is noticed whichever single bit was flipped, or means exactly what it meant", () => {
    writeSafetensors(path, tensors, metadata);
    const whole = readFileSync(path);
    const expected = contentOfFile();
    let noticed = 0;
    const descriptor = openSync(path, "r+");
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const byte = bit >> 3;
      writeSync(descriptor, Uint8Array.of(whole[byte]! ^ (1 << (bit & 7))), 0, 1, byte);
      try {
        expect(contentOfFile(), `bit ${bit}`).toEqual(expected);
      } catch (error) {
        if (!(error instanceof XformerError)) throw error;
        expect(error.code).toBe("CHECKPOINT");
        expect(error.file).toBe(path);
        noticed++;
      }
      writeSync(descriptor, whole, byte, 1, byte);
    }
    closeSync(descriptor);
    expect(contentOfFile()).toEqual(expected);
    // The exception: \u001f and \u001F are the same character to JSON.
    expect(whole.length * 8 - noticed).toBeLessThanOrEqual(1);
  });

  it("is noticed wherever it was cut off or grew", () => {
    writeSafetensors(path, tensors, metadata);
    const whole = readFileSync(path);
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(path, whole.subarray(0, length));
      expect(readError()).not.toBe("no error");
    }
    writeFileSync(path, whole.subarray(0, -7));
    expect(readError()).toBe(`the file is cut off: 7 bytes missing at its end. ${DAMAGED}`);
    writeFileSync(path, Buffer.concat([whole, Buffer.alloc(1)]));
    expect(readError()).toBe(`1 byte too many at the end of the file. ${DAMAGED}`);
    writeFileSync(path, whole.subarray(0, 7));
    expect(readError()).toBe(`the file is too short to be a checkpoint: 7 bytes. ${DAMAGED}`);
    writeFileSync(path, whole.subarray(0, 108));
    const headerLength = whole.readBigUInt64LE();
    expect(readError()).toBe(
      `the header should have ${headerLength} bytes, but the file has only 100 more. ${DAMAGED}`,
    );
    writeFileSync(path, "");
    expect(readError()).toBe(`the file is empty. ${DAMAGED}`);
  });

  it("names the part whose checksum does not match", () => {
    writeSafetensors(path, tensors, metadata);
    const whole = readFileSync(path);
    const lastByte = Buffer.from(whole);
    lastByte[lastByte.length - 1]! ^= 1;
    writeFileSync(path, lastByte);
    expect(oneLine(() => readSafetensors(path))).toBe(
      `${path}: the checksum of the data does not match. ${EDITED}`,
    );
    const replaced = (from: string, to: string) => {
      writeFileSync(path, Buffer.from(whole.toString("latin1").replace(from, to), "latin1"));
      return readError();
    };
    expect(replaced("weight", "weighu")).toBe(`the checksum of the header does not match. ${EDITED}`);
    expect(replaced("64", "65")).toBe(`the checksum of the header does not match. ${EDITED}`);
    const oneMissing = `of xformer.data_crc32 and xformer.header_crc32 in the metadata one is missing. ${DAMAGED}`;
    expect(replaced("data_crc32", "data_crc33")).toBe(oneMissing);
    expect(replaced("header_crc32", "header_crc33")).toBe(oneMissing);
  });
});

describe("a file from another program", () => {
  const four = new Uint8Array(4);
  const entry = (shape: unknown, begin: unknown, end: unknown, dtype: unknown = "F32") => ({
    dtype,
    shape,
    data_offsets: [begin, end],
  });

  it("loads without checksums and metadata, at any alignment and in any order", () => {
    writeForeign(
      { b: entry([], 4, 8), none: entry([0, 3], 4, 4), a: entry([1], 0, 4) },
      new Uint8Array(8).fill(1),
    );
    const file = readSafetensors(path);
    expect([...file.tensors.keys()]).toEqual(["a", "none", "b"]);
    expect(file.metadata).toEqual({});
    writeForeign('{"__metadata__" : {"format":"pt"} }  \n');
    expect(readSafetensors(path).metadata).toEqual({ format: "pt" });
  });

  it.each<[name: string, bytes: string]>([
    ["text", "This is a README, not a checkpoint.\n"],
    ["JSON", '{"model": "this is not it"}\n'],
    ["a zip archive", "PK\x03\x04\x00\x00\x08\x08\x00\x00\x00\x00\x00\x00"],
    ["zeros", "\0".repeat(64)],
  ])("that is %s is told from a checkpoint", (_, bytes) => {
    writeFileSync(path, bytes);
    expect(readError()).toBe("this is not a safetensors file. Name a checkpoint written by xformer.");
  });

  it.each<[problem: string, header: unknown]>([
    ["the header is not valid JSON", "{"],
    ["the header is not valid JSON", '{"a":1}x'],
    ["__metadata__ is not an object of strings", { __metadata__: { epoch: 3 } }],
    ["__metadata__ is not an object of strings", { __metadata__: [] }],
    ["the header has two entries named a", '{"a":{}, "a" :{}}'],
    ['the header has two entries named "}', '{"__metadata__":{"\\"}":"{","\\u0022}":""}}'],
    ["the entry of tensor a is not an object", { a: 1 }],
    ["the entry of tensor a is not an object", { a: null }],
    ["tensor a has no dtype", { a: { shape: [1], data_offsets: [0, 4] } }],
    ["the shape of tensor a is not a list of sizes", { a: entry([-1], 0, 4) }],
    ["the shape of tensor a is not a list of sizes", { a: entry([1.5], 0, 4) }],
    ["the shape of tensor a is not a list of sizes", { a: entry("1", 0, 4) }],
    ["the data_offsets of tensor a are not a list of offsets", { a: entry([1], 0, 2 ** 60) }],
    ["the data_offsets of tensor a are not [begin, end]", { a: entry([1], 4, 0) }],
    [
      "the data_offsets of tensor a are not [begin, end]",
      { a: { dtype: "F32", shape: [1], data_offsets: [0] } },
    ],
    ["tensor a of shape [2, 3] needs 24 bytes, but has 4", { a: entry([2, 3], 0, 4) }],
    ["there is a hole of 4 bytes before tensor a", { a: entry([1], 4, 8) }],
    ["tensor b overlaps the one before it by 1 byte", { a: entry([1], 0, 4), b: entry([1], 3, 7) }],
    ["the file is cut off: 4 bytes missing at its end", { a: entry([2], 0, 8) }],
    ["4 bytes too many at the end of the file", {}],
  ])("%s: %j", (problem, header) => {
    writeForeign(header, four);
    expect(readError()).toBe(`${problem}. ${DAMAGED}`);
  });

  it("that has another dtype names the tensor and the dtype", () => {
    writeForeign({ scale: entry([2], 0, 4, "BF16") }, four);
    expect(readError()).toBe(
      "tensor scale is BF16, but only F32 can be read. Convert the tensors to 32-bit floats before saving them.",
    );
  });

  it("whose header is not UTF-8, or larger than the format allows, is refused", () => {
    writeFileSync(path, Buffer.from([4, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0xff, 0xff, 0x7d]));
    expect(readError()).toBe(`the header is not valid UTF-8. ${DAMAGED}`);
    writeFileSync(path, Buffer.from([0, 0, 0, 0, 0, 0, 0, 0x80, 0x7b, 0x7d]));
    expect(readError()).toBe(
      `the header should have 9223372036854775808 bytes, but the file has only 2 more. ${DAMAGED}`,
    );
  });

  it("leaves no temporary file behind", () => {
    expect(readdirSync(dirname(path))).toEqual(["model.safetensors"]);
  });
});
