import type { Pointer } from "../kernels/kernels.ts";
import type { PairBatch } from "../model/teacherForcing.ts";
import type { Arena, SharedMemory } from "../tensor/memory.ts";

/** Integers in the shared memory: where, and how many there is room for. */
export interface SharedIntegers {
  readonly pointer: Pointer;
  readonly count: number;
}

/** A {@link PairBatch} in the shared memory, as a job describes it to other threads; there may be more room than tokens. */
export type SharedPairs = { readonly [Part in keyof PairBatch]: SharedIntegers };

/** Copies integers to where all threads see them. */
export function shareIntegers(memory: SharedMemory, arena: Arena, integers: Int32Array): SharedIntegers {
  const shared = allocateIntegers(arena, integers.length);
  viewIntegers(memory, shared).set(integers);
  return shared;
}

/** Integers that were shared, as a view. */
export function viewIntegers(memory: SharedMemory, { pointer, count }: SharedIntegers): Int32Array {
  return memory.integers(pointer, count);
}

/** Room for a batch that another thread will write with {@link writePairs}. */
export function allocatePairs(
  arena: Arena,
  sentences: number,
  sourceTokens: number,
  targetTokens: number,
): SharedPairs {
  return {
    sourceTokens: allocateIntegers(arena, sourceTokens),
    sourceOffsets: allocateIntegers(arena, sentences + 1),
    targetTokens: allocateIntegers(arena, targetTokens),
    targetOffsets: allocateIntegers(arena, sentences + 1),
  };
}

/** Copies a batch to where there is room for it. */
export function writePairs(memory: SharedMemory, shared: SharedPairs, batch: PairBatch): void {
  viewIntegers(memory, shared.sourceTokens).set(batch.sourceTokens);
  viewIntegers(memory, shared.sourceOffsets).set(batch.sourceOffsets);
  viewIntegers(memory, shared.targetTokens).set(batch.targetTokens);
  viewIntegers(memory, shared.targetOffsets).set(batch.targetOffsets);
}

/** Copies a batch to where all threads see it. */
export function sharePairs(memory: SharedMemory, arena: Arena, batch: PairBatch): SharedPairs {
  const { sourceTokens, targetTokens, sourceOffsets } = batch;
  const shared = allocatePairs(arena, sourceOffsets.length - 1, sourceTokens.length, targetTokens.length);
  writePairs(memory, shared, batch);
  return shared;
}

/** The batch that was written, as views. */
export function viewPairs(memory: SharedMemory, shared: SharedPairs): PairBatch {
  const sourceOffsets = viewIntegers(memory, shared.sourceOffsets);
  const targetOffsets = viewIntegers(memory, shared.targetOffsets);
  return {
    sourceTokens: viewIntegers(memory, shared.sourceTokens).subarray(0, sourceOffsets.at(-1)),
    sourceOffsets,
    targetTokens: viewIntegers(memory, shared.targetTokens).subarray(0, targetOffsets.at(-1)),
    targetOffsets,
  };
}

function allocateIntegers(arena: Arena, count: number): SharedIntegers {
  return { pointer: arena.allocate(count), count };
}
