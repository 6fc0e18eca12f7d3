import type { Pairs } from "../data/corpus.ts";
import { planEpoch, type WeightedCorpus } from "../data/epochPlan.ts";
import { XformerError } from "../errors.ts";
import { bleuTokenizerFor } from "../evaluation/evaluate.ts";
import { bleuTokenizers } from "../evaluation/tokenizers.ts";
import { checkField } from "../valueType.ts";
import type { MetricName, RunConfig, SettledTraining, TokenizerConfig, TrainingConfig } from "./config.ts";
import type { PreparedCorpus, Tokenizers } from "./prepare.ts";
import { SAMPLES, USUAL_SAMPLES } from "./samples.ts";
import { warmUp } from "./schedule.ts";

/** The share of pairs in which rare tokens are replaced; measured in docs/training.md. */
const USUAL_REPLACEMENT = 0.1;
/** BLEU counts sequences of up to so many words. */
const BLEU_ORDER = 4;
/** Targets of so few words, each there so many times on average, are written in signs rather than in a language. */
const SIGNS = 200;
const TIMES = 10;

/**
 * Decides what a configuration leaves to the data: warm-up by the length of the run, and the metric by the targets.
 * What was said stays as it is, so that a run that goes on keeps what it was begun with.
 *
 * @param validation the pairs that the metric is to be measured on
 */
export function settleTraining(
  { training, model, data }: RunConfig & { readonly training: { readonly memory: null } },
  prepared: PreparedCorpus,
  validation: Pairs | null,
): SettledTraining {
  const { batches } = planEpoch(prepared.corpus, { ...training, epoch: 0, corpora: weightsOf(prepared) });
  if (batches === 0) {
    const hint = "Raise the weights.";
    throw new XformerError("CONFIG", "the weights leave no pair to an epoch", { hint });
  }
  const usual = validation === null ? "bleu" : usualMetric(validation, data.targetLanguage).metric;
  const metric = training.metric ?? usual;
  return { ...training, ...warmUp(training, model.dModel, lengthOf(training, batches)), metric };
}

/**
 * How many pairs of each corpus there are to train on, and how often an epoch takes each.
 *
 * @returns undefined where it takes all of them once
 */
export function weightsOf({ corpora, corpus }: PreparedCorpus): readonly WeightedCorpus[] | undefined {
  if (corpora.every(({ weight }) => weight === 1)) return undefined;
  const { parts = [{ pairs: corpus.pairs }] } = corpus.statistics;
  return corpora.map(({ weight }, i) => ({ pairs: parts[i]!.pairs, weight }));
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

/**
 * The share of pairs in which rare tokens become unknown: pieces of words do not unless it is asked for, as they spell most
 * words, and those of byte-pair encoding never do, as they spell any.
 *
 * @throws XformerError CONFIG when there is to be a share of them all the same
 */
export function settleUnknown({ unkReplace }: TokenizerConfig, { source, target }: Tokenizers): number {
  const isLossless = [source, target].some(({ kind }) => kind === "bpe");
  if (isLossless && unkReplace !== null && unkReplace > 0) {
    throw new XformerError("CONFIG", `unkReplace is ${unkReplace}, but with bpe no token is unknown`, {
      hint: "Leave it out, or choose --tokenizer word.",
    });
  }
  const arePieces = [source, target].some(({ kind }) => kind !== "word" && kind !== "char");
  return unkReplace ?? (arePieces ? 0 : USUAL_REPLACEMENT);
}

/**
 * How many validation sentences are shown with their translations.
 *
 * @throws XformerError CONFIG when there are to be some and there are no validation pairs
 */
export function settleSamples(samples: number = USUAL_SAMPLES, validation: Pairs | null): number {
  checkField("samples", samples, SAMPLES);
  // What is usual is in every configuration that was printed, and asks for nothing that is not there.
  if (samples === 0 || samples === USUAL_SAMPLES || validation !== null) return samples;
  throw new XformerError("CONFIG", `samples is ${samples}, but there are no validation pairs to translate`, {
    hint: "Give valid or validSplit too, or leave it out.",
  });
}

/**
 * What the best model is chosen by where nobody says: BLEU for texts in a language, exact match where a target is either
 * right or wrong, as a word is, a pronunciation or a sequence of commands.
 *
 * @returns the reason for exact match with it
 */
export function usualMetric(
  { target }: Pairs,
  language: string,
): { readonly metric: MetricName; readonly reason: string | null } {
  const wordsOf = bleuTokenizers[bleuTokenizerFor(language)];
  const lines = target.map((line) => wordsOf(line));
  const short = lines.filter((words) => words.length < BLEU_ORDER).length;
  if (2 * short > lines.length) {
    const reason = "most targets have fewer than the four words that BLEU looks at";
    return { metric: "exact-match", reason };
  }
  const words = lines.flat();
  const different = new Set(words).size;
  if (different > SIGNS || words.length < TIMES * different) return { metric: "bleu", reason: null };
  return { metric: "exact-match", reason: `all targets are made of ${different} words` };
}
