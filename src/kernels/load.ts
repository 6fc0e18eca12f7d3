import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { XformerError } from "../errors.ts";
import type { KernelSet } from "./kernels.ts";
import { supportsRelaxedSimd, webAssemblySet } from "./webAssemblySet.ts";

/** The WebAssembly builds of the kernels: `relaxed` fuses multiplication and addition, `strict` rounds twice. */
export type KernelBuild = "strict" | "relaxed";

/**
 * Whether this Node can run the relaxed build; switches the feature on where it is still behind a flag.
 *
 * @public the benchmarks use it
 */
export function allowsRelaxedSimd(): boolean {
  if (supportsRelaxedSimd()) return true;
  setFlagsFromString("--experimental-wasm-relaxed-simd");
  return supportsRelaxedSimd();
}

/** The fastest build that runs here, unless XFORMER_KERNELS names one. */
export function preferredBuild(): KernelBuild {
  const wish = process.env.XFORMER_KERNELS;
  if (wish !== undefined && wish !== "" && wish !== "strict" && wish !== "relaxed") {
    throw new XformerError("USAGE", `XFORMER_KERNELS is "${wish}"`, { hint: "Set it to strict or relaxed." });
  }
  if (wish === "strict") return "strict";
  if (allowsRelaxedSimd()) return "relaxed";
  if (wish === "relaxed") {
    throw new XformerError("USAGE", "this Node has no relaxed SIMD", { hint: "Unset XFORMER_KERNELS." });
  }
  return "strict";
}

/**
 * Loads a build of the kernels from the package.
 *
 * @param shared whether they are to work on a memory that threads share
 * @throws XformerError when the package is not built
 */
export function loadKernels(build: KernelBuild, shared = true): KernelSet {
  const file = new URL(`../../dist/kernels/${build}${shared ? "" : ".unshared"}.wasm`, import.meta.url);
  if (build === "relaxed") allowsRelaxedSimd(); // each thread has to switch the feature on for itself
  try {
    return webAssemblySet(build, readFileSync(file));
  } catch (cause) {
    throw new XformerError("IO", "the kernels are not built", {
      file: file.pathname,
      hint: "Run `npm run build` in the folder of xformer.",
      cause,
    });
  }
}
