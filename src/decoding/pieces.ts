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

/**
 * The pieces of lines, in order; none of a line without a token, or of one that is refused.
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
): Piece[] {
  const prefixes = encodePrefixes(prefix, lines.length, targetTokenizer);
  const none = new Int32Array(0);
  return lines.flatMap((text, line) => {
    const piece = (part: string, i = 0, tokens = Number.POSITIVE_INFINITY): Piece => ({
      line,
      source: sourceTokenizer.encode(part).subarray(0, tokens),
      partnerSources: partners.map((partner) => partner.encode(part).subarray(0, tokens)),
      prefix: i === 0 ? prefixes[line]! : none,
    });
    const whole = piece(text);
    if (whole.source.length === 0) return [];
    if (whole.source.length <= most || longLines === "keep") return [whole];
    if (longLines === "refuse") return [];
    if (longLines === "truncate") return [piece(text, 0, most)];
    const parts = splitLine(text, most, (part) => sourceTokenizer.encode(part).length);
    return parts.map((part, i) => piece(part, i)).filter(({ source }) => source.length > 0);
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
