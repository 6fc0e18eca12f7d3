import { XformerError } from "../errors.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { splitLine } from "./longLines.ts";
import type { DecodingOptions } from "./options.ts";

/** What is translated at a time: a line, or a piece of one that is too long. */
export interface Piece {
  /** Which of the lines it is of. */
  readonly line: number;
  /** Source ids without END. */
  readonly source: Int32Array;
  /** The same as each partner of an ensemble reads it. */
  readonly partnerSources: readonly Int32Array[];
  /** The target ids to begin with. */
  readonly prefix: Int32Array;
}

/** A line and its pieces: none of a line without a token, or of one that is refused. */
export interface LineInPieces {
  /** Source ids of the whole line, without END. */
  readonly source: Int32Array;
  readonly pieces: readonly Piece[];
}

/**
 * Cuts lines into pieces where they are too long.
 *
 * @param partners the source tokenizers of further models
 * @param most the tokens of the longest sentence that may have been trained on
 */
export function piecesOf(
  lines: readonly string[],
  { longLines = "split", prefix = "" }: DecodingOptions,
  sourceTokenizer: Tokenizer,
  partners: readonly Tokenizer[],
  targetTokenizer: Tokenizer,
  most: number,
): LineInPieces[] {
  const prefixes = encodePrefixes(prefix, lines.length, targetTokenizer);
  const none = new Int32Array(0);
  return lines.map((text, line) => {
    const piece = (part: string, i = 0, tokens = Number.POSITIVE_INFINITY): Piece => ({
      line,
      source: sourceTokenizer.encode(part).subarray(0, tokens),
      partnerSources: partners.map((partner) => partner.encode(part).subarray(0, tokens)),
      prefix: i === 0 ? prefixes[line]! : none,
    });
    const whole = piece(text);
    const { source } = whole;
    if (source.length === 0) return { source, pieces: [] };
    if (source.length <= most || longLines === "keep") return { source, pieces: [whole] };
    if (longLines === "refuse") return { source, pieces: [] };
    if (longLines === "truncate") return { source, pieces: [piece(text, 0, most)] };
    const parts = splitLine(text, most, (part) => sourceTokenizer.encode(part).length);
    const pieces = parts.map((part, i) => piece(part, i)).filter((part) => part.source.length > 0);
    return { source, pieces };
  });
}

function encodePrefixes(
  prefix: string | readonly string[],
  lines: number,
  tokenizer: Tokenizer,
): Int32Array[] {
  if (typeof prefix === "string") return new Array<Int32Array>(lines).fill(tokenizer.encode(prefix));
  if (prefix.length === lines) return prefix.map((text) => tokenizer.encode(text));
  throw new XformerError("USAGE", `there are ${prefix.length} prefixes for ${lines} lines`, {
    hint: "Give each line its prefix, or all of them one.",
  });
}
