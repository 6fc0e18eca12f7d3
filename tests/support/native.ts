import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, it } from "vitest";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { loadNative, type NativeBuild } from "../../src/kernels/native.ts";

/** Native kernels that can run here. */
interface NativeSet {
  readonly name: string;
  /** How many of the usual random cases there is time for. */
  readonly share: number;
  bind(memory: WebAssembly.Memory): Kernels;
}

const EMULATOR = "qemu-aarch64-static";
const CROSS_COMPILER = "aarch64-linux-gnu-g++";

/**
 * The levels of the addon that this processor has; and AArch64's, where a cross compiler and an emulator are installed.
 * The addon is the checked build, of the same kernels, which throws where a call would leave the memory; under sanitizers
 * XFORMER_NATIVE_BUILD names the one that is loaded with them.
 */
export const NATIVE_SETS: readonly NativeSet[] = [...levelsOfAddon(), ...emulated()];

function levelsOfAddon(): NativeSet[] {
  const addon = loadNative((process.env.XFORMER_NATIVE_BUILD ?? "xformer-checked") as NativeBuild);
  if ("missing" in addon) {
    describe.skip(`native kernels: ${addon.missing}`, () => it("is skipped"));
    return [];
  }
  return addon.levels.map((level) => ({
    name: level,
    share: 1,
    bind: (memory) => addon.bind(memory, level),
  }));
}

function emulated(): NativeSet[] {
  const missing = [EMULATOR, CROSS_COMPILER].find(
    (command) => spawnSync(command, ["--version"], { stdio: "ignore" }).status !== 0,
  );
  if (missing !== undefined) {
    describe.skip(`native kernels of AArch64: there is no ${missing}`, () => it("is skipped"));
    return [];
  }
  const script = fileURLToPath(new URL("../../scripts/buildNative.mjs", import.meta.url));
  const env = { ...process.env, CXX: CROSS_COMPILER };
  const program = execFileSync(process.execPath, [script, "--program"], { env, encoding: "utf8" }).trim();
  return [{ name: "neon, emulated", share: 0.05, bind: (memory) => runEach(program, memory) }];
}

/** Kernels that run a program for every call, with the memory in a file. */
function runEach(program: string, memory: WebAssembly.Memory): Kernels {
  const call = (kernel: string, parameters: number[]): number | undefined => {
    const folder = mkdtempSync(join(tmpdir(), "xformer-native-"));
    const file = join(folder, "memory");
    try {
      const bytes = new Uint8Array(memory.buffer);
      writeFileSync(file, bytes);
      const printed = execFileSync(EMULATOR, [program, file, kernel, ...parameters.map(String)]);
      bytes.set(readFileSync(file));
      return printed.length === 0 ? undefined : Number(printed.toString().replace("inf", "Infinity"));
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  const kernels = {};
  return new Proxy(kernels, {
    get:
      (_, kernel: string) =>
      (...parameters: number[]) =>
        call(kernel, parameters),
  }) as Kernels;
}
