import type { Pointer } from "../kernels/kernels.ts";
import type { PairBatch } from "../model/teacherForcing.ts";
import type { Arena, SharedMemory } from "../tensor/memory.ts";

/** Integers in the shared memory: where, and how many. */
interface SharedIntegers {
  readonly pointer: Pointer;
  readonly count: number;
}

/** A {@link PairBatch} in the shared memory, as a job describes it to other threads. */
export type SharedPairs = { readonly [Part in keyof PairBatch]: SharedIntegers };

/** Copies a batch to where all threads see it. */
export function sharePairs(memory: SharedMemory, arena: Arena, batch: PairBatch): SharedPairs {
  const share = (integers: Int32Array): SharedIntegers => {
    const pointer = arena.allocate(integers.length);
    memory.integers(pointer, integers.length).set(integers);
    return { pointer, count: integers.length };
  };
  return {
    sourceTokens: share(batch.sourceTokens),
    sourceOffsets: share(batch.sourceOffsets),
    targetTokens: share(batch.targetTokens),
    targetOffsets: share(batch.targetOffsets),
  };
}

/** The batch that {@link sharePairs} copied, as views. */
export function viewPairs(memory: SharedMemory, shared: SharedPairs): PairBatch {
  const view = ({ pointer, count }: SharedIntegers): Int32Array => memory.integers(pointer, count);
  return {
    sourceTokens: view(shared.sourceTokens),
    sourceOffsets: view(shared.sourceOffsets),
    targetTokens: view(shared.targetTokens),
    targetOffsets: view(shared.targetOffsets),
  };
}
