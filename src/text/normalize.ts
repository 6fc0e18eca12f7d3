/** What is done to a line before it is cut into tokens. */
export interface Normalization {
  /** Lowercase by the rules of `language`; decoding then gives lowercase back. */
  readonly lowercase: boolean;
  /** The language, as a BCP 47 tag; it matters to Turkish, Azeri and Lithuanian capitals. */
  readonly language: string | undefined;
}

/**
 * A sequence of combining marks longer than this is no language's spelling. The line that holds it is
 * not brought into a normal form, because sorting the marks takes quadratic time: minutes for a hostile megabyte.
 */
const LONGEST_MARK_SEQUENCE = 256;

/**
 * Brings a line into the form that tokenizers read and give back: lone surrogates become U+FFFD, letters
 * and their accents are composed (Unicode NFC, UAX 15), every run of white space becomes one space, none
 * is left at the ends. Normalising twice changes nothing more.
 */
export function normalize(text: string, { lowercase, language }: Normalization): string {
  let line = wellFormed(text);
  if (lowercase) line = line.toLocaleLowerCase(resolveLocale(language));
  return toUnicodeForm(line, "NFC").replace(/\s+/g, " ").trim();
}

/** A Unicode normalisation form of a line (UAX 15), unless it holds a hostile sequence of combining marks. */
export function toUnicodeForm(line: string, form: "NFC" | "NFD" | "NFKC" | "NFKD"): string {
  // NFC has nothing to do below U+0300, and no form has in ASCII.
  if (!(form === "NFC" ? /[\u0300-\uffff]/ : /[\u0080-\uffff]/).test(line)) return line;
  for (const [marks] of line.matchAll(/\p{Mark}{2,}/gu)) {
    if (marks.length > LONGEST_MARK_SEQUENCE) return line;
  }
  return line.normalize(form);
}

/** One letter at a time, as Hugging Face does: a final sigma is not told apart. */
export function lowercaseByLetter(line: string): string {
  return line.includes("Σ")
    ? Array.from(line, (letter) => letter.toLowerCase()).join("")
    : line.toLowerCase();
}

/** The text with U+FFFD for lone surrogates, which UTF-8 cannot hold: what Node's own encoder does. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\uFFFD");
}

/** Used when ICU does not know a language: never the machine's own locale, which would make runs differ. */
const FALLBACK = "en";

/**
 * The locale ICU uses for a language, the same on every machine.
 *
 * @param language what the user calls it: `zh`, `pt-BR`, `zh_CN`, or a name ICU has never heard of
 */
export function resolveLocale(language: string | undefined): string {
  if (language === undefined) return FALLBACK;
  try {
    return Intl.Segmenter.supportedLocalesOf(language.replaceAll("_", "-"))[0] ?? FALLBACK;
  } catch {
    return FALLBACK; // not shaped like a language tag (BCP 47)
  }
}
