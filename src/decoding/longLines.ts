import { segmentsOf, sentencesIn } from "../text/sentences.ts";
import { UNSPACED } from "../text/spacing.ts";

/** The longest lines that a model was trained on. */
export interface SeenLengths {
  /** The most tokens of a source, END not counted. */
  readonly source: number;
  /** The most tokens of a target. */
  readonly target: number;
  /** The most sentences of a source. */
  readonly sentences: number;
}

/** What a piece of a line may have. */
export interface PieceLimits extends Pick<SeenLengths, "source" | "sentences"> {
  /** Tokens above which a sentence is cut, though that hurts. */
  readonly most: number;
}

const WORDS = new Intl.Segmenter("en", { granularity: "word" });

/** Ways to cut a sentence, from where it hurts least on: the next one is for pieces that are too long alone. */
const CUTS: readonly ((text: string) => string[])[] = [
  (text) => text.split(/(?!\s)(?<=[,;:，；：、]\s*)/u),
  (text) => segmentsOf(text, WORDS),
  (text) => [...text],
];

/**
 * Cuts a line at the ends of sentences into pieces as long as they can be. A sentence that is too long alone stays as
 * it is up to `most` tokens; above that it is cut at commas, and where there are none between words.
 *
 * @param countTokens the tokens of a text
 */
export function splitLine(
  line: string,
  { source, sentences, most }: PieceLimits,
  countTokens: (text: string) => number,
): string[] {
  return gather(sentencesIn(line), source, sentences, countTokens, (sentence) =>
    countTokens(sentence) > most ? cut(sentence, source, countTokens) : [sentence.trim()],
  );
}

/** Cuts a text into pieces of no more than `most` tokens. */
function cut(text: string, most: number, countTokens: (text: string) => number, way = 0): string[] {
  const parts = CUTS[way];
  if (parts === undefined || countTokens(text) <= most) return [text.trim()];
  return gather(parts(text), most, Number.POSITIVE_INFINITY, countTokens, (part) =>
    cut(part, most, countTokens, way + 1),
  );
}

/**
 * Puts parts of a text together to pieces of up to so many tokens and parts.
 *
 * @param tooLong what becomes of a part that has more tokens alone
 */
function gather(
  parts: readonly string[],
  mostTokens: number,
  mostParts: number,
  countTokens: (text: string) => number,
  tooLong: (part: string) => string[],
): string[] {
  const pieces: string[] = [];
  let piece = "";
  let [tokens, count] = [0, 0];
  const close = (): void => {
    if (piece.trim() !== "") pieces.push(piece.trim());
    [piece, tokens, count] = ["", 0, 0];
  };
  for (const part of parts) {
    const more = countTokens(part);
    if (tokens + more > mostTokens || count === mostParts) close();
    if (more > mostTokens) for (const cut of tooLong(part)) pieces.push(cut);
    else [piece, tokens, count] = [piece + part, tokens + more, count + 1];
  }
  close();
  return pieces;
}

/** Puts the translations of a line's pieces together, with spaces where their script has them. */
export function joinPieces(texts: readonly string[]): string {
  return texts
    .filter((text) => text !== "")
    .reduce((line, text) => {
      const isTight = line === "" || (UNSPACED.test(line.at(-1)!) && UNSPACED.test(text[0]!));
      return `${line}${isTight ? "" : " "}${text}`;
    }, "");
}
