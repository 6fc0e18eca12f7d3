import { UNSPACED } from "../text/spacing.ts";

/** Ways to cut a text, from where it hurts least on: the next one is for pieces that are too long alone. */
const CUTS: readonly ((text: string) => string[])[] = [
  segmentsBy("sentence"),
  (text) => text.split(/(?<=[,;:，；：、]\s*)(?!\s)/u),
  segmentsBy("word"),
  (text) => [...text],
];

/**
 * Cuts a line into pieces of no more than `most` tokens: at the ends of sentences, inside a sentence that is too
 * long at commas, and where there are none between words. Pieces are as long as they can be.
 *
 * @param countTokens the tokens of a text
 */
export function splitLine(
  line: string,
  most: number,
  countTokens: (text: string) => number,
  level = 0,
): string[] {
  const cut = CUTS[level];
  if (cut === undefined || countTokens(line) <= most) return [line.trim()];
  const pieces: string[] = [];
  let piece = "";
  let tokens = 0;
  const close = (): void => {
    if (piece.trim() !== "") pieces.push(piece.trim());
    [piece, tokens] = ["", 0];
  };
  for (const part of cut(line)) {
    const more = countTokens(part);
    if (tokens + more > most) close();
    if (more > most) pieces.push(...splitLine(part, most, countTokens, level + 1));
    else [piece, tokens] = [piece + part, tokens + more];
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

function segmentsBy(granularity: "sentence" | "word"): (text: string) => string[] {
  const segmenter = new Intl.Segmenter(undefined, { granularity });
  return (text) => Array.from(segmenter.segment(text), ({ segment }) => segment);
}
