import type { Pairs } from "../data/corpus.ts";
import type { Translator } from "../decoding/translator.ts";
import { bleuTokenizerFor, type Evaluation, evaluate } from "../evaluation/evaluate.ts";
import { USUAL_METRICS } from "../evaluation/metrics.ts";
import { type Sample, samplesOf } from "./samples.ts";
import type { ValidationRecord } from "./state.ts";

/** What is more than e to this is Infinity, which JSON cannot say. */
const LARGEST_EXPONENT = 709;

/** What a validation gives: the scores, and some of the translations that they are of. */
export interface Validation {
  readonly valid: ValidationRecord["valid"];
  readonly samples: readonly Sample[];
}

/** How a model is measured. */
export interface MeasureOptions {
  readonly targetLanguage: string;
  /** Whether the model's tokenizer lowercases; its scores then ignore case. */
  readonly lowercase: boolean;
  /** Hypotheses of beam search; 1 for greedy search. */
  readonly beam: number;
  /** Ends the measurement when it aborts, with its reason. */
  readonly signal: AbortSignal | undefined;
}

/** Evaluates a model on all pairs. */
export function measure(translator: Translator, pairs: Pairs, options: MeasureOptions): Promise<Evaluation> {
  return evaluate(translator, pairs.source, pairs.target, {
    bleuTokenizer: bleuTokenizerFor(options.targetLanguage),
    lowercase: options.lowercase,
    decoding: { beam: options.beam },
    metrics: USUAL_METRICS,
    signal: options.signal,
  });
}

/**
 * Validates a model: loss on all pairs, and what takes a translation on some of them, spread evenly.
 *
 * @param most the most pairs that are translated; null for all
 * @param samples how many of these translations are kept
 */
export async function validate(
  translator: Translator,
  pairs: Pairs,
  most: number | null,
  samples: number,
  options: MeasureOptions,
): Promise<Validation> {
  const some = spread(pairs, most ?? Number.POSITIVE_INFINITY);
  const evaluation = await measure(translator, some, options);
  const { bleu, chrf, exactMatch, translations } = evaluation;
  const loss = some === pairs ? evaluation.loss : await meanLoss(translator, pairs, options.signal);
  const perplexity = Math.exp(Math.min(loss, LARGEST_EXPONENT));
  return {
    valid: { loss, perplexity, bleu: bleu.score, chrf: chrf.score, exactMatch },
    samples: samplesOf(some, translations, samples),
  };
}

async function meanLoss(
  translator: Translator,
  { source, target }: Pairs,
  signal: AbortSignal | undefined,
): Promise<number> {
  let logProbability = 0;
  let tokens = 0;
  for (const score of await translator.score(source, target, signal)) {
    logProbability += score.logProbability;
    tokens += score.tokens;
  }
  return -logProbability / tokens;
}

/** So many pairs, spread evenly over all, always the same ones. */
function spread(pairs: Pairs, most: number): Pairs {
  const { length } = pairs.source;
  if (length <= most) return pairs;
  const indices = Array.from({ length: most }, (_, i) => Math.floor(((i + 0.5) * length) / most));
  const pick = (lines: readonly string[]): string[] => indices.map((index) => lines[index]!);
  return { source: pick(pairs.source), target: pick(pairs.target) };
}
