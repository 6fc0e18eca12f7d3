import type { Pairs, PairsByCorpus } from "../data/corpus.ts";
import type { Translator } from "../decoding/translator.ts";
import { bleuTokenizerFor, type Evaluation, evaluate } from "../evaluation/evaluate.ts";
import { scoreOf, USUAL_METRICS, type UsualMetric } from "../evaluation/metrics.ts";
import { type Sample, samplesOf } from "./samples.ts";
import type { CorpusScores, ValidationRecord } from "./state.ts";

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

/** How a model does on pairs, and on each of the corpora that they are made of where these are several. */
export interface Measurement extends Evaluation {
  readonly corpora?: readonly CorpusScores[];
}

/** Evaluates a model on all pairs. */
export async function measure(
  translator: Translator,
  pairs: PairsByCorpus,
  options: MeasureOptions,
): Promise<Measurement> {
  const evaluation = await evaluate(translator, pairs.source, pairs.target, {
    bleuTokenizer: bleuTokenizerFor(options.targetLanguage),
    lowercase: options.lowercase,
    decoding: { beam: options.beam },
    metrics: USUAL_METRICS,
    signal: options.signal,
  });
  return pairs.parts === undefined
    ? evaluation
    : { ...evaluation, corpora: scoresByCorpus(evaluation, pairs.parts) };
}

function scoresByCorpus(
  { measured }: Evaluation,
  parts: NonNullable<PairsByCorpus["parts"]>,
): readonly CorpusScores[] {
  let first = 0;
  return parts
    .map(({ name, pairs }) => {
      const segments = Array.from({ length: pairs }, (_, i) => first + i);
      first += pairs;
      return { name, pairs, segments };
    })
    .filter(({ pairs }) => pairs > 0)
    .map(({ name, pairs, segments }) => {
      const score = (name: UsualMetric): number =>
        scoreOf(measured.find(({ metric }) => metric === name)!, segments).score;
      const scores = { loss: score("loss"), bleu: score("bleu"), chrf: score("chrf") };
      return { name, pairs, ...scores, exactMatch: score("exact-match") };
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
  pairs: PairsByCorpus,
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
    valid: {
      ...{ loss, perplexity, bleu: bleu.score, chrf: chrf.score, exactMatch },
      ...(evaluation.corpora === undefined ? {} : { corpora: evaluation.corpora }),
    },
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
function spread(pairs: PairsByCorpus, most: number): PairsByCorpus {
  const { length } = pairs.source;
  if (length <= most) return pairs;
  const indices = Array.from({ length: most }, (_, i) => Math.floor(((i + 0.5) * length) / most));
  const pick = (lines: readonly string[]): string[] => indices.map((index) => lines[index]!);
  let end = 0;
  const parts = pairs.parts?.map(({ name, pairs: count }) => {
    const first = end;
    end += count;
    return { name, pairs: indices.filter((index) => index >= first && index < end).length };
  });
  return { source: pick(pairs.source), target: pick(pairs.target), parts };
}
