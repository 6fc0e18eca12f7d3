import { type Metric, type MetricScore, SACREBLEU_VERSION, scoreCorpus } from "./metric.ts";
import {
  countCharacterNgrams,
  countWordNgrams,
  type NgramCounts,
  sharedCount,
  totalCount,
} from "./ngrams.ts";
import type { References } from "./references.ts";
import { splitWords } from "./tokenizers.ts";

/** Stands for a precision or a recall that is not defined, as in Popović's own program. */
const EPSILON = 1e-16;

/** What chrF counts and how. */
export interface ChrfOptions {
  /** The longest character n-grams; 6 by default. */
  readonly charOrder?: number;
  /** The longest word n-grams; 0 by default, which is chrF; 2 is chrF++. */
  readonly wordOrder?: number;
  /** How many times more recall weighs than precision; 2 by default. */
  readonly beta?: number;
  /** Whether upper and lower case count as the same; false by default. */
  readonly lowercase?: boolean;
  /** Whether white space counts as characters; false by default. */
  readonly whitespace?: boolean;
  /**
   * Whether every order counts, a little where it has no n-grams, and F-scores are averaged, as in Popović's
   * program; false by default, which averages precisions and recalls over the orders that both sides have.
   */
  readonly epsSmoothing?: boolean;
}

/**
 * chrF and chrF++: the F-score of character n-grams, and of word n-grams if wanted (Popović 2015, equation 1;
 * Popović 2017), as sacreBLEU 2.6 defines it; of several references the one with the best score counts.
 *
 * A segment's statistics are, for each order, the n-grams of the hypothesis, of the reference and of both.
 */
export function chrf({
  charOrder = 6,
  wordOrder = 0,
  beta = 2,
  lowercase = false,
  whitespace = false,
  epsSmoothing = false,
}: ChrfOptions = {}): Metric {
  const countAll = (segment: string): NgramCounts[] => {
    const text = lowercase ? segment.toLowerCase() : segment;
    const counts = countCharacterNgrams(whitespace ? text : splitWords(text).join(""), charOrder);
    if (wordOrder === 0) return counts;
    const words = detachPunctuation(text);
    for (let order = 1; order <= wordOrder; order++) counts.push(countWordNgrams(words, order));
    return counts;
  };
  const score = (sums: ArrayLike<number>): number =>
    epsSmoothing ? meanOfFScores(sums, beta) : fScoreOfMeans(sums, beta);

  return {
    name: `chrF${beta}${"+".repeat(wordOrder)}`,
    lowerIsBetter: false,
    measure(hypothesis, references) {
      const counts = countAll(hypothesis);
      const candidates = references.map((reference) => compare(counts, countAll(reference)));
      return candidates.reduce((best, other) => (score(other) > score(best) ? other : best));
    },
    score,
    signature: (references) =>
      `nrefs:${references}|case:${lowercase ? "lc" : "mixed"}|eff:${epsSmoothing ? "no" : "yes"}` +
      `|nc:${charOrder}|nw:${wordOrder}|space:${whitespace ? "yes" : "no"}|version:${SACREBLEU_VERSION}`,
  };
}

/**
 * Scores a corpus with chrF, or with chrF++ for `wordOrder: 2`.
 *
 * @param hypotheses one detokenised translation for each segment
 * @param references `references[stream][segment]`, each stream as long as `hypotheses`
 * @returns 0 to 100
 * @throws {XformerError} `DATA` if there is nothing to score or the counts differ
 *
 * @example
 * corpusChrf(["The cat sat on the mat."], [["The cat lay on the mat."]]).score; // 70.15...
 */
export function corpusChrf(
  hypotheses: readonly string[],
  references: References,
  options?: ChrfOptions,
): MetricScore {
  return scoreCorpus(chrf(options), hypotheses, references);
}

function compare(hypothesis: readonly NgramCounts[], reference: readonly NgramCounts[]): number[] {
  return hypothesis.flatMap((counts, index) => {
    const wanted = reference[index]!;
    // An order that the reference is too short for is nobody's fault.
    return [wanted.size === 0 ? 0 : totalCount(counts), totalCount(wanted), sharedCount(counts, wanted)];
  });
}

/** The F-score of precision and recall, each averaged over the orders that both sides have, 0 to 100. */
function fScoreOfMeans(sums: ArrayLike<number>, beta: number): number {
  let precision = 0;
  let recall = 0;
  let orders = 0;
  for (let i = 0; i < sums.length; i += 3) {
    const [ofHypothesis, ofReference, shared] = [sums[i]!, sums[i + 1]!, sums[i + 2]!];
    if (ofHypothesis === 0 || ofReference === 0) continue;
    precision += shared / ofHypothesis;
    recall += shared / ofReference;
    orders++;
  }
  if (precision + recall === 0) return 0;
  return 100 * fScore(precision / orders, recall / orders, beta);
}

/** The F-scores of all orders, averaged, 0 to 100. */
function meanOfFScores(sums: ArrayLike<number>, beta: number): number {
  let total = 0;
  for (let i = 0; i < sums.length; i += 3) {
    const [ofHypothesis, ofReference, shared] = [sums[i]!, sums[i + 1]!, sums[i + 2]!];
    const precision = ofHypothesis > 0 ? shared / ofHypothesis : EPSILON;
    const recall = ofReference > 0 ? shared / ofReference : EPSILON;
    total += precision + recall > 0 ? fScore(precision, recall, beta) : EPSILON;
  }
  return (100 * total) / (sums.length / 3);
}

function fScore(precision: number, recall: number, beta: number): number {
  const weight = beta ** 2;
  return ((1 + weight) * precision * recall) / (weight * precision + recall);
}

/** Splits at white space and takes one ASCII punctuation mark off a word: the last, or else the first. */
function detachPunctuation(text: string): string[] {
  return splitWords(text).flatMap((word) => {
    if (word.length === 1) return [word];
    if (isPunctuation(word.at(-1)!)) return [word.slice(0, -1), word.at(-1)!];
    return isPunctuation(word[0]!) ? [word[0]!, word.slice(1)] : [word];
  });
}

function isPunctuation(character: string): boolean {
  return /[!-/:-@[-`{-~]/.test(character);
}
