import { type Metric, type MetricScore, rate, SACREBLEU_VERSION, scoreCorpus } from "./metric.ts";
import type { References } from "./references.ts";
import { countEditsWithShifts } from "./shifts.ts";
import { detachMarks, detachSymbols, splitWords, trimEnd, unescapeMarkup } from "./tokenizers.ts";

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

/** What TER does to a segment before it looks for edits. */
export interface TercomOptions {
  /** Whether punctuation is split off and mark-up unescaped; false by default. */
  readonly normalized?: boolean;
  /** Whether punctuation is dropped; false by default. */
  readonly noPunct?: boolean;
  /** Whether `normalized` makes every Chinese or Japanese character a word and `noPunct` drops their marks too. */
  readonly asianSupport?: boolean;
  /** Whether upper and lower case differ; false by default. */
  readonly caseSensitive?: boolean;
}

const ASIAN_MARKS = String.raw`\u3001\u3002\u3008-\u3011\u3014-\u301f\u30fb\uff61-\uff65`;
const FULL_WIDTH_MARKS = String.raw`\uff01\uff02\uff08\uff09\uff0c\uff0e\uff1a\uff1b\uff1f`;
// Radicals, strokes, enclosed and compatibility characters, ideographs. Tercom also means to split kana, but only
// at the very start of the text, where by then there always is a space: they stay together.
const IDEOGRAPHS = String.raw`\u2e80-\u2eff\u31c0-\u31ef\u3200-\u4dbf\u4e00-\u9fff\uf900-\ufaff\ufe30-\ufe4f`;

const ASIAN = new RegExp(`[${IDEOGRAPHS}${ASIAN_MARKS}${FULL_WIDTH_MARKS}]`, "g");
const ANY_ASIAN_MARK = new RegExp(`[${ASIAN_MARKS}${FULL_WIDTH_MARKS}]`, "g");
const ANY_MARK = /[.,?:;!"()]/g;

/**
 * Splits a segment into words as Tercom's normaliser (Snover et al. 2006) does in sacreBLEU.
 *
 * @example
 * tokenizeTercom("It's Ann's.", { normalized: true }); // ["it", "'s", "ann's", "."]
 */
function tokenizeTercom(segment: string, options: TercomOptions = {}): string[] {
  const { normalized = false, noPunct = false, asianSupport = false, caseSensitive = false } = options;
  let text = caseSensitive ? segment : segment.toLowerCase();
  if (normalized) {
    text = normalize(text);
    if (asianSupport) text = text.replace(ASIAN, " $& ");
  }
  if (noPunct) {
    text = text.replace(ANY_MARK, "");
    if (asianSupport) text = text.replace(ANY_ASIAN_MARK, "");
  }
  return splitWords(text);
}

function normalize(text: string): string {
  const line = unescapeMarkup(text.replaceAll("\n-", "").replaceAll("\n", " "));
  return detachMarks(detachSymbols(` ${line} `).replaceAll("'s ", " 's "));
}
