import type { Pointer } from "../kernels/kernels.ts";
import type { ModelConfig } from "../model/config.ts";
import type { PairBatch, SpecialIds } from "../model/teacherForcing.ts";
import { Transformer } from "../model/transformer.ts";
import type { Job } from "../replicas/control.ts";
import type { Replica } from "../replicas/replica.ts";
import { type SharedPairs, viewPairs } from "../replicas/sharedPairs.ts";
import type { Workbench } from "../tensor/computation.ts";
import { meanCrossAttention } from "./crossAttention.ts";
import { decodeBatch, targetLimits } from "./decodeBatch.ts";
import type { Decoding, LengthLimit } from "./options.ts";
import {
  attentionWords,
  resultWords,
  scoreWords,
  writeAttention,
  writeResults,
  writeScore,
} from "./results.ts";
import { scorePairs } from "./scorer.ts";

interface BatchesJob extends Job {
  readonly special: SpecialIds;
  /** Which weights these are: rises when they change. */
  readonly weights: number;
  readonly batches: readonly SharedBatch[];
}

/** A batch in the shared memory, and where its results go. */
export interface SharedBatch {
  readonly pairs: SharedPairs;
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
  readonly unkId: number;
  /** Further models of an ensemble. */
  readonly partners: readonly SharedModel[];
  readonly batches: readonly DecodeBatch[];
}

/** A batch to be translated. */
export interface DecodeBatch extends SharedBatch {
  /** By partner: the same sentences, as its tokenizer has them. */
  readonly partnerPairs: readonly SharedPairs[];
  /** Int32[sentences]: the number of the line of each, from 1. */
  readonly lines: Pointer;
}

/** A model whose parameters are in the shared memory. */
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

export type TranslationJob = DecodeJob | ScoreJob | AttentionJob;

export function isTranslationJob(job: Job): job is TranslationJob {
  return job.kind === "decode" || job.kind === "score" || job.kind === "attention";
}

/** Does an item of a translation job. */
export function performTranslation(replica: Replica, job: TranslationJob, item: number): void {
  const { model, workbench } = replica;
  workbench.packs.useVersion(job.weights);
  if (job.kind === "decode") {
    performDecoding(replica, job, job.batches[item]!);
    return;
  }
  const { pairs, results } = job.batches[item]!;
  const batch = viewPairs(workbench.memory, pairs);
  const next = doublesFrom(workbench, results);
  if (job.kind === "score") {
    for (const score of scorePairs(model, workbench, batch, job.special))
      writeScore(next(scoreWords(score.tokens - 1)), score);
  } else {
    for (const weights of meanCrossAttention(model, workbench, batch, job.special))
      writeAttention(next(attentionWords(weights.rows - 1, weights.columns - 1)), weights);
  }
}

function performDecoding({ model, workbench }: Replica, job: DecodeJob, batch: DecodeBatch): void {
  const { special, unkId, limit, decoding, partners } = job;
  const view = (pairs: SharedPairs): PairBatch => viewPairs(workbench.memory, pairs);
  const own = view(batch.pairs);
  const partnerPairs = batch.partnerPairs.map(view);
  const members = [own, ...partnerPairs].map(({ sourceTokens, sourceOffsets }, m) => ({
    model: m === 0 ? model : joinModel(workbench, partners[m - 1]!),
    source: { tokens: sourceTokens, offsets: sourceOffsets },
  }));
  const lines = workbench.memory.integers(batch.lines, own.sourceOffsets.length - 1);
  const prefixes = Array.from(lines, (_, b) =>
    own.targetTokens.subarray(own.targetOffsets[b], own.targetOffsets[b + 1]),
  );
  const found = decodeBatch(members, workbench, { ...special, unkId, limit, lines, prefixes }, decoding);
  const next = doublesFrom(workbench, batch.results);
  for (const [b, most] of targetLimits(limit, own.sourceOffsets).entries())
    writeResults(next(resultWords(decoding.nBest, most)), found[b]!, most);
}

/** Hands out 64-bit words from a place on, one piece behind the other. */
function doublesFrom({ memory }: Workbench, start: Pointer): (count: number) => Float64Array {
  let pointer = start;
  return (count) => {
    const words = memory.doubles(pointer, count);
    pointer += 8 * count;
    return words;
  };
}

/** Partners that a thread has joined before, by the place of their parameters. */
const joined = new WeakMap<Workbench, Map<Pointer, Transformer>>();

function joinModel(workbench: Workbench, { config, parameters }: SharedModel): Transformer {
  const known = joined.get(workbench) ?? new Map<Pointer, Transformer>();
  joined.set(workbench, known);
  const model = known.get(parameters) ?? new Transformer(config, workbench.memory, parameters);
  known.set(parameters, model);
  return model;
}
