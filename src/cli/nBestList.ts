import { XformerError } from "../errors.ts";

/** An entry of an n-best list as Moses writes it: `0 ||| text ||| features ||| score`, and perhaps more fields. */
export interface NBestEntry {
  /** The number of the source line, from 0. */
  readonly line: number;
  readonly text: string;
  readonly features: string;
  readonly score: number;
  /** What comes after the score, such as alignments. */
  readonly rest: readonly string[];
}

const SEPARATOR = " ||| ";

/** One line of an n-best list, newline included. */
export function formatNBest({ line, text, features, score, rest }: NBestEntry): string {
  return `${[line, text, features, score, ...rest].join(SEPARATOR)}\n`;
}

/**
 * Reads a line of an n-best list; features and score may be missing.
 *
 * @param at where it stands, for the error message
 * @param sources how many source lines there are
 * @throws XformerError DATA when it is no such line, or of no source line
 */
export function parseNBest(
  text: string,
  at: { readonly file: string; readonly line: number },
  sources: number,
): NBestEntry {
  // Fields may be empty, and then some writers leave one of their two spaces out.
  const [line, hypothesis, features = "", score = "0", ...rest] = text.split(/ ?\|\|\| ?/);
  if (hypothesis === undefined || !/^\d+$/.test(line!) || Number.isNaN(Number(score))) {
    throw new XformerError("DATA", "this is no entry of an n-best list", {
      ...at,
      hint: "Write a line number from 0, the text, features and a score, with ||| between them.",
    });
  }
  if (Number(line) < sources)
    return { line: Number(line), text: hypothesis, features, score: Number(score), rest };
  throw new XformerError("DATA", `it is of source line ${line}, but the last one is ${sources - 1}`, {
    ...at,
    hint: "Give the lines that were translated with --input; they are counted from 0.",
  });
}
