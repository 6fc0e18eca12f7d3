import type { Pairs } from "../data/corpus.ts";
import type { EncodedCorpus } from "../data/encodedCorpus.ts";
import { planEpoch } from "../data/epochPlan.ts";
import { bleuTokenizerFor } from "../evaluation/evaluate.ts";
import { bleuTokenizers } from "../evaluation/tokenizers.ts";
import type { RunConfig, SettledTraining, TrainingConfig } from "./config.ts";
import { warmUp } from "./schedule.ts";

/** BLEU counts sequences of up to so many words. */
const BLEU_ORDER = 4;

/**
 * Decides what a configuration leaves to the data: warm-up by the length of the run, and the metric by the targets.
 * What was said stays as it is, so that a run that goes on keeps what it was begun with.
 *
 * @param validation the pairs that the metric is to be measured on
 */
export function settleTraining(
  { training, model, data }: RunConfig,
  corpus: EncodedCorpus,
  validation: Pairs | null,
): SettledTraining {
  const { batches } = planEpoch(corpus, { ...training, epoch: 0 });
  const isShort = validation !== null && hasShortTargets(validation, data.targetLanguage);
  const metric = training.metric ?? (isShort ? "exact-match" : "bleu");
  return { ...training, ...warmUp(training, model.dModel, lengthOf(training, batches)), metric };
}

/**
 * The steps of a run, taking every epoch to have as many batches as the first.
 *
 * @param batches those of the first epoch
 */
export function lengthOf({ maxSteps, maxEpochs, accumulate }: TrainingConfig, batches: number): number {
  const byEpochs = (maxEpochs ?? Number.POSITIVE_INFINITY) * Math.ceil(batches / accumulate);
  return Math.min(maxSteps ?? Number.POSITIVE_INFINITY, byEpochs);
}

/** Whether most targets are too short for the sequences of four words that BLEU counts. */
export function hasShortTargets({ target }: Pairs, language: string): boolean {
  const words = bleuTokenizers[bleuTokenizerFor(language)];
  const short = target.filter((line) => words(line).length < BLEU_ORDER).length;
  return 2 * short > target.length;
}
