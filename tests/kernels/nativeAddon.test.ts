import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { loadNative, type NativeAddon } from "../../src/kernels/native.ts";

import { temporaryDirectory } from "../io/temporaryDirectory.ts";

/** Kernels that take any number for a pointer: what is wrong with it is theirs to say. */
type Kernels = Record<keyof ReturnType<NativeAddon["bind"]>, (...numbers: number[]) => unknown>;

const PAGE = 65_536;
const addon = loadNative();
const checked = loadNative("xformer-checked");

function newMemory(pages: number, maximum = pages): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: pages, maximum, shared: true });
}

/** A folder that looks like an installed package with an addon of these bytes, sealed or not. */
function packageWith(folder: string, bytes: Uint8Array, seal: "sealed" | "unsealed"): URL {
  const root = temporaryDirectory();
  const to = join(root, folder);
  mkdirSync(to, { recursive: true });
  writeFileSync(join(to, "xformer.node"), bytes);
  const sha256 = createHash("sha256")
    .update(seal === "sealed" ? bytes : "other bytes")
    .digest("hex");
  writeFileSync(join(to, "xformer.json"), JSON.stringify({ sha256 }));
  return pathToFileURL(`${root}/`);
}

/** The bytes with a text replaced by another of the same length, wherever it stands. */
function patched(bytes: Uint8Array, from: string, to: string): Uint8Array {
  const buffer = Buffer.from(bytes);
  for (let at = buffer.indexOf(from); at !== -1; at = buffer.indexOf(from, at))
    buffer.write(to, at, "latin1");
  return buffer;
}

function reasonFor(root: URL): string {
  const result = loadNative("xformer", root);
  if (!("missing" in result)) throw new Error(`${result.file} was loaded`);
  expect(result.missing).not.toContain("\n");
  return result.missing;
}

it("says that there is no addon where there is none", () => {
  const root = pathToFileURL(`${temporaryDirectory()}/`);
  expect(reasonFor(root)).toBe(`there is none for ${process.platform}-${process.arch}, and none was built`);
});

describe.skipIf("missing" in addon)("native addon", () => {
  const { file, levels, level, bind } = addon as NativeAddon;
  // Where there is no addon, this is not run but still read.
  const bytes = file === undefined ? Buffer.alloc(0) : readFileSync(file);

  it("names its levels, the best first, and takes the best", () => {
    expect(levels.length).toBeGreaterThan(0);
    expect(level).toBe(process.env.XFORMER_NATIVE_LEVEL ?? levels[0]);
    expect(() => bind(newMemory(1), "sse2")).toThrow("this processor has no such level");
  });

  it("is found among the prebuilt ones", () => {
    const folder = `prebuilds/${process.platform}-${process.arch}`;
    expect(loadNative("xformer", packageWith(folder, bytes, "sealed"))).toMatchObject({ levels });
  });

  it.each([
    ["half a file", () => bytes.subarray(0, bytes.length / 2), "unsealed", "is damaged"],
    ["no addon at all", () => Buffer.from("not an addon"), "sealed", ""],
    [
      "a function that this Node has not",
      () => patched(bytes, "napi_create_object", "napi_create_0bject"),
      "sealed",
      "",
    ],
  ] as const)("%s: a reason in a line, and no crash", (_, content, seal, reason) => {
    expect(reasonFor(packageWith("dist/kernels/native", content(), seal))).toContain(reason);
  });

  it("an addon without its seal, or of another version, is not used", () => {
    const root = packageWith("dist/kernels/native", bytes, "sealed");
    writeFileSync(new URL("dist/kernels/native/xformer.json", root), "{");
    expect(reasonFor(root)).toContain("JSON");
  });

  it.runIf(process.platform === "linux")("an addon for another processor: a reason in a line", () => {
    const other = Buffer.from(bytes);
    other.writeUInt16LE(process.arch === "arm64" ? 62 : 183, 18); // e_machine of an ELF file
    expect(reasonFor(packageWith("dist/kernels/native", other, "sealed"))).not.toBe("");
  });

  it("several memories at a time, each with its own kernels", () => {
    const memories = [newMemory(1), newMemory(2), newMemory(1)];
    const kernels = memories.map((memory) => bind(memory) as unknown as Kernels);
    memories.forEach((memory, i) => {
      new Float32Array(memory.buffer).fill(i + 1, 16, 32);
    });
    for (const { add } of kernels) add(64, 128 - 64, 16); // also as a function that has left its object
    expect(memories.map((memory) => new Float32Array(memory.buffer)[16])).toEqual([2, 4, 6]);
  });

  it("a memory that grows stays where it is", () => {
    const memory = newMemory(1, 100);
    const kernels = bind(memory) as unknown as Kernels;
    memory.grow(99);
    const at = 80 * PAGE;
    new Float32Array(memory.buffer).fill(2, at / 4, at / 4 + 8);
    kernels.add(at, at, 8);
    expect(new Float32Array(memory.buffer)[at / 4]).toBe(4);
  });

  it("many threads over one memory", async () => {
    const memory = newMemory(4);
    const floats = new Float32Array(memory.buffer);
    floats.fill(1, PAGE / 4);
    const threads = 4;
    const source = `
      const { parentPort, workerData } = require("node:worker_threads");
      const addon = { exports: {} };
      process.dlopen(addon, workerData.file);
      const { add } = addon.exports.bind(new Uint8Array(workerData.memory.buffer));
      const from = 65536 + 4096 * workerData.i;
      for (let round = 0; round < 20; round++) add(from, from, 1024);
      parentPort.postMessage("done");`;
    const ends = Array.from({ length: threads }, (_, i) => {
      const worker = new Worker(source, { eval: true, workerData: { file, memory, i } });
      return new Promise((resolve, reject) => {
        worker.on("exit", resolve).on("error", reject);
      });
    });
    expect(await Promise.all(ends)).toEqual([0, 0, 0, 0]);
    const worked = floats.subarray(PAGE / 4, PAGE / 4 + 1024 * threads);
    expect(worked.every((x) => x === 2 ** 20)).toBe(true);
    expect(floats[PAGE / 4 + 1024 * threads]).toBe(1);
  });
});

