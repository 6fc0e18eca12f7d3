import type { KernelSetName } from "../kernels/kernels.ts";
import { apart, type Block, line, table, toned } from "./document.ts";
import { bytes } from "./format.ts";

/** What a machine has to compute with. */
export interface Diagnosis {
  readonly node: string;
  readonly platform: string;
  readonly processor: string;
  /** The vector instructions of the processor, as far as they can be told. */
  readonly vectors: readonly string[];
  readonly threads: number;
  /** In bytes. */
  readonly memory: { readonly total: number; readonly free: number };
  /** The sets of kernels, the fastest first. */
  readonly kernels: readonly DiagnosedKernels[];
  /** Which of them is used. */
  readonly chosen: KernelSetName;
  /** Whether its results are those of other machines, byte for byte: multiplication and addition are fused. */
  readonly fused: boolean;
  /** How to get faster ones, if there is a way. */
  readonly advice: string | undefined;
}

/** A set of kernels, as a machine has it. */
export interface DiagnosedKernels {
  readonly name: KernelSetName;
  /** In words: native AVX2. */
  readonly label: string;
  /** Billions of floating-point operations a second of a matrix product on one thread; null where it does not run. */
  readonly gflops: number | null;
  /** Why it does not run. */
  readonly missing: string | null;
}

/** A diagnosis for people. */
export function doctorDocument(diagnosis: Diagnosis): Block[] {
  const { node, platform, processor, vectors, threads, memory, kernels, chosen, fused, advice } = diagnosis;
  const used = kernels.find(({ name }) => name === chosen)!;
  return apart(
    [
      table([
        ["Node", `${node}, ${platform}`],
        ["processor", processor],
        ["vectors", vectors.length === 0 ? "this system does not say" : vectors.join(", ")],
        ["threads", String(threads)],
        ["memory", `${bytes(memory.total)}, ${bytes(memory.free)} of it free`],
      ]),
    ],
    [
      { kind: "heading", text: "Kernels" },
      table(
        kernels.map(({ name, label, gflops, missing }) => [
          name === chosen ? toned("good", label) : label,
          gflops === null ? "" : `${gflops.toFixed(1)} GFLOP/s`,
          missing ?? (name === chosen ? "used" : ""),
        ]),
        [1],
      ),
      line(toned("dim", "  a matrix product on one thread that stays in the caches")),
    ],
    [
      line(
        fused
          ? "Results are the same bytes on every machine with fused multiply-add, native or WebAssembly."
          : `Results of the ${used.label} kernels are their own: most machines fuse multiplication and addition, these round twice.`,
      ),
      ...(advice === undefined ? [] : [line(advice)]),
    ],
  );
}
