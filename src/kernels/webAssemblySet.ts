import type { KernelSet, Kernels } from "./kernels.ts";

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

/** Whether relaxed SIMD, and with it the fused multiply-add, can be used as things are. */
export function supportsRelaxedSimd(): boolean {
  return WebAssembly.validate(RELAXED_SIMD_PROBE);
}

/**
 * A build of the kernels, compiled. It works wherever there is WebAssembly; where the bytes come from is the caller's
 * business.
 *
 * @throws WebAssembly.CompileError for bytes that are no module, or need what this engine lacks
 */
export function webAssemblySet(name: "strict" | "relaxed", bytes: Uint8Array<ArrayBuffer>): KernelSet {
  const module = new WebAssembly.Module(bytes);
  return {
    name,
    instantiate: (memory) =>
      new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels,
  };
}

/** How the kernels import a memory that one thread has for itself: "env", "memory", kind 2, limits with a maximum. */
const OWN_MEMORY = Uint8Array.of(3, 0x65, 0x6e, 0x76, 6, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 2, 1);
/** And one that is shared (WebAssembly threads proposal, limits). */
const SHARED_LIMITS = 3;

/**
 * A build of the kernels for a memory of one thread, made into that for a shared one: the same code.
 *
 * @throws Error when it imports no such memory
 */
export function withSharedMemory(build: Uint8Array): Uint8Array<ArrayBuffer> {
  const shared = Uint8Array.from(build);
  const start = shared.findIndex((_, i) => OWN_MEMORY.every((byte, j) => shared[i + j] === byte));
  if (start === -1) throw new Error("these kernels import no memory of their own");
  shared[start + OWN_MEMORY.length - 1] = SHARED_LIMITS;
  return shared;
}
