// Python's idea of white space, because sacreBLEU is written in Python: Unicode's White_Space and the four
// ASCII separators U+001C to U+001F. JavaScript's `\s` lacks those and U+0085, and adds U+FEFF.
const SPACE = String.raw`\p{White_Space}\u001c-\u001f`;
const WORDS = new RegExp(`[^${SPACE}]+`, "gu");
const IS_SPACE = new RegExp(`[${SPACE}]`, "u");

/** Splits at runs of white space, as Python's `str.split()` does: no word is empty. */
export function splitWords(text: string): string[] {
  return text.match(WORDS) ?? [];
}

/** Drops white space at the end, as Python's `str.rstrip()` does. */
export function trimEnd(text: string): string {
  // A loop, since an anchored expression takes quadratic time on a long run of spaces inside the text.
  let end = text.length;
  while (end > 0 && IS_SPACE.test(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

/** Drops white space at both ends, as Python's `str.strip()` does. */
export function trim(text: string): string {
  const start = text.search(WORDS);
  return start === -1 ? "" : trimEnd(text.slice(start));
}
