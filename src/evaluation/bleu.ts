import { checkReferences, type References, referencesOf } from "./references.ts";
import { type BleuTokenizer, bleuTokenizers } from "./tokenizers/index.ts";
import { trimEnd } from "./tokenizers/whitespace.ts";

const MAX_ORDER = 4;

/** The release whose definition this file follows and whose scores the tests compare with. */
const SACREBLEU_VERSION = "2.6.0";

/** How segments are prepared before their n-grams are counted. */
export interface BleuOptions {
  /** How segments are cut into tokens; `13a` by default, `zh` or `char` for Chinese. */
  readonly tokenizer?: BleuTokenizer;
  /** Whether upper and lower case count as the same; false by default. */
  readonly lowercase?: boolean;
}

/** A corpus-level BLEU score with what it was made from. */
export interface BleuScore {
  /** 0 to 100. */
  readonly score: number;
  /** The precision of the n-grams of order 1 to 4, 0 to 100, smoothed; all 0 if no token matches. */
  readonly precisions: number[];
  /** 0 to 1: below 1 if the hypotheses are shorter than the references. */
  readonly brevityPenalty: number;
  /** In tokens, over all segments. */
  readonly hypothesisLength: number;
  /** In tokens: for each segment the reference closest in length, summed. */
  readonly referenceLength: number;
  /** What another needs to know to get the same score, as sacreBLEU prints it. */
  readonly signature: string;
}

/** All that BLEU needs to know about some segments: those of two corpora add up to those of both. */
interface BleuStatistics {
  hypothesisLength: number;
  referenceLength: number;
  /** n-grams of the hypotheses, by order, and how many of them the references hold. */
  readonly totals: number[];
  readonly matches: number[];
}

/**
 * Scores a corpus with BLEU as sacreBLEU 2.6 defines it: n-grams up to order 4, exponential smoothing, effective
 * order off, the reference closest in length (Papineni et al. 2002; Post 2018).
 *
 * @param hypotheses one detokenised translation for each segment
 * @param references `references[stream][segment]`, each stream as long as `hypotheses`
 * @throws {XformerError} `DATA` if there is nothing to score or the counts differ
 *
 * @example
 * corpusBleu(["The cat sat on the mat."], [["The cat lay on the mat."]]).score; // 48.89...
 */
export function corpusBleu(
  hypotheses: readonly string[],
  references: References,
  { tokenizer = "13a", lowercase = false }: BleuOptions = {},
): BleuScore {
  checkReferences(hypotheses, references);
  const tokenize = (segment: string): string[] =>
    bleuTokenizers[tokenizer](trimEnd(lowercase ? segment.toLowerCase() : segment));
  const statistics: BleuStatistics = {
    hypothesisLength: 0,
    referenceLength: 0,
    totals: new Array<number>(MAX_ORDER).fill(0),
    matches: new Array<number>(MAX_ORDER).fill(0),
  };
  for (const [segment, hypothesis] of hypotheses.entries()) {
    const accepted = referencesOf(references, segment).map(tokenize);
    addSegment(statistics, tokenize(hypothesis), accepted);
  }
  const letterCase = lowercase ? "lc" : "mixed";
  return {
    ...scoreOf(statistics),
    signature: `nrefs:${references.length}|case:${letterCase}|eff:no|tok:${tokenizer}|smooth:exp|version:${SACREBLEU_VERSION}`,
  };
}

function addSegment(
  statistics: BleuStatistics,
  hypothesis: readonly string[],
  references: readonly (readonly string[])[],
): void {
  statistics.hypothesisLength += hypothesis.length;
  statistics.referenceLength += closestLength(
    hypothesis.length,
    references.map((reference) => reference.length),
  );
  for (let order = 1; order <= MAX_ORDER; order++) {
    const inReferences = references.map((reference) => countNgrams(reference, order));
    for (const [ngram, count] of countNgrams(hypothesis, order)) {
      // Clipped: a reference with two "the" grants two of them, however often the hypothesis says it.
      const granted = Math.max(...inReferences.map((counts) => counts.get(ngram) ?? 0));
      statistics.totals[order - 1]! += count;
      statistics.matches[order - 1]! += Math.min(count, granted);
    }
  }
}

/** The length closest to the hypothesis's; of two equally close ones the shorter. */
function closestLength(hypothesisLength: number, lengths: readonly number[]): number {
  return lengths.reduce((closest, length) => {
    const difference = Math.abs(length - hypothesisLength) - Math.abs(closest - hypothesisLength);
    return difference < 0 || (difference === 0 && length < closest) ? length : closest;
  });
}

function countNgrams(tokens: readonly string[], order: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let end = order; end <= tokens.length; end++) {
    const ngram = tokens.slice(end - order, end).join(" "); // no token holds a space
    counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
  }
  return counts;
}

function scoreOf(statistics: BleuStatistics): Omit<BleuScore, "signature"> {
  const { hypothesisLength, referenceLength } = statistics;
  const precisions = smoothedPrecisions(statistics);
  const brevityPenalty =
    hypothesisLength >= referenceLength ? 1 : Math.exp(1 - referenceLength / hypothesisLength);
  // The geometric mean, which is 0 as soon as one precision is: Math.log(0) is -Infinity.
  const meanLog = precisions.reduce((sum, precision) => sum + Math.log(precision), 0) / MAX_ORDER;
  return {
    score: brevityPenalty * Math.exp(meanLog),
    precisions,
    brevityPenalty,
    hypothesisLength,
    referenceLength,
  };
}

/**
 * Percentages by order: the k-th order without a match counts as 1/2^k of a match (Chen and Cherry 2014, method 3),
 * and an order for which every hypothesis is too short has precision 0.
 */
function smoothedPrecisions({ totals, matches }: BleuStatistics): number[] {
  if (matches[0] === 0) return totals.map(() => 0); // no token matches, so no n-gram does
  let credit = 1;
  return totals.map((total, index) => {
    if (total === 0) return 0;
    const matched = matches[index] as number;
    if (matched > 0) return (100 * matched) / total;
    credit /= 2;
    return (100 * credit) / total;
  });
}
