import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import { packageFile } from "../io/packageFiles.ts";
import type { Kernels } from "./kernels.ts";

/** Kernels of the machine's own instructions, in an addon for Node. */
export interface NativeAddon {
  /** The file it was loaded from. */
  readonly file: string;
  /** The levels that this processor has, the best first: `avx512`, `avx2`, `neon`. */
  readonly levels: readonly string[];
  /** The level that is used: the best, or what XFORMER_NATIVE_LEVEL names. */
  readonly level: string;
  /** Makes the kernels work on a memory; it has to be shared, so that it stays where it is when it grows. */
  bind(memory: WebAssembly.Memory, level?: string): NativeKernels;
}

interface NativeKernels extends Kernels {
  /**
   * Multiplies and adds in registers for so many rounds: what the processor can do at most.
   *
   * @returns the floating-point operations of a round
   */
  multiplyAddRounds(rounds: number): number;
}

/** Why there is no addon, in half a sentence. */
export interface MissingAddon {
  readonly missing: string;
  /** Whether there is a file, which does not load. */
  readonly found: boolean;
}

/** What is built of the addon: `xformer`, and for tests one that checks bounds and one under sanitizers. */
export type NativeBuild = "xformer" | "xformer-checked" | "xformer-sanitized";

/** What the addon exports: see `native/addon.cpp`. */
interface Exports {
  readonly version: number;
  levels(): string[];
  bind(bytes: Uint8Array, level: string, refresh: () => Uint8Array): NativeKernels;
}

const PLATFORM = `${process.platform}-${process.arch}`;
/** Where an addon may lie in it, in the order of preference; of the two C libraries of Linux only one loads its own. */
const FOLDERS = ["dist/kernels/native", `prebuilds/${PLATFORM}`, `prebuilds/${PLATFORM}-musl`];

/** The version of the exports that this file knows. */
const VERSION = 2;

/**
 * Loads the addon: the one that was built in this checkout, else the one that came with the package. Where that does not
 * work (another processor, another C library, half a file), the reason is the result.
 *
 * @param root the folder of the package
 * @param folders where to look in it
 */
export function loadNative(
  build: NativeBuild = "xformer",
  root = packageFile(""),
  folders = FOLDERS,
): NativeAddon | MissingAddon {
  const files = folders
    .map((folder) => fileURLToPath(new URL(`${folder}/${build}.node`, root)))
    .filter((file) => existsSync(file) && existsSync(sealOf(file)));
  let missing = `there is none for ${PLATFORM}, and none was built`;
  for (const [i, file] of files.entries()) {
    try {
      return open(file);
    } catch (error) {
      const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
      if (i === 0) missing = `${reason}`;
    }
  }
  return { missing, found: files.length > 0 };
}

function open(file: string): NativeAddon {
  checkSeal(file);
  const module = { exports: {} as Exports };
  process.dlopen(module, file, constants.dlopen?.RTLD_NOW ?? 0);
  const { version, levels, bind } = module.exports;
  if (version !== VERSION) throw new Error(`${file} is of version ${version}, not ${VERSION}`);
  const all = levels();
  const wish = process.env.XFORMER_NATIVE_LEVEL || all[0];
  const level = all.find((name) => name === wish);
  if (level === undefined) {
    throw new Error(
      all.length === 0 ? "the processor has no vectors that it knows" : `the processor has no ${wish}`,
    );
  }
  return {
    file,
    levels: all,
    level,
    bind: (memory, chosen = level) => {
      const bytes = () => new Uint8Array(memory.buffer);
      return bind(bytes(), chosen, bytes);
    },
  };
}

/** Where the hash of an addon lies. */
function sealOf(file: string): string {
  return file.replace(/node$/, "json");
}

/** Half an addon may take the process down when it is loaded: so its hash, which lies beside it, is compared first. */
function checkSeal(file: string): void {
  const { sha256 } = JSON.parse(readFileSync(sealOf(file), "utf8")) as { sha256: string };
  const found = createHash("sha256").update(readFileSync(file)).digest("hex");
  if (found !== sha256) throw new Error(`${file} is damaged`);
}
