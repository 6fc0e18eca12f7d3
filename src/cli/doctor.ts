import type { Command } from "commander";
import type { KernelSetName } from "../kernels/kernels.ts";
import type { DiagnosedKernels, Diagnosis } from "../report/doctor.ts";
import { EXIT, type ExitCode, type Run } from "./exit.ts";
import { debugOption } from "./options.ts";

/** How long each set of kernels is measured, in seconds. */
const SECONDS = 0.5;

/** Adds `xformer doctor`. */
export function addDoctor(program: Command, run: Run): void {
  program
    .command("doctor")
    .description("say what this machine computes with, how fast that is, and what would be faster")
    .option("--json", "one JSON object on stdout")
    .addOption(debugOption())
    .addHelpText(
      "after",
      `
Examples:
  $ npx xformer doctor
  $ XFORMER_KERNELS=relaxed npx xformer doctor --json`,
    )
    .action(run(doctor));
}

async function doctor(flags: { readonly json?: boolean }): Promise<ExitCode> {
  const [{ doctorDocument }, { canvasFor, render }, { jsonLines, print }] = await Promise.all([
    import("../report/doctor.ts"),
    import("./ui/render.ts"),
    import("./ui/terminal.ts"),
  ]);
  const found = await diagnose();
  await print(flags.json ? jsonLines(found) : render(doctorDocument(found), canvasFor(process.stdout)));
  return EXIT.done;
}

async function diagnose(): Promise<Diagnosis> {
  const [os, { KERNEL_SETS }, { chooseKernels, whyMissing }] = await Promise.all([
    import("node:os"),
    import("../kernels/kernels.ts"),
    import("../kernels/load.ts"),
  ]);
  const kernels: DiagnosedKernels[] = [];
  for (const name of KERNEL_SETS) {
    const missing = whyMissing(name);
    kernels.push(missing === undefined ? await measured(name) : { name, label: name, gflops: null, missing });
  }
  const chosen = chooseKernels().name;
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    processor: os.cpus()[0]?.model.trim() ?? "unknown",
    vectors: await vectors(),
    threads: os.availableParallelism(),
    memory: { total: os.totalmem(), free: os.freemem() },
    kernels,
    chosen,
    fused: chosen === "native" || chosen === "relaxed",
    advice: adviceFor(chosen, kernels),
  };
}

async function measured(name: KernelSetName): Promise<DiagnosedKernels> {
  const [{ bindKernels, describeKernels }, { loadKernels }, { Heap }, { productSpeed }] = await Promise.all([
    import("../kernels/kernels.ts"),
    import("../kernels/load.ts"),
    import("../tensor/heap.ts"),
    import("../tensor/profile.ts"),
  ]);
  const set = loadKernels(name);
  const heap = Heap.shared();
  const gflops = productSpeed(bindKernels(set, heap.wasm), heap, SECONDS);
  return { name, label: describeKernels(set), gflops, missing: null };
}

/** Names of vector instructions as Linux lists them, the widest first, and as people know them. */
const VECTORS: Readonly<Record<string, string>> = {
  avx512f: "AVX-512",
  avx2: "AVX2",
  fma: "FMA",
  asimd: "NEON",
};

/** The vector instructions of the processor, where the system tells. */
async function vectors(): Promise<string[]> {
  if (process.platform !== "linux") return process.arch === "arm64" ? ["NEON"] : [];
  const { readFileSync } = await import("node:fs");
  const text = readFileSync("/proc/cpuinfo", "utf8");
  const flags = new Set((/^(?:flags|Features)\s*:(.*)$/m.exec(text)?.[1] ?? "").trim().split(/\s+/));
  return Object.entries(VECTORS).flatMap(([flag, name]) => (flags.has(flag) ? [name] : []));
}

/** What would make it faster. */
function adviceFor(chosen: KernelSetName, kernels: readonly DiagnosedKernels[]): string | undefined {
  const speed = (wanted: KernelSetName): number => kernels.find(({ name }) => name === wanted)?.gflops ?? 0;
  const faster = kernels.find(({ name, gflops }) => gflops !== null && speed(name) > speed(chosen));
  if (faster !== undefined)
    return `The ${faster.label} kernels are faster: leave XFORMER_KERNELS out to use them.`;
  if (chosen === "native") return undefined;
  return "Native kernels are several times as fast. They come with the package for Linux, macOS and Windows; in a checkout, `npm run build` makes them when there is a C++ compiler (g++ or clang++).";
}
