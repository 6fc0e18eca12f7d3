import { toByteAlphabet } from "../bpe/byteAlphabet.ts";
import { damaged, flag, list, text as parseText, record, show, unsupported } from "../jsonFields.ts";
import { memoize } from "../memoize.ts";
import { patternOf } from "./linearPattern.ts";
import { createPattern } from "./regex.ts";
import { SPLIT_BEHAVIORS, type SplitBehavior, split } from "./split.ts";
import { splitByScript } from "./unicodeScripts.ts";

/**
 * Cuts a piece of a line into words, which merges never cross.
 *
 * @param isFirst whether the piece begins the line
 */
export type PreTokenizer = (piece: string, isFirst: boolean) => string[];

const SUPPORTED =
  "ByteLevel, Metaspace, Whitespace, WhitespaceSplit, BertPreTokenizer, Split, CharDelimiterSplit, Punctuation, Digits, UnicodeScripts, FixedLength and a Sequence of these";

/**
 * GPT-2's words (Radford et al. 2019): English contractions; runs of letters, of digits and of signs, each with
 * the space before it; white space, of which the last space goes with what follows.
 */
const GPT2_WORD =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;
const WORD_OR_SIGNS =
  /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]+|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}\p{White_Space}]+/gu;
const SPACE = patternOf(/\p{White_Space}/gu);
/** Unicode's punctuation and, of ASCII, its symbols too. */
const PUNCTUATION = patternOf(/[\p{P}$+<=>^`|~]/gu);
const DIGIT = patternOf(/\p{N}/gu);

/** Words whose bytes are remembered. */
const REMEMBERED = 65_536;

/**
 * Makes the pre-tokeniser that a part of `tokenizer.json` describes; none for null.
 *
 * @throws XformerError CHECKPOINT naming one that is not supported
 */
export function createPreTokenizer(json: unknown, file: string | undefined): PreTokenizer {
  if (json === null || json === undefined) return (piece) => (piece === "" ? [] : [piece]);
  const part = record(json, "pre_tokenizer", file);
  switch (part.type) {
    case "ByteLevel":
      return createByteLevel(
        flag(part.add_prefix_space, "add_prefix_space", file, true),
        flag(part.use_regex, "use_regex", file, true),
      );
    case "Metaspace":
      return createMetaspace(part, file);
    case "Whitespace":
      return (piece) => piece.match(WORD_OR_SIGNS) ?? [];
    case "WhitespaceSplit":
      return (piece) => split(piece, SPACE, "Removed");
    case "BertPreTokenizer":
      return (piece) =>
        split(piece, SPACE, "Removed").flatMap((word) => split(word, PUNCTUATION, "Isolated"));
    case "UnicodeScripts":
      return splitByScript;
    case "CharDelimiterSplit": {
      const delimiter = createPattern(
        { String: part.delimiter },
        "the pre-tokenizer CharDelimiterSplit",
        file,
      );
      return (piece) => split(piece, delimiter, "Removed");
    }
    case "FixedLength":
      return createFixedLength(part, file);
    case "Split": {
      const pattern = createPattern(part.pattern, "the pre-tokenizer Split", file);
      const behavior = parseBehavior(part.behavior, file);
      const isInverted = flag(part.invert, "invert", file, false);
      return (piece) => split(piece, pattern, behavior, isInverted);
    }
    case "Punctuation": {
      const behavior = parseBehavior(part.behavior ?? "Isolated", file);
      return (piece) => split(piece, PUNCTUATION, behavior);
    }
    case "Digits": {
      const behavior = flag(part.individual_digits, "individual_digits", file, false)
        ? "Isolated"
        : "Contiguous";
      return (piece) => split(piece, DIGIT, behavior);
    }
    case "Sequence": {
      const parts = list(part.pretokenizers, "pre_tokenizer.pretokenizers", file).map((each) =>
        createPreTokenizer(each, file),
      );
      return (piece, isFirst) =>
        parts.reduce(
          (pieces, cut) => pieces.flatMap((each, index) => cut(each, isFirst && index === 0)),
          [piece],
        );
    }
    default:
      return unsupported(`the pre-tokenizer ${show(part.type)}`, SUPPORTED, file);
  }
}

function createByteLevel(addsPrefixSpace: boolean, usesRegex: boolean): PreTokenizer {
  const toBytes = memoize(toByteAlphabet, REMEMBERED);
  return (piece) => {
    if (piece === "") return [];
    const spaced = addsPrefixSpace && !piece.startsWith(" ") ? ` ${piece}` : piece;
    return usesRegex ? (spaced.match(GPT2_WORD) ?? []).map(toBytes) : [toByteAlphabet(spaced)];
  };
}

function createFixedLength({ length = 5 }: Record<string, unknown>, file: string | undefined): PreTokenizer {
  if (typeof length !== "number" || !Number.isSafeInteger(length) || length < 1) {
    return damaged(
      `length of the pre-tokenizer FixedLength is ${show(length)}, expected a whole number`,
      file,
    );
  }
  return (piece) => {
    const characters = Array.from(piece);
    const pieces = Math.ceil(characters.length / length);
    return Array.from({ length: pieces }, (_, i) => characters.slice(i * length, (i + 1) * length).join(""));
  };
}

function createMetaspace(part: Record<string, unknown>, file: string | undefined): PreTokenizer {
  const mark = parseText(part.replacement, "replacement of the pre-tokenizer Metaspace", file);
  const scheme = metaspaceScheme(part, file);
  const splits = flag(part.split, "split", file, true);
  const marks = createPattern({ String: mark }, "the pre-tokenizer Metaspace", file);
  return (piece, isFirst) => {
    const marked = piece.replaceAll(" ", mark);
    const isPrefixed = marked !== "" && !marked.startsWith(mark) && (scheme === "always" || isFirst);
    const text = isPrefixed && scheme !== "never" ? mark + marked : marked;
    if (text === "") return [];
    return splits ? split(text, marks, "MergedWithNext") : [text];
  };
}

/**
 * When Metaspace writes its mark before the text.
 *
 * @throws XformerError CHECKPOINT when it says something else
 */
export function metaspaceScheme(
  part: Record<string, unknown>,
  file: string | undefined,
): "always" | "first" | "never" {
  const usual = flag(part.add_prefix_space, "add_prefix_space", file, true) ? "always" : "never";
  const scheme = part.prepend_scheme ?? usual;
  if (scheme === "always" || scheme === "first" || scheme === "never") return scheme;
  return damaged(`prepend_scheme is ${show(scheme)}, expected "always", "first" or "never"`, file);
}

function parseBehavior(json: unknown, file: string | undefined): SplitBehavior {
  const behavior = SPLIT_BEHAVIORS.find((each) => each === json);
  return (
    behavior ?? damaged(`behavior is ${show(json)}, expected one of ${SPLIT_BEHAVIORS.join(", ")}`, file)
  );
}
