import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { XformerError } from "../errors.ts";
import { packageFile } from "../io/packageFiles.ts";
import { KERNEL_SETS, type KernelSet, type KernelSetName } from "./kernels.ts";
import { loadNative } from "./native.ts";
import { REFERENCE } from "./reference/index.ts";
import { supportsRelaxedSimd, webAssemblySet } from "./webAssemblySet.ts";

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

/** Which kernels compute, and what has to be said about that. */
export interface KernelChoice {
  readonly name: KernelSetName;
  /** Why faster ones that are there cannot be used. */
  readonly warning?: string;
}

/**
 * The fastest kernels that run here, or those that are asked for.
 *
 * @param wish by default what XFORMER_KERNELS says
 * @throws XformerError USAGE when there are none of that name, or they do not run here
 */
export function chooseKernels(wish: string | undefined = process.env.XFORMER_KERNELS): KernelChoice {
  if (wish === undefined || wish === "") return fastest();
  const name = KERNEL_SETS.find((known) => known === wish);
  if (name === undefined) {
    throw new XformerError("USAGE", `there are no kernels "${wish}"`, {
      hint: `Choose ${KERNEL_SETS.join(", ")}.`,
    });
  }
  const missing = whyMissing(name);
  if (missing === undefined) return { name };
  throw new XformerError("USAGE", `the ${name} kernels do not run here: ${missing}`, {
    hint: "`xformer doctor` says which do.",
  });
}

function fastest(): KernelChoice {
  const native = loadNative();
  if (!("missing" in native)) return { name: "native" };
  const name = allowsRelaxedSimd() ? "relaxed" : "strict";
  return native.found ? { name, warning: `the native kernels cannot be used: ${native.missing}` } : { name };
}

/** Why a set of kernels cannot be used here; undefined when it can. */
export function whyMissing(name: KernelSetName): string | undefined {
  if (name === "relaxed") return allowsRelaxedSimd() ? undefined : "this Node has no relaxed SIMD";
  if (name !== "native") return undefined;
  const native = loadNative();
  return "missing" in native ? native.missing : undefined;
}

/**
 * Loads a set of kernels.
 *
 * @param shared whether they are to work on a memory that threads share; the native ones need that
 * @throws XformerError when the package is not built
 */
export function loadKernels(name: KernelSetName, shared = true): KernelSet {
  if (name === "reference") return REFERENCE;
  if (name === "native") return nativeSet();
  const file = packageFile(`dist/kernels/${name}${shared ? "" : ".unshared"}.wasm`);
  if (name === "relaxed") allowsRelaxedSimd(); // each thread has to switch the feature on for itself
  try {
    return webAssemblySet(name, readFileSync(file));
  } catch (cause) {
    throw new XformerError("IO", "the kernels are not built", {
      file: fileURLToPath(file),
      hint: "Run `npm run build` in the folder of xformer.",
      cause,
    });
  }
}

/** What people call the levels of the native kernels. */
const LEVELS: Readonly<Record<string, string>> = { avx512: "AVX-512", avx2: "AVX2", neon: "NEON" };

function nativeSet(): KernelSet {
  const addon = loadNative();
  if ("missing" in addon) {
    throw new XformerError("IO", `the native kernels cannot be loaded: ${addon.missing}`, {
      hint: "`xformer doctor` says more.",
    });
  }
  const level = LEVELS[addon.level] ?? addon.level;
  return { name: "native", level, instantiate: (memory) => addon.bind(memory) };
}
