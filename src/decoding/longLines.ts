import { UNSPACED } from "../text/spacing.ts";

/** Ways to cut a text, from where it hurts least on: the next one is for pieces that are too long alone. */
const CUTS: readonly ((text: string) => string[])[] = [
  segmentsBy("sentence"),
  (text) => text.split(/(?!\s)(?<=[,;:，；：、]\s*)/u),
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

/** ICU takes quadratic time over one long string: so many code units are given to it at a time. */
const WINDOW = 2048;

function segmentsBy(granularity: "sentence" | "word"): (text: string) => string[] {
  const segmenter = new Intl.Segmenter(undefined, { granularity });
  return (text) => {
    const segments: string[] = [];
    for (let start = 0; start < text.length; ) {
      const window = windowOf(text, start);
      const found = Array.from(segmenter.segment(window), ({ segment }) => segment);
      // What ends with the window may go on after it, and is read again; unless it is all there is.
      const isLast = start + window.length === text.length;
      if (!isLast && found.length > 1) found.pop();
      for (const segment of found) start += segment.length;
      segments.push(...found);
    }
    return segments;
  };
}

/** The next window of a text: where more follows, up to its last white space, and never half a character. */
function windowOf(text: string, start: number): string {
  const window = text.slice(start, start + WINDOW);
  if (start + window.length === text.length) return window;
  const words = /^.*\s/su.exec(window)?.[0];
  return words ?? (/[\uD800-\uDBFF]$/.test(window) ? window.slice(0, -1) : window);
}
