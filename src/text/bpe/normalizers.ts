import { flag, list, text as parseText, record, show, unsupported } from "../jsonFields.ts";
import { toUnicodeForm } from "../normalize.ts";
import { replaceMatches } from "./linearPattern.ts";
import { createPattern } from "./regex.ts";

/** Changes a line before it is split. */
export type Normalizer = (line: string) => string;

const SUPPORTED = "NFC, NFD, NFKC, NFKD, Lowercase, Strip, Replace, Prepend and a Sequence of these";

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
      return lowercase;
    case "Strip":
      return createStrip(
        flag(part.strip_left, "strip_left", file, true),
        flag(part.strip_right, "strip_right", file, true),
      );
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
      const parts = list(part.normalizers, "normalizer.normalizers", file).map((each) =>
        createNormalizer(each, file),
      );
      return (line) => parts.reduce((changed, normalizer) => normalizer(changed), line);
    }
    default:
      return unsupported(`the normalizer ${show(part.type)}`, SUPPORTED, file);
  }
}

/** Whether a normaliser lowercases, wherever it stands in a sequence. */
export function lowercases(json: unknown): boolean {
  if (typeof json !== "object" || json === null || !("type" in json)) return false;
  if (json.type === "Lowercase") return true;
  return "normalizers" in json && Array.isArray(json.normalizers) && json.normalizers.some(lowercases);
}

/** One letter at a time, as Hugging Face does: a final sigma is not told apart. */
function lowercase(line: string): string {
  return line.includes("Σ")
    ? Array.from(line, (letter) => letter.toLowerCase()).join("")
    : line.toLowerCase();
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
