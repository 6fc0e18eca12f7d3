import { lengthPenalty } from "../decoding/lengthPenalty.ts";
import type { PairScore } from "../decoding/scorer.ts";
import { type Translator, taggedLines } from "../decoding/translator.ts";
import { formatNBest, type NBestEntry } from "./nBestList.ts";

/** A pair's scores: of the target given the source, and with a reverse model of the source given the target. */
export interface BothScores {
  readonly forward: PairScore;
  readonly backward: PairScore | undefined;
}

/**
 * Scores pairs of lines in one direction, or in both.
 *
 * @param tag in front of the sources, as the model that translates them wants it
 */
export async function scoreBothWays(
  forward: Translator,
  backward: Translator | undefined,
  sources: readonly string[],
  targets: readonly string[],
  tag?: string,
): Promise<BothScores[]> {
  const there = await forward.score(taggedLines(sources, tag, forward.sourceTokenizer), targets);
  const back = await backward?.score(targets, sources);
  return there.map((score, i) => ({ forward: score, backward: back?.[i] }));
}

/** A line of scores, newline included: of each direction the total, and if wanted the mean and that of each token. */
export function formatScores({ forward, backward }: BothScores, perToken: boolean): string {
  const columns = [forward, ...(backward === undefined ? [] : [backward])].flatMap((score) => [
    score.logProbability,
    ...(perToken ? [score.logProbability / score.tokens, score.tokenLogProbabilities.join(" ")] : []),
  ]);
  return `${columns.join("\t")}\n`;
}

/**
 * Ranks the entries of each source line anew: by the log-probability of the target over its length penalty, plus,
 * with a reverse model, that of the source over its own (Li et al. 2016, section 4.5, with equal weights).
 *
 * @param entries those of a source line one behind the other
 * @param alpha of the length penalty
 * @returns the entries as lines, best first, ties in the order in which they came
 */
export function rerank(entries: readonly NBestEntry[], scores: readonly BothScores[], alpha: number): string {
  const normalised = ({ logProbability, tokens }: PairScore): number =>
    logProbability / lengthPenalty(tokens, alpha);
  const rescored = entries.map((entry, i) => {
    const { forward, backward } = scores[i]!;
    const features = [
      ...(entry.features === "" ? [] : [entry.features]),
      `Forward= ${forward.logProbability}`,
      ...(backward === undefined ? [] : [`Backward= ${backward.logProbability}`]),
    ].join(" ");
    return {
      ...entry,
      features,
      score: normalised(forward) + (backward === undefined ? 0 : normalised(backward)),
    };
  });
  const groups: NBestEntry[][] = [];
  for (const entry of rescored) {
    const group = groups.at(-1);
    if (group?.at(-1)?.line === entry.line) group.push(entry);
    else groups.push([entry]);
  }
  return groups
    .flatMap((group) => group.sort((a, b) => b.score - a.score))
    .map(formatNBest)
    .join("");
}
