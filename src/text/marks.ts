import { isSign, type Spacing } from "./spacing.ts";

/** Marks a space where none is expected. */
export const SPACE = "▁";
/** Marks that there is no space where one is expected. */
const JOINER = "￭";

/** A sign may carry a mark on each side; between two words a mark is a token of its own, with no piece. */
const MARKED = /^([▁￭]?)((?:[^\\▁￭]|\\.)*)([▁￭]?)$/su;

/**
 * Turns the pieces of a line into tokens that keep its spaces. A gap as expected costs nothing; any other is
 * marked on the sign beside it, or by a token of its own between two words: "a - b" is `a ▁-▁ b`. Marks and
 * backslashes in the text itself are escaped with a backslash.
 *
 * @param chunks the pieces between one space and the next, for every such stretch of the line
 */
export function markSpaces(chunks: Iterable<readonly string[]>, spacing: Spacing): string[] {
  const tokens: string[] = [];
  const expectsSpaceBefore = spacing.startLine();
  let previousIsSign = false;
  for (const chunk of chunks) {
    for (const [index, piece] of chunk.entries()) {
      const hasSpace = index === 0 && tokens.length > 0;
      const mark = expectsSpaceBefore(piece) === hasSpace ? "" : hasSpace ? SPACE : JOINER;
      const pieceIsSign = isSign(piece);
      const token = escapeMarks(piece);
      if (mark === "" || pieceIsSign) {
        tokens.push(mark + token);
      } else if (previousIsSign) {
        tokens.push(`${tokens.pop()}${mark}`, token);
      } else {
        tokens.push(mark, token);
      }
      previousIsSign = pieceIsSign;
    }
  }
  return tokens;
}

/**
 * Turns tokens back into a line: the inverse of {@link markSpaces} for the same rules.
 *
 * @param written what is written for a token, by its place, instead of its own text; spaces are as for the token
 */
export function joinTokens(
  tokens: Iterable<string>,
  spacing: Spacing,
  written: ReadonlyMap<number, string> = new Map(),
): string {
  const expectsSpaceBefore = spacing.startLine();
  let line = "";
  let pending = "";
  let place = -1;
  for (const token of tokens) {
    place++;
    const [, before = "", escaped = token, after = ""] = MARKED.exec(token) ?? [];
    const mark = before || pending;
    pending = mark;
    if (escaped === "") continue;
    const piece = escaped.replace(/\\(.)/gsu, "$1");
    const hasSpace = expectsSpaceBefore(piece) ? mark !== JOINER : mark === SPACE;
    const text = written.get(place) ?? piece;
    line += hasSpace && line !== "" ? ` ${text}` : text;
    pending = after;
  }
  return line;
}

/** The token without its marks; empty for a mark between two words. */
export function withoutMarks(token: string): string {
  return MARKED.exec(token)?.[2] ?? token;
}

/** How many spacing marks a token carries. */
export function countMarks(token: string): number {
  const [, before = "", , after = ""] = MARKED.exec(token) ?? [];
  return before.length + after.length;
}

function escapeMarks(piece: string): string {
  return /[\\▁￭]/.test(piece) ? piece.replace(/[\\▁￭]/g, "\\$&") : piece;
}
