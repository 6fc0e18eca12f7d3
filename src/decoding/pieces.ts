import { XformerError } from "../errors.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { splitLine } from "./longLines.ts";
import type { DecodingOptions } from "./options.ts";

/** What is translated at a time: a line, or a piece of one that is too long. */
export interface Piece {
  /** Which of the lines it is of. */
  readonly line: number;
  readonly text: string;
  /** Source ids without END. */
  readonly source: Int32Array;
  /** The target ids to begin with. */
  readonly prefix: Int32Array;
}

/**
 * The pieces of lines, in order; none of a line without a token, or of one that is refused.
 *
 * @param most the tokens of the longest sentence that may have been trained on
 */
export function piecesOf(
  lines: readonly string[],
  { longLines = "split", prefix = "" }: DecodingOptions,
  sourceTokenizer: Tokenizer,
  targetTokenizer: Tokenizer,
  most: number,
): Piece[] {
  const prefixes = encodePrefixes(prefix, lines.length, targetTokenizer);
  const encode = (text: string): Int32Array => sourceTokenizer.encode(text);
  return lines.flatMap((text, line) => {
    const source = encode(text);
    const whole = { line, text, source, prefix: prefixes[line]! };
    if (source.length === 0) return [];
    if (source.length <= most || longLines === "keep") return [whole];
    if (longLines === "refuse") return [];
    if (longLines === "truncate") return [{ ...whole, source: source.subarray(0, most) }];
    const texts = splitLine(text, most, (part) => encode(part).length);
    return texts
      .map((part, i) => ({
        ...{ line, text: part, source: encode(part) },
        prefix: i === 0 ? whole.prefix : new Int32Array(0),
      }))
      .filter((part) => part.source.length > 0);
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
