import { at, type Pointer } from "../kernels/kernels.ts";
import { offsetsOf, type PairBatch, type Sentences, type SpecialIds } from "../model/batch.ts";
import type { ModelConfig } from "../model/config.ts";
import { Transformer } from "../model/transformer.ts";
import type { Job, Steps } from "../replicas/control.ts";
import type { Replica } from "../replicas/replica.ts";
import type { Workbench } from "../tensor/computation.ts";
import { meanCrossAttention } from "./crossAttention.ts";
import { decodeBatch, targetLimits } from "./decodeBatch.ts";
import type { Decoding, LengthLimit } from "./options.ts";
import { writeTrace } from "./pairTrace.ts";
import { readPhrases } from "./phrases.ts";
import {
  attentionWords,
  type FoundTarget,
  resultWords,
  scoreWords,
  writeAttention,
  writeResults,
  writeScore,
} from "./results.ts";
import { scorePairs } from "./scorer.ts";

interface BatchesJob extends Job {
  /** Which weights these are: rises when they change. */
  readonly weightsVersion: number;
  readonly batches: readonly SharedBatch[];
}

/** A batch to be worked on, and where its results go. */
export interface SharedBatch {
  readonly pairs: PairBatch;
  readonly results: Pointer;
}

/**
 * Translates, a batch an item; targets are what translations begin with. Results are those of
 * {@link writeResults}, one sentence's behind the other's.
 */
interface DecodeJob extends BatchesJob {
  readonly kind: "decode";
  readonly decoding: Decoding;
  readonly limit: LengthLimit;
  readonly special: SpecialIds & { readonly unkId: number };
  /** Uint8[V]: the `WordEdges` of the target's tokens; none where nothing has phrases. */
  readonly edges: Pointer | null;
  readonly targetVocabulary: number;
  /** Further models of an ensemble. */
  readonly partners: readonly SharedModel[];
  readonly batches: readonly DecodeBatch[];
}

/** A batch to be translated. */
export interface DecodeBatch extends SharedBatch {
  /** By partner: the same sentences, as its tokenizer has them. */
  readonly partnerSources: readonly Sentences[];
  /** Int32[sentences]: the number of the line of each, from 1. */
  readonly lines: Pointer;
  /** What targets have to contain, for `readPhrases`; null for nothing. */
  readonly phrases: Pointer | null;
}

/** A model whose parameters are in the heap. */
interface SharedModel {
  readonly config: ModelConfig;
  readonly parameters: Pointer;
}

/** Scores pairs, a batch an item; results are those of {@link writeScore}, one pair's behind the other's. */
interface ScoreJob extends BatchesJob {
  readonly kind: "score";
}

/** Looks at cross-attention, a batch an item; results are those of {@link writeAttention}, one pair's behind the other's. */
interface AttentionJob extends BatchesJob {
  readonly kind: "attention";
}

/** Looks at all that is computed on a pair, one an item; results are those of {@link writeTrace}. */
interface TraceJob extends BatchesJob {
  readonly kind: "trace";
}

export type DecodingJob = DecodeJob | ScoreJob | AttentionJob | TraceJob;

function* decode({ model, workbench }: Replica, job: DecodeJob, item: number): Steps<void> {
  const { arena, heap, packs } = workbench;
  const { limit, special, decoding, partners } = job;
  const { pairs, partnerSources, lines, phrases, results } = job.batches[item]!;
  packs.useVersion(job.weightsVersion);
  const others = partnerSources.map((source, m) => ({ model: joinModel(workbench, partners[m]!), source }));
  const numbers = heap.integers(lines, pairs.source.sentences).slice();
  const batch = {
    ...special,
    limit,
    lines: numbers,
    prefixes: prefixesOf(workbench, pairs),
    ...(phrases === null ? {} : { phrases: readPhrases(heap, phrases, numbers.length) }),
    ...(job.edges === null ? {} : { edges: heap.bytes(job.edges, job.targetVocabulary) }),
  };
  let found: (readonly FoundTarget[])[];
  try {
    found = yield* decodeBatch([{ model, source: pairs.source }, ...others], workbench, batch, decoding);
  } finally {
    arena.release(); // of a search that was cancelled something is left
  }
  const next = doublesFrom(workbench, results);
  for (const [b, most] of targetLimits(limit, heap, pairs.source).entries())
    writeResults(next(resultWords(decoding.nBest, most)), found[b]!, most);
}

/** What translations begin with: the targets after BEGIN. */
function prefixesOf({ heap }: Workbench, { target }: PairBatch): Int32Array[] {
  const offsets = offsetsOf(heap, target);
  const tokens = heap.integers(target.tokens, offsets.at(-1)!);
  return Array.from({ length: target.sentences }, (_, b) => tokens.slice(offsets[b]! + 1, offsets[b + 1]));
}

function score({ model, workbench }: Replica, job: ScoreJob, item: number): void {
  const { pairs, results } = job.batches[item]!;
  workbench.packs.useVersion(job.weightsVersion);
  const next = doublesFrom(workbench, results);
  for (const pair of scorePairs(model, workbench, pairs)) writeScore(next(scoreWords(pair.tokens - 1)), pair);
}

function attend({ model, workbench }: Replica, job: AttentionJob, item: number): void {
  const { pairs, results } = job.batches[item]!;
  workbench.packs.useVersion(job.weightsVersion);
  const next = doublesFrom(workbench, results);
  for (const weights of meanCrossAttention(model, workbench, pairs))
    writeAttention(next(attentionWords(weights.rows - 1, weights.columns - 1)), weights);
}

function trace({ model, workbench }: Replica, job: TraceJob, item: number): void {
  const { pairs, results } = job.batches[item]!;
  workbench.packs.useVersion(job.weightsVersion);
  writeTrace(model, workbench, pairs, doublesFrom(workbench, results));
}

/** What a thread of a pool does for a translator, by the kind of job. */
export const DECODING_JOBS = { decode, score, attention: attend, trace };

/** Hands out 64-bit words from a place on, one piece behind the other. */
function doublesFrom({ heap }: Workbench, start: Pointer): (count: number) => Float64Array {
  let pointer = start;
  return (count) => {
    const words = heap.doubles(pointer, count);
    pointer = at(pointer, 2 * count);
    return words;
  };
}

/** Partners that a thread has joined before, by the place of their parameters. */
const joined = new WeakMap<Workbench, Map<Pointer, Transformer>>();

function joinModel(workbench: Workbench, { config, parameters }: SharedModel): Transformer {
  const known = joined.get(workbench) ?? new Map<Pointer, Transformer>();
  joined.set(workbench, known);
  const model = known.get(parameters) ?? new Transformer(config, workbench.heap, parameters);
  known.set(parameters, model);
  return model;
}