describe.skipIf("missing" in checked)("native addon, checked build", () => {
  const bind = (memory: WebAssembly.Memory) => (checked as NativeAddon).bind(memory) as unknown as Kernels;
  const outside: Record<string, (kernels: Kernels) => void> = {
    'gemm: "c"': (kernels) => kernels.gemm(PAGE - 4, 8, 64, 8, 0, 1024, 8, 8, 8, 8, 0, 0, 0, 8192),
    'gemm: "a"': (kernels) => kernels.gemm(64, 8, 64, 1 << 20, 0, 1024, 8, 8, 8, 8, 0, 0, 0, 8192),
    'gemm: "packed"': (kernels) => kernels.gemm(64, 8, 64, 8, 0, 1024, 1 << 20, 8, 8, 8, 0, 0, 0, 8192),
    'gemm: "workspace"': (kernels) => kernels.gemm(64, 8, 64, 8, 0, 1024, 8, 8, 8, 8, 0, 0, 0, 0),
    'packB: "b"': (kernels) => kernels.packB(64, 64, 8, 0, 8, -1),
    'clear: "x"': (kernels) => kernels.clear(PAGE - 8, 3),
    'copy: "y"': (kernels) => kernels.copy(0xffff_fff0, 64, 4),
    'add: "x"': (kernels) => kernels.add(64, 66, 4),
    'softmax: "x"': (kernels) => kernels.softmax(64, 1 << 16, 1 << 16),
  };

  it.each(Object.entries(outside))("%s out of bounds is an error", (message, call) => {
    const kernels = bind(newMemory(1));
    expect(() => call(kernels)).toThrow(RangeError);
    expect(() => call(kernels)).toThrow(`${message} is not within the memory of 65536 bytes`);
  });

  it("an index out of bounds is an error", () => {
    const memory = newMemory(1);
    const kernels = bind(memory);
    new Int32Array(memory.buffer).set([1, 70_000], 16);
    expect(() => kernels.embeddingBackward(1024, 512, 64, 2, 4, 1)).toThrow('"dTable" is not within');
    new Int32Array(memory.buffer).set([0, 5, 3], 16);
    expect(() =>
      kernels.attentionForward(
        ...([1024, 512, 1024, 4, 1024, 1024, 4, 64, 64, 68, 2, 1, 4, 0] as const),
        ...([0, 0, 0, 0, 2048] as const),
      ),
    ).toThrow('attentionForward: "queryOffsets" is not within');
  });

  it("what lies in a memory that has grown is within it", () => {
    const memory = newMemory(1, 10);
    const kernels = bind(memory);
    expect(() => kernels.clear(5 * PAGE, 16)).toThrow(RangeError);
    memory.grow(9);
    kernels.clear(5 * PAGE, 16);
    expect(() => kernels.clear(10 * PAGE, 16)).toThrow("the memory of 655360 bytes");
  });
});
