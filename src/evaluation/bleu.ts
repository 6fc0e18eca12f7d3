import { XformerError } from "../errors.ts";
import { formatDecimal, type Metric, measureSegments, SACREBLEU_VERSION, sumStatistics } from "./metric.ts";
import { countWordNgrams, type NgramCounts, totalCount } from "./ngrams.ts";
import { type References, referenceCount } from "./references.ts";
import { type BleuTokenizer, bleuTokenizers, trimEnd } from "./tokenizers.ts";

/** The n-grams that Papineni et al. 2002 count go up to this order. */
const USUAL_ORDER = 4;
/** How many lines may end in " ." before that is no accident; sacreBLEU's number. */
const TOKENISED_LINES = 100;

/** What an order without a match counts as: methods 0 to 3 of Chen and Cherry 2014. */
export type BleuSmoothing = "none" | "floor" | "add-k" | "exp";

const SMOOTH_VALUES: Readonly<Record<BleuSmoothing, number | undefined>> = {
  none: undefined,
  floor: 0.1,
  "add-k": 1,
  exp: undefined,
};

/** How segments are prepared, and what their n-grams come to. */
export interface BleuOptions {
  /** How segments are cut into tokens; `13a` by default, `zh` or `char` for Chinese. */
  readonly tokenizer?: BleuTokenizer;
  /** Whether upper and lower case count as the same; false by default. */
  readonly lowercase?: boolean;
  /**
   * How an order without a match counts: as half of a match, a quarter, and so on (`exp`, the default), as
   * `smoothValue` matches (`floor`), with `smoothValue` added to matches and n-grams of every order from 2 on
   * (`add-k`), or as nothing (`none`).
   */
  readonly smoothMethod?: BleuSmoothing;
  /** For `floor` (0.1 by default) and `add-k` (1 by default) only. */
  readonly smoothValue?: number;
  /** The longest n-grams; 4 by default. */
  readonly maxOrder?: number;
  /** Whether orders that the hypotheses are too short for are left out, as for single sentences; false by default. */
  readonly effectiveOrder?: boolean;
}

