import type { Pointer } from "../kernels/kernels.ts";
import type { SpecialIds } from "../model/teacherForcing.ts";
import type { Job } from "../replicas/control.ts";
import type { Replica } from "../replicas/replica.ts";
import { type SharedPairs, viewPairs } from "../replicas/sharedPairs.ts";
import { greedyDecode } from "./greedy.ts";
import { scorePairs } from "./scorer.ts";

interface BatchesJob extends Job {
  readonly special: SpecialIds;
  /** Which weights these are: rises when they change. */
  readonly weights: number;
  readonly batches: readonly { readonly pairs: SharedPairs; readonly results: Pointer }[];
}

/** Translates, a batch an item; results are Int32[sentences, limit + 1]: a length and as many ids. */
interface GreedyJob extends BatchesJob {
  readonly kind: "greedy";
  readonly limit: number;
}

/** Scores pairs, a batch an item; results are Float64[sentences, 3]: log-probability, tokens, correct. */
interface ScoreJob extends BatchesJob {
  readonly kind: "score";
}

export type TranslationJob = GreedyJob | ScoreJob;

export function isTranslationJob(job: Job): job is TranslationJob {
  return job.kind === "greedy" || job.kind === "score";
}

/** Does an item of a translation job. */
export function performTranslation({ model, workbench }: Replica, job: TranslationJob, item: number): void {
  const { memory, packs } = workbench;
  const { pairs, results } = job.batches[item]!;
  const batch = viewPairs(memory, pairs);
  const sentences = batch.sourceOffsets.length - 1;
  packs.useVersion(job.weights);
  if (job.kind === "score") {
    const rows = memory.doubles(results, 3 * sentences);
    for (const [i, score] of scorePairs(model, workbench, batch, job.special).entries()) {
      rows.set([score.logProbability, score.tokens, score.correct], 3 * i);
    }
    return;
  }
  const source = { tokens: batch.sourceTokens, offsets: batch.sourceOffsets };
  const width = job.limit + 1;
  const rows = memory.integers(results, sentences * width);
  for (const [i, output] of greedyDecode(model, workbench, source, job.special, job.limit).entries()) {
    rows.set([output.length, ...output], i * width);
  }
}
