import { toByteAlphabet, utf8Bytes } from "../bpe/byteAlphabet.ts";
import { CharsMap } from "../charsMap.ts";
import {
  flag,
  list,
  bytes as parseBytes,
  text as parseText,
  record,
  show,
  unsupported,
} from "../jsonFields.ts";
import { memoize } from "../memoize.ts";
import { lowercaseByLetter, toUnicodeForm } from "../normalize.ts";
import { parseSentencePieceNormalizer } from "../sentencePiece/normalizer.ts";
import { createBertNormalizer } from "./bertNormalizer.ts";
import { replaceMatches } from "./linearPattern.ts";
import { createPattern } from "./regex.ts";

/** Changes a line before it is split. */
export type Normalizer = (line: string) => string;

const SUPPORTED =
  "NFC, NFD, NFKC, NFKD, Lowercase, Strip, StripAccents, Replace, Prepend, Precompiled, BertNormalizer, Nmt, ByteLevel and a Sequence of these";

/** Graphemes whose replacement is remembered. */
const REMEMBERED = 65_536;

/** What Nmt leaves out: control characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about
const NMT_REMOVED = /[\u0001-\u0008\u000b\u000e-\u001f\u007f\u008f\u009f]/g;
/** What Nmt counts as spaces. */
const NMT_SPACES = /[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/g;

const GRAPHEMES = new Intl.Segmenter("en", { granularity: "grapheme" });

/**
 * Makes the normaliser that a part of `tokenizer.json` describes; none for null.
 *
 * @throws XformerError CHECKPOINT naming one that is not supported
 */
export function createNormalizer(json: unknown, file: string | undefined): Normalizer {
  if (json === null || json === undefined) return (line) => line;
  const part = record(json, "normalizer", file);
  switch (part.type) {
    case "NFC":
    case "NFD":
    case "NFKC":
    case "NFKD": {
      const form = part.type;
      return (line) => toUnicodeForm(line, form);
    }
    case "Lowercase":
      return lowercaseByLetter;
    case "Strip":
      return createStrip(
        flag(part.strip_left, "strip_left", file, true),
        flag(part.strip_right, "strip_right", file, true),
      );
    case "StripAccents":
      return (line) => line.replace(/\p{Mark}/gu, "");
    case "BertNormalizer":
      return createBertNormalizer(part, file);
    case "Nmt":
      return (line) => line.replace(NMT_REMOVED, "").replace(NMT_SPACES, " ");
    case "ByteLevel":
      return toByteAlphabet;
    case "Precompiled":
      return createPrecompiled(part, file);
    case "Replace": {
      const pattern = createPattern(part.pattern, "the normalizer Replace", file);
      const content = parseText(part.content, "the content of the normalizer Replace", file);
      return (line) => replaceMatches(line, pattern, content);
    }
    case "Prepend": {
      const prefix = parseText(part.prepend, "prepend of the normalizer Prepend", file);
      return (line) => (line === "" ? "" : prefix + line);
    }
    case "Sequence": {
      if (part.xformer !== undefined) return parseSentencePieceNormalizer(part, file);
      const parts = list(part.normalizers, "normalizer.normalizers", file).map((each) =>
        createNormalizer(each, file),
      );
      return (line) => parts.reduce((changed, normalizer) => normalizer(changed), line);
    }
    default:
      return unsupported(`the normalizer ${show(part.type)}`, SUPPORTED, file);
  }
}

/**
 * SentencePiece's replacements as Hugging Face applies them: to every grapheme (UAX 29) of fewer than six bytes the
 * shortest that it begins with, whatever follows it there; else to each of its characters.
 */
function createPrecompiled(part: Record<string, unknown>, file: string | undefined): Normalizer {
  const name = "precompiled_charsmap of the normalizer Precompiled";
  const map = new CharsMap(parseBytes(part.precompiled_charsmap, name, file), name, file);
  const replaced = (text: string): string | undefined => map.shortest(text)?.text;
  const read = memoize((grapheme) => {
    const whole = utf8Bytes(grapheme).length < 6 ? replaced(grapheme) : undefined;
    return whole ?? Array.from(grapheme, (character) => replaced(character) ?? character).join("");
  }, REMEMBERED);
  return (line) => {
    if (/^[ -~]*$/.test(line)) return Array.from(line, read).join("");
    return Array.from(GRAPHEMES.segment(line), ({ segment }) => read(segment)).join("");
  };
}

/** Whether a normaliser lowercases, wherever it stands in a sequence. */
export function lowercases(json: unknown): boolean {
  if (typeof json !== "object" || json === null || !("type" in json)) return false;
  if (json.type === "Lowercase") return true;
  if (json.type === "BertNormalizer") return !("lowercase" in json) || json.lowercase === true;
  return "normalizers" in json && Array.isArray(json.normalizers) && json.normalizers.some(lowercases);
}

function createStrip(left: boolean, right: boolean): Normalizer {
  return (line) => {
    const start = left ? line.replace(/^\p{White_Space}+/u, "") : line;
    return right ? start.slice(0, endOfText(start)) : start;
  };
}

/** A loop, because /\s+$/ takes quadratic time over a line with many spaces inside. */
function endOfText(line: string): number {
  let end = line.length;
  while (end > 0 && /\p{White_Space}/u.test(line.charAt(end - 1))) end--;
  return end;
}
