import { editDistance } from "./editDistance.ts";
import { type Metric, OWN_VERSION, rate } from "./metric.ts";
import { splitWords } from "./tokenizers/whitespace.ts";

/** What is counted as one error: words, characters, or phonemes written as words. */
export type ErrorUnit = "word" | "character" | "phoneme";

const NAMES: Readonly<Record<ErrorUnit, string>> = { word: "WER", character: "CER", phoneme: "PER" };

/**
 * An edit-distance rate: the insertions, deletions and substitutions against the closest reference, for each unit
 * of that reference, over the whole corpus; above 100 when there are more errors than units.
 *
 * Words and phonemes stand between white space, so the phoneme error rate is the word error rate of transcriptions
 * written with a space between symbols. Characters are Unicode code points, a run of white space counting as one.
 * Of references that are equally close the longest counts.
 *
 * A segment's statistics are its errors and the length of that reference.
 */
export function errorRate(unit: ErrorUnit, { lowercase = false } = {}): Metric {
  const split = (segment: string): string[] => {
    const words = splitWords(lowercase ? segment.toLowerCase() : segment);
    return unit === "character" ? [...words.join(" ")] : words;
  };
  return {
    name: NAMES[unit],
    lowerIsBetter: true,
    measure(hypothesis, references) {
      const units = split(hypothesis);
      const candidates = references.map(split).map((reference) => ({
        errors: editDistance(units, reference),
        length: reference.length,
      }));
      const best = candidates.reduce((closest, other) =>
        other.errors < closest.errors || (other.errors === closest.errors && other.length > closest.length)
          ? other
          : closest,
      );
      return [best.errors, best.length];
    },
    score: (sums) => rate(sums[0]!, sums[1]!),
    signature: (references) =>
      `nrefs:${references}|case:${lowercase ? "lc" : "mixed"}|unit:${unit}|version:${OWN_VERSION}`,
  };
}
