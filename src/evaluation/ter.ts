import { type Metric, type MetricScore, rate, SACREBLEU_VERSION, scoreCorpus } from "./metric.ts";
import type { References } from "./references.ts";
import { countEditsWithShifts } from "./shifts.ts";
import { type TercomOptions, tokenizeTercom } from "./tokenizers/tercom.ts";
import { trimEnd } from "./tokenizers/whitespace.ts";

/**
 * Translation edit rate (Snover et al. 2006) as Tercom computes it and sacreBLEU 2.6 after it: edits to the
 * reference that needs fewest, for each word of the references' average length.
 *
 * A segment's statistics are its edits and that length.
 */
export function ter(options: TercomOptions = {}): Metric {
  const { normalized = false, noPunct = false, asianSupport = false, caseSensitive = false } = options;
  const tokenize = (segment: string): string[] => tokenizeTercom(trimEnd(segment), options);
  const yes = (is: boolean): string => (is ? "yes" : "no");
  return {
    name: "TER",
    lowerIsBetter: true,
    measure(segment, references) {
      const hypothesis = tokenize(segment);
      // sacreBLEU tokenises references twice, which splits `it's.` further when normalising: scores are comparable
      // only if we do the same.
      const accepted = references.map((reference) => tokenize(tokenize(reference).join(" ")));
      const edits = accepted.map((reference) => countEditsWithShifts(hypothesis, reference));
      const words = accepted.reduce((sum, reference) => sum + reference.length, 0);
      return [Math.min(...edits), words / accepted.length];
    },
    score: (sums) => rate(sums[0]!, sums[1]!),
    signature: (references) =>
      `nrefs:${references}|case:${caseSensitive ? "mixed" : "lc"}|tok:tercom|norm:${yes(normalized)}` +
      `|punct:${yes(!noPunct)}|asian:${yes(asianSupport)}|version:${SACREBLEU_VERSION}`,
  };
}

/**
 * Scores a corpus with TER.
 *
 * @param hypotheses one translation for each segment
 * @param references `references[stream][segment]`, each stream as long as `hypotheses`
 * @returns 0 for no edits; more than 100 when there are more edits than words
 * @throws {XformerError} `DATA` if there is nothing to score or the counts differ
 *
 * @example
 * corpusTer(["on the mat sat the cat"], [["the cat sat on the mat"]]).score; // 33.33...: two moves, six words
 */
export function corpusTer(
  hypotheses: readonly string[],
  references: References,
  options?: TercomOptions,
): MetricScore {
  return scoreCorpus(ter(options), hypotheses, references);
}
