import { type Metric, OWN_VERSION, rate } from "./metric.ts";
import { splitWords } from "./tokenizers.ts";

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

/**
 * The fewest insertions, deletions and substitutions that turn one sequence into the other (Levenshtein 1966).
 *
 * @example
 * editDistance([..."kitten"], [..."sitting"]); // 3
 */
export function editDistance(from: readonly string[], to: readonly string[]): number {
  // One row of the matrix at a time: costs[j] turns what has been read of `from` into the first j of `to`.
  const costs = Int32Array.from({ length: to.length + 1 }, (_, j) => j);
  for (const [i, item] of from.entries()) {
    let diagonal = costs[0]!;
    costs[0] = i + 1;
    for (const [j, wanted] of to.entries()) {
      const above = costs[j + 1]!;
      costs[j + 1] = Math.min(above + 1, costs[j]! + 1, diagonal + (item === wanted ? 0 : 1));
      diagonal = above;
    }
  }
  return costs[to.length]!;
}
