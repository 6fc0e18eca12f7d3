import { XformerError } from "../errors.ts";
import { type Metric, OWN_VERSION, scoreCorpus } from "./metric.ts";
import { type References, unequal } from "./references.ts";

/**
 * The percentage of hypotheses that equal one of their references, character by character.
 *
 * A segment's statistics are whether it does, and 1.
 */
export function exactness({ lowercase = false } = {}): Metric {
  const fold = (text: string): string => (lowercase ? text.toLowerCase() : text);
  return {
    name: "exact match",
    lowerIsBetter: false,
    measure: (hypothesis, references) => [
      Number(references.some((reference) => fold(reference) === fold(hypothesis))),
      1,
    ],
    score: (sums) => (100 * sums[0]!) / sums[1]!,
    signature: (references) =>
      `nrefs:${references}|case:${lowercase ? "lc" : "mixed"}|unit:segment|version:${OWN_VERSION}`,
  };
}

/**
 * The percentage of hypotheses that are not exactly right, 100 minus exact match. Work on pronunciation calls this
 * its word error rate, one word being one hypothesis: the figure that is published for CMUdict.
 */
export function inexactness(options: { readonly lowercase?: boolean } = {}): Metric {
  const exact = exactness(options);
  return { ...exact, name: "not exact", lowerIsBetter: true, score: (sums) => 100 - exact.score(sums) };
}

/**
 * Gives the percentage of hypotheses that equal one of their references, character by character.
 *
 * @returns 0 to 100
 * @throws {XformerError} `DATA` if there is nothing to score or the counts differ
 *
 * @example
 * exactMatch(["I am good.", "Bye"], [["I am good.", "Goodbye"]]); // 50
 */
export function exactMatch(hypotheses: readonly string[], references: References): number {
  return scoreCorpus(exactness(), hypotheses, references).score;
}

/**
 * Gives the percentage of target tokens predicted right under teacher forcing, every token weighing the same.
 *
 * @param predicted for each sentence (or ragged batch) the likeliest token id at each position
 * @param expected the token ids that teacher forcing asks for, END included, in the same shape
 * @returns 0 to 100
 * @throws {XformerError} `DATA` if there are no tokens or the counts differ
 */
export function tokenAccuracy(
  predicted: readonly ArrayLike<number>[],
  expected: readonly ArrayLike<number>[],
): number {
  if (predicted.length !== expected.length)
    throw unequal("predicted and expected sequences", predicted.length, expected.length);
  let right = 0;
  let total = 0;
  for (const [index, ids] of expected.entries()) {
    const guesses = predicted[index] as ArrayLike<number>;
    if (guesses.length !== ids.length)
      throw unequal(`predicted and expected tokens of sequence ${index + 1}`, guesses.length, ids.length);
    for (let position = 0; position < ids.length; position++)
      if (guesses[position] === ids[position]) right++;
    total += ids.length;
  }
  if (total === 0) throw new XformerError("DATA", "no tokens to score");
  return (100 * right) / total;
}
