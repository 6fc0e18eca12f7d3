import { assembleBatch, type EncodedPair } from "../data/batches.ts";
import { createRandom } from "../random.ts";
import type { Job } from "../replicas/control.ts";
import type { Replica } from "../replicas/replica.ts";
import type { SharedJson } from "../replicas/resources.ts";
import { type SharedIntegers, type SharedPairs, viewIntegers, writePairs } from "../replicas/sharedPairs.ts";
import type { Tokenizer } from "../text/tokenizer.ts";

/** BPE dropout (Provilkov et al. 2020): every epoch cuts the words of a pair into pieces anew. */
export interface PieceDropout {
  /** With which a merge is passed over. */
  readonly probability: number;
  readonly seed: number;
  readonly epoch: number;
  /** A side that would have more pieces than this keeps those that it has in the corpus. */
  readonly maxLength: number;
  readonly source: SharedJson;
  readonly target: SharedJson;
}

/** Reads the pairs of a batch and lays them end to end in the shared memory, a shard an item. */
export interface AssembleJob extends Job {
  readonly kind: "assemble";
  /** The file of the encoded corpus. */
  readonly corpus: string;
  readonly eosId: number;
  readonly shards: readonly {
    /** Which pairs of the corpus. */
    readonly indices: SharedIntegers;
    /** Room for them. */
    readonly pairs: SharedPairs;
  }[];
  readonly dropout: PieceDropout | null;
}

/** Assembles a shard. */
export function assembleShard({ workbench, resources }: Replica, job: AssembleJob, item: number): void {
  const { memory, profile } = workbench;
  const { indices, pairs: room } = job.shards[item]!;
  profile?.begin("next batch");
  const pairs = resources.corpus(job.corpus).read(viewIntegers(memory, indices));
  const { dropout } = job;
  const dropped =
    dropout === null
      ? pairs
      : pairs.map((pair) =>
          dropPieces(pair, resources.tokenizer(dropout.source), resources.tokenizer(dropout.target), dropout),
        );
  writePairs(memory, room, assembleBatch(dropped, job.eosId));
}

/** A pair in other pieces; the same for the same seed, epoch and pair, whichever thread does it. */
function dropPieces(
  { source, target, index }: EncodedPair,
  sourceTokenizer: Tokenizer,
  targetTokenizer: Tokenizer,
  { probability, seed, epoch, maxLength }: PieceDropout,
): EncodedPair {
  const cutAnew = (ids: Int32Array, tokenizer: Tokenizer, side: number): Int32Array => {
    const random = createRandom(seed, epoch, index, side, 0x70696563);
    const pieces = tokenizer.encodeWithDropout?.(tokenizer.decode(ids), probability, random) ?? ids;
    return pieces.length > maxLength ? ids : pieces;
  };
  return { source: cutAnew(source, sourceTokenizer, 0), target: cutAnew(target, targetTokenizer, 1), index };
}
