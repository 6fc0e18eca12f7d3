import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { XformerError } from "../errors.ts";
import type { Kernels } from "./kernels.ts";

/** The builds of the kernels: `relaxed` fuses multiplication and addition, `strict` rounds twice. */
export type KernelBuild = "strict" | "relaxed";

/**
 * A module with one function of type () -> v128 whose body is f32x4.relaxed_madd(0, 0, 0): it validates only
 * where relaxed SIMD is on (WebAssembly relaxed SIMD proposal, opcode 0xfd 0x105).
 */
const RELAXED_SIMD_PROBE = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // magic, version
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b], // type 0: () -> v128
  ...[0x03, 0x02, 0x01, 0x00], // function 0 has type 0
  ...[0x0a, 0x13, 0x01, 0x11, 0x00], // code: one body, 17 bytes, no locals
  ...[0x41, 0x00, 0xfd, 0x0f, 0x41, 0x00, 0xfd, 0x0f, 0x41, 0x00, 0xfd, 0x0f], // three times i8x16.splat(0)
  ...[0xfd, 0x85, 0x02, 0x0b], // f32x4.relaxed_madd, end
);

/**
 * Whether this Node can run the relaxed build; switches the feature on where it is still behind a flag.
 *
 * @public the benchmarks use it
 */
export function supportsRelaxedSimd(): boolean {
  if (WebAssembly.validate(RELAXED_SIMD_PROBE)) return true;
  setFlagsFromString("--experimental-wasm-relaxed-simd");
  return WebAssembly.validate(RELAXED_SIMD_PROBE);
}

/** The fastest build that runs here, unless XFORMER_KERNELS names one. */
export function preferredBuild(): KernelBuild {
  const wish = process.env.XFORMER_KERNELS;
  if (wish !== undefined && wish !== "" && wish !== "strict" && wish !== "relaxed") {
    throw new XformerError("USAGE", `XFORMER_KERNELS is "${wish}"`, { hint: "Set it to strict or relaxed." });
  }
  if (wish === "strict") return "strict";
  if (supportsRelaxedSimd()) return "relaxed";
  if (wish === "relaxed") {
    throw new XformerError("USAGE", "this Node has no relaxed SIMD", { hint: "Unset XFORMER_KERNELS." });
  }
  return "strict";
}

/**
 * Compiles a build of the kernels; a compiled module can be sent to other threads.
 *
 * @throws XformerError when the package is not built
 */
export function compileKernels(build: KernelBuild): WebAssembly.Module {
  const file = new URL(`../../dist/kernels/${build}.wasm`, import.meta.url);
  if (build === "relaxed") supportsRelaxedSimd(); // each thread has to switch the feature on for itself
  try {
    return new WebAssembly.Module(readFileSync(file));
  } catch (cause) {
    throw new XformerError("IO", "the kernels are not built", {
      file: file.pathname,
      hint: "Run `npm run build` in the folder of xformer.",
      cause,
    });
  }
}

/** Makes the kernels of a compiled build work on a memory. */
export function instantiateKernels(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels;
}