/** A corpus-level BLEU score with what it was made from. */
export interface BleuScore {
  /** 0 to 100. */
  readonly score: number;
  /** The precision of the n-grams of each order from 1 on, 0 to 100, smoothed; all 0 if no token matches. */
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

/** Options with nothing left out. */
type Settings = Required<Omit<BleuOptions, "smoothValue">> & { readonly smoothValue: number | undefined };

/**
 * BLEU as sacreBLEU 2.6 defines it: the geometric mean of n-gram precisions times a brevity penalty, with the
 * reference closest in length (Papineni et al. 2002; Post 2018).
 *
 * A segment's statistics are the lengths of hypothesis and reference, then by order the n-grams that match,
 * then by order the n-grams of the hypothesis.
 *
 * @throws {XformerError} `USAGE` for a smoothing value where there is none
 */
export function bleu(options: BleuOptions = {}): Metric {
  const settings = complete(options);
  const { tokenizer, lowercase, smoothMethod, smoothValue, maxOrder, effectiveOrder } = settings;
  const tokenize = (segment: string): string[] =>
    bleuTokenizers[tokenizer](trimEnd(lowercase ? segment.toLowerCase() : segment));
  const smooth = smoothMethod + (smoothValue === undefined ? "" : `[${formatDecimal(smoothValue, 2)}]`);
  // sacreBLEU's signature says nothing of the order; a score of another order must not pass for the usual one.
  const order = maxOrder === USUAL_ORDER ? "" : `|order:${maxOrder}`;
  return {
    name: "BLEU",
    lowerIsBetter: false,
    measure: (hypothesis, references) => measure(tokenize(hypothesis), references.map(tokenize), maxOrder),
    score: (sums) => scoreOf(sums, settings).score,
    signature: (references) =>
      `nrefs:${references}|case:${lowercase ? "lc" : "mixed"}|eff:${effectiveOrder ? "yes" : "no"}` +
      `|tok:${tokenizer}|smooth:${smooth}${order}|version:${SACREBLEU_VERSION}`,
  };
}

/**
 * Scores a corpus with BLEU; by default n-grams up to order 4, exponential smoothing, effective order off.
 *
 * @param hypotheses one detokenised translation for each segment
 * @param references `references[stream][segment]`, each stream as long as `hypotheses`
 * @throws {XformerError} `DATA` if there is nothing to score or the counts differ, `USAGE` for a smoothing value
 *   where there is none
 *
 * @example
 * corpusBleu(["The cat sat on the mat."], [["The cat lay on the mat."]]).score; // 48.89...
 */
export function corpusBleu(
  hypotheses: readonly string[],
  references: References,
  options: BleuOptions = {},
): BleuScore {
  const metric = bleu(options);
  const rows = measureSegments(metric, hypotheses, references);
  return bleuOf(rows, metric.signature(referenceCount(references, hypotheses.length)), options);
}

/**
 * The score that the statistics of segments come to.
 *
 * @param rows what {@link bleu} measured with the same options
 */
export function bleuOf(
  rows: readonly (readonly number[])[],
  signature: string,
  options: BleuOptions,
): BleuScore {
  return { ...scoreOf(sumStatistics(rows), complete(options)), signature };
}

/** Whether so many lines end in a full stop that stands alone that they must have been tokenised already. */
export function looksTokenised(hypotheses: readonly string[]): boolean {
  return hypotheses.filter((line) => line.endsWith(" .")).length >= TOKENISED_LINES;
}

function complete(options: BleuOptions): Settings {
  const smoothMethod = options.smoothMethod ?? "exp";
  const usual = SMOOTH_VALUES[smoothMethod];
  if (options.smoothValue !== undefined && usual === undefined) {
    const hint = "It is for floor and add-k only.";
    throw new XformerError("USAGE", `the smoothing method ${smoothMethod} takes no value`, { hint });
  }
  return {
    tokenizer: options.tokenizer ?? "13a",
    lowercase: options.lowercase ?? false,
    smoothMethod,
    smoothValue: options.smoothValue ?? usual,
    maxOrder: options.maxOrder ?? USUAL_ORDER,
    effectiveOrder: options.effectiveOrder ?? false,
  };
}

function measure(
  hypothesis: readonly string[],
  references: readonly (readonly string[])[],
  maxOrder: number,
): number[] {
  const referenceLength = closestLength(
    hypothesis.length,
    references.map((reference) => reference.length),
  );
  const matches: number[] = [];
  const totals: number[] = [];
  for (let order = 1; order <= maxOrder; order++) {
    const counts = countWordNgrams(hypothesis, order);
    const granted = references.map((reference) => countWordNgrams(reference, order));
    matches.push(clippedMatches(counts, granted));
    totals.push(totalCount(counts));
  }
  return [hypothesis.length, referenceLength, ...matches, ...totals];
}

/** A reference with two "the" grants two of them, however often the hypothesis says it. */
function clippedMatches(counts: NgramCounts, granted: readonly NgramCounts[]): number {
  let matches = 0;
  for (const [ngram, count] of counts)
    matches += Math.min(count, Math.max(...granted.map((reference) => reference.get(ngram) ?? 0)));
  return matches;
}

/** The length closest to the hypothesis's; of two equally close ones the shorter. */
function closestLength(hypothesisLength: number, lengths: readonly number[]): number {
  return lengths.reduce((closest, length) => {
    const difference = Math.abs(length - hypothesisLength) - Math.abs(closest - hypothesisLength);
    return difference < 0 || (difference === 0 && length < closest) ? length : closest;
  });
}

function scoreOf(sums: ArrayLike<number>, settings: Settings): Omit<BleuScore, "signature"> {
  const hypothesisLength = sums[0]!;
  const referenceLength = sums[1]!;
  const { precisions, orders } = smoothedPrecisions(sums, settings);
  const brevityPenalty =
    hypothesisLength >= referenceLength ? 1 : Math.exp(1 - referenceLength / hypothesisLength);
  // The geometric mean, which is 0 as soon as one precision is: Math.log(0) is -Infinity.
  const meanLog =
    precisions.slice(0, orders).reduce((sum, precision) => sum + Math.log(precision), 0) / orders;
  return {
    score: brevityPenalty * Math.exp(meanLog),
    precisions,
    brevityPenalty,
    hypothesisLength,
    referenceLength,
  };
}

/** Percentages by order (0 from the first order on that every hypothesis is too short for), and how many count. */
function smoothedPrecisions(
  sums: ArrayLike<number>,
  { smoothMethod, smoothValue = 0, maxOrder, effectiveOrder }: Settings,
): { readonly precisions: number[]; readonly orders: number } {
  const precisions = new Array<number>(maxOrder).fill(0);
  let orders = maxOrder;
  if (sums[2] === 0) return { precisions, orders }; // no token matches, so no n-gram does
  let credit = 1;
  for (let index = 0; index < maxOrder; index++) {
    const added = smoothMethod === "add-k" && index > 0 ? smoothValue : 0;
    const matches = sums[2 + index]! + added;
    const total = sums[2 + maxOrder + index]! + added;
    if (total === 0) break;
    if (effectiveOrder) orders = index + 1;
    if (matches === 0 && smoothMethod === "exp") credit /= 2;
    const counted =
      matches > 0 ? matches : smoothMethod === "exp" ? credit : smoothMethod === "floor" ? smoothValue : 0;
    precisions[index] = (100 * counted) / total;
  }
  return { precisions, orders };
}
