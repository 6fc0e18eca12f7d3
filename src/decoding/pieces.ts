import { XformerError } from "../errors.ts";
import { sentencesIn } from "../text/sentences.ts";
import { leadingTag } from "../text/tags.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { LinePhrases } from "./lexicon.ts";
import { type PieceLimits, splitLine } from "./longLines.ts";
import type { DecodingOptions } from "./options.ts";

/** What is translated at a time: a line, or a piece of one that is too long. */
export interface Piece {
  /** Which of the lines it is of. */
  readonly line: number;
  readonly text: string;
  /** Source ids without END. */
  readonly source: Int32Array;
  /** The same as each partner of an ensemble reads it. */
  readonly partnerSources: readonly Int32Array[];
  /** The target ids to begin with. */
  readonly prefix: Int32Array;
  /** What its translation has to contain, if anything. */
  readonly phrases: LinePhrases | undefined;
}

/** A line and its pieces: none of a line without a token, or of one that is refused. */
export interface LineInPieces {
  /** Source ids of the whole line, without END. */
  readonly source: Int32Array;
  /** Whether it is longer than the lines of training. */
  readonly overLong: boolean;
  readonly pieces: readonly Piece[];
}

/**
 * Cuts lines into pieces where they are too long. A line with phrases stays whole, as nobody knows in which piece they
 * belong.
 *
 * @param partners the source tokenizers of further models
 * @param limits the longest lines of training, and what the longest could have been
 * @param phrasesOf what the translation of a line has to contain, for a source of so many tokens
 */
export function piecesOf(
  lines: readonly string[],
  { longLines = "split", prefix = "" }: DecodingOptions,
  sourceTokenizer: Tokenizer,
  partners: readonly Tokenizer[],
  targetTokenizer: Tokenizer,
  limits: PieceLimits,
  phrasesOf: (line: number, sourceTokens: number) => LinePhrases | undefined,
): LineInPieces[] {
  const prefixes = encodePrefixes(prefix, lines.length, targetTokenizer);
  const none = new Int32Array(0);
  return lines.map((text, line) => {
    const piece = (part: string, i = 0, tokens = Number.POSITIVE_INFINITY): Piece => {
      const source = sourceTokenizer.encode(part).subarray(0, tokens);
      return {
        line,
        text: part,
        source,
        partnerSources: partners.map((partner) => partner.encode(part).subarray(0, tokens)),
        prefix: i === 0 ? prefixes[line]! : none,
        phrases: i === 0 ? phrasesOf(line, source.length) : undefined,
      };
    };
    const whole = piece(text);
    const { source } = whole;
    if (source.length === 0) return { source, overLong: false, pieces: [] };
    const hasManyTokens = source.length > limits.source;
    if (hasManyTokens && longLines === "refuse") return { source, overLong: true, pieces: [] };
    if (hasManyTokens && longLines === "truncate")
      return { source, overLong: true, pieces: [piece(text, 0, limits.source)] };
    const mayStay = longLines !== "split" || (whole.phrases?.list.length ?? 0) > 0;
    const overLong = hasManyTokens || (!mayStay && sentencesIn(text).length > limits.sentences);
    if (!overLong || mayStay) return { source, overLong, pieces: [whole] };
    // What a tag says of a line it says of each of its pieces.
    const tag = leadingTag(sourceTokenizer, text);
    const rest = tag === undefined ? text : text.trimStart().slice(tag.length);
    const room = tag === undefined ? limits.source : Math.max(1, limits.source - 1);
    const parts = splitLine(
      rest,
      { ...limits, source: room },
      (part) => sourceTokenizer.encode(part).length,
    ).filter((part) => sourceTokenizer.encode(part).length > 0);
    return {
      source,
      overLong,
      pieces: parts.map((part, i) => piece(tag === undefined ? part : `${tag} ${part}`, i)),
    };
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
