import { at, type Kernels, type Pointer } from "../kernels.ts";

/** A kernel of the reference: bound to a memory, it is the function of that name in {@link Kernels}. */
export type Reference<Name extends keyof Kernels> = (memory: WebAssembly.Memory) => Kernels[Name];

/** `count` floats from a byte offset on: a fresh view each time, as a shared memory may have grown meanwhile. */
export function vector(memory: WebAssembly.Memory, pointer: Pointer, count: number): Float32Array {
  return new Float32Array(memory.buffer, pointer, count);
}

/** `count` 32-bit integers from a byte offset on. */
export function integers(memory: WebAssembly.Memory, pointer: Pointer, count: number): Int32Array {
  return new Int32Array(memory.buffer, pointer, count);
}

/** A row-major matrix as an array of its rows, which are `stride` floats apart. */
export function matrix(
  memory: WebAssembly.Memory,
  pointer: Pointer,
  rows: number,
  columns: number,
  stride: number = columns,
): Float32Array[] {
  return Array.from({ length: rows }, (_, row) => vector(memory, at(pointer, row * stride), columns));
}
