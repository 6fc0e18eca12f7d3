import { assembleBatch, type EncodedPair } from "../../src/data/batches.ts";
import type { ReplicaPool } from "../../src/replicas/pool.ts";
import { sharePairs } from "../../src/replicas/sharedPairs.ts";
import { Arena } from "../../src/tensor/memory.ts";
import { cutShards, type ShardedBatch } from "../../src/training/feed.ts";

/** Puts pairs where a training step takes them, cut into shards as those of a corpus are. */
export function shareBatch(
  pool: ReplicaPool,
  pairs: readonly EncodedPair[],
  shards: number,
  eosId: number,
): ShardedBatch {
  const { memory } = pool.main.workbench;
  const arena = new Arena(memory);
  const weights = pairs.map(({ source, target }) => source.length + target.length + 2);
  const parts = cutShards(weights, shards).map(([first, end]) => pairs.slice(first, end));
  return { shards: parts.map((part) => sharePairs(memory, arena, assembleBatch(part, eosId))) };
}
