import { pharaoh } from "../decoding/alignments.ts";
import type { TranslatedHypothesis, Translation } from "../decoding/translation.ts";
import { formatNBest } from "./nBestList.ts";
import { onOneLine } from "./ui/terminal.ts";

/** What is printed of a translation beside its text. */
export interface OutputFlags {
  readonly nBest?: number;
  readonly scores?: boolean;
  readonly alignments?: string;
  readonly json?: boolean;
}

/** What a line has to say if nothing was translated: it is empty, or it was refused. */
const NOTHING: TranslatedHypothesis = {
  text: "",
  tokens: [],
  logProbability: 0,
  score: 0,
  tokenLogProbabilities: [],
  ended: true,
};

/**
 * What is printed for a line, newline included: its translation and columns, its n-best list, or an object.
 *
 * @param line the number of the line, from 1
 */
export function formatTranslation(
  line: number,
  source: string,
  { hypotheses }: Translation,
  { nBest = 1, scores = false, alignments, json = false }: OutputFlags,
): string {
  if (json) return `${JSON.stringify(translationObject(line, source, hypotheses))}\n`;
  const found = (hypotheses.length === 0 ? [NOTHING] : hypotheses).map((hypothesis) => ({
    ...hypothesis,
    text: onOneLine(hypothesis.text),
  }));
  const links = (hypothesis: TranslatedHypothesis): string => pharaoh(hypothesis.alignment ?? []);
  if (nBest > 1) {
    const entries = found.map((hypothesis) => {
      const { text, logProbability, tokenLogProbabilities, score } = hypothesis;
      const features = `LogProbability= ${logProbability} Length= ${tokenLogProbabilities.length}`;
      const rest = alignments === undefined ? [] : [links(hypothesis)];
      return formatNBest({ line: line - 1, text, features, score, rest });
    });
    return entries.join("");
  }
  const best = found[0]!;
  const columns = [
    best.text,
    ...(scores ? [best.logProbability, best.score] : []),
    ...(alignments ? [links(best)] : []),
  ];
  return `${columns.join("\t")}\n`;
}

/** The best hypothesis beside its source, and all of them under `nBest`. */
function translationObject(
  line: number,
  source: string,
  hypotheses: readonly TranslatedHypothesis[],
): object {
  const objects = (hypotheses.length === 0 ? [NOTHING] : hypotheses).map(({ text, ...rest }) => ({
    translation: text,
    ...rest,
  }));
  return { line, source, ...objects[0], nBest: hypotheses.length === 0 ? [] : objects };
}
