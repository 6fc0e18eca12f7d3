import { resolveLocale } from "./locale.ts";

/** What is done to a line before it is cut into tokens. */
export interface Normalization {
  /** Lowercase by the rules of `language`; decoding then gives lowercase back. */
  readonly lowercase: boolean;
  /** The language, as a BCP 47 tag; it matters to Turkish, Azeri and Lithuanian capitals. */
  readonly language: string | undefined;
}

/**
 * A sequence of combining marks longer than this is no language's spelling. The line that holds it is
 * not brought into NFC, because sorting the marks takes quadratic time: minutes for a hostile megabyte.
 */
const LONGEST_MARK_SEQUENCE = 256;

/**
 * Brings a line into the form that tokenizers read and give back: lone surrogates become U+FFFD, letters
 * and their accents are composed (Unicode NFC, UAX 15), every run of white space becomes one space, none
 * is left at the ends. Normalising twice changes nothing more.
 */
export function normalize(text: string, { lowercase, language }: Normalization): string {
  let line = text.replace(/\p{Surrogate}/gu, "\uFFFD");
  if (lowercase) line = line.toLocaleLowerCase(resolveLocale(language));
  return toNfc(line).replace(/\s+/g, " ").trim();
}

function toNfc(text: string): string {
  if (!/[\u0300-\uffff]/.test(text)) return text; // NFC has nothing to do below U+0300
  for (const [marks] of text.matchAll(/\p{Mark}{2,}/gu)) {
    if (marks.length > LONGEST_MARK_SEQUENCE) return text;
  }
  return text.normalize("NFC");
}
