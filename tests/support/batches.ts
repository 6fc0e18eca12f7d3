import type { EncodedPair } from "../../src/data/batches.ts";
import { layOut, type SpecialIds } from "../../src/model/batch.ts";
import type { Pool } from "../../src/replicas/pool.ts";
import { Arena } from "../../src/tensor/heap.ts";
import { cutShards } from "../../src/training/feed.ts";
import type { StepBatch } from "../../src/training/step.ts";

/** Puts pairs where a training step takes them, cut into shards as those of a corpus are. */
export function shareBatch(
  pool: Pool,
  pairs: readonly EncodedPair[],
  shards: number,
  special: SpecialIds,
): StepBatch {
  const { heap } = pool.main.workbench;
  const arena = new Arena(heap);
  const weights = pairs.map(({ source, target }) => source.length + target.length + 2);
  const parts = cutShards(weights, shards).map(([first, end]) => pairs.slice(first, end));
  return { shards: parts.map((part) => layOut(heap, arena, part, special)), next: null };
}
