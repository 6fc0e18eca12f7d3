/** A writing system: a Unicode script (UAX 24), but Japanese for Hiragana, Katakana and Han among them. */
export type Script = (typeof SCRIPTS)[number] | "Other";

const SCRIPTS = [
  ...["Latin", "Cyrillic", "Greek", "Arabic", "Hebrew", "Han", "Japanese", "Hangul", "Devanagari", "Thai"],
  ...["Armenian", "Georgian", "Bengali", "Gurmukhi", "Gujarati", "Tamil", "Telugu", "Kannada", "Malayalam"],
  ...["Sinhala", "Lao", "Tibetan", "Myanmar", "Khmer", "Ethiopic", "Mongolian"],
] as const;

/** Scripts that put no spaces between words: lengths are counted in characters. */
export const WITHOUT_SPACES: ReadonlySet<Script> = new Set<Script>([
  "Han",
  "Japanese",
  "Thai",
  "Lao",
  "Tibetan",
  "Myanmar",
  "Khmer",
]);

/** The share of kana from which a text of Han and kana is Japanese and not Chinese with a name in it. */
const JAPANESE = 0.1;

const PATTERNS = SCRIPTS.map((name) =>
  name === "Japanese" ? /[\p{Script=Hiragana}\p{Script=Katakana}]/u : new RegExp(`\\p{Script=${name}}`, "u"),
);
const HAN = SCRIPTS.indexOf("Han");
const KANA = SCRIPTS.indexOf("Japanese");
const OTHER = SCRIPTS.length;
const NO_LETTER = OTHER + 1;
/** The number of the script of every code point plus one; 0 where nobody has asked yet. */
const known = new Uint8Array(0x11_0000);

/**
 * The script that most letters of a text are of, the first of {@link SCRIPTS} on a tie.
 *
 * @returns undefined for a text without letters
 */
export function mainScript(text: string): Script | undefined {
  const letters = countLetters(text);
  const isJapanese = letters[KANA]! >= JAPANESE * (letters[HAN]! + letters[KANA]!);
  if (isJapanese) {
    letters[KANA]! += letters[HAN]!;
    letters[HAN] = 0;
  }
  let most = 0;
  for (let script = 1; script <= OTHER; script++) if (letters[script]! > letters[most]!) most = script;
  return letters[most] === 0 ? undefined : (SCRIPTS[most] ?? "Other");
}

/** Whether a text of one script is out of place among those of another; Japanese may be without kana. */
export function isOutOfPlace(script: Script, usual: Script): boolean {
  return script !== usual && !(usual === "Japanese" && script === "Han");
}

/** How many letters a text has of every script, by its number. */
function countLetters(text: string): Uint32Array {
  const letters = new Uint32Array(NO_LETTER + 1);
  for (let i = 0; i < text.length; i++) {
    const codePoint = text.codePointAt(i)!;
    if (codePoint > 0xffff) i++;
    letters[(known[codePoint] || learnNumber(codePoint)) - 1]!++;
  }
  return letters;
}

/** Finds out the script of a code point; gives what {@link known} holds from then on. */
function learnNumber(codePoint: number): number {
  const character = String.fromCodePoint(codePoint);
  const index = PATTERNS.findIndex((pattern) => pattern.test(character));
  const number = index !== -1 ? index : /\p{L}/u.test(character) ? OTHER : NO_LETTER;
  known[codePoint] = number + 1;
  return number + 1;
}
