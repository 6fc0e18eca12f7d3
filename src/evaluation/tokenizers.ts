/** The name of a tokeniser that BLEU can count n-grams of, as sacreBLEU's `--tokenize` takes it. */
export type BleuTokenizer = "13a" | "intl" | "char" | "zh" | "none";

/** Every tokeniser under its name; each cuts a segment into tokens that are not empty and hold no white space. */
export const bleuTokenizers: Readonly<Record<BleuTokenizer, (segment: string) => string[]>> = {
  "13a": tokenize13a,
  intl: tokenizeIntl,
  char: tokenizeChar,
  zh: tokenizeZh,
  none: tokenizeNone,
};

/**
 * Tokenises as mteval-v13a.pl (NIST, 2009) does, the default of sacreBLEU and of the WMT shared tasks.
 *
 * @example
 * tokenize13a("It costs $1,000."); // ["It", "costs", "$", "1,000", "."]
 */
function tokenize13a(segment: string): string[] {
  const text = segment
    .replaceAll("<skipped>", "")
    .replaceAll("-\n", "") // a word hyphenated at the end of a line
    .replaceAll("\n", " ");
  return splitWords(detachMarks(detachSymbols(` ${unescapeMarkup(text)} `)));
}

/** Replaces SGML's names of `" & < >` by the characters. */
export function unescapeMarkup(text: string): string {
  return text
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&") // before the next two: mteval unescapes "&amp;lt;" twice
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">");
}

/**
 * Makes every Unicode code point a token and drops white space, as sacreBLEU's `char` does.
 *
 * @example
 * tokenizeChar("我 very"); // ["我", "v", "e", "r", "y"]
 */
function tokenizeChar(segment: string): string[] {
  return splitWords(segment).flatMap((word) => [...word]);
}

/**
 * Splits off punctuation and symbols of every script as mteval-v14.pl --international-tokenization (NIST, 2011)
 * does: punctuation stays in a word only between two numbers, and at either end of the text beside a number.
 *
 * @example
 * tokenizeIntl("“1,5 €”"); // ["“", "1,5", "€", "”"]
 */
function tokenizeIntl(segment: string): string[] {
  const spaced = segment
    .replace(/(\P{N})(\p{P})/gu, "$1 $2 ")
    .replace(/(\p{P})(\P{N})/gu, " $1 $2")
    .replace(/\p{S}/gu, " $& ");
  return splitWords(spaced);
}

/**
 * Splits at white space only, as sacreBLEU's `none` does: for text that is already tokenised.
 *
 * @example
 * tokenizeNone("Already tokenised ."); // ["Already", "tokenised", "."]
 */
function tokenizeNone(segment: string): string[] {
  return splitWords(segment);
}

/**
 * The code points that sacreBLEU 2.x takes for Chinese, first and last of each range.
 *
 * The first range is wider than its authors meant: sacreBLEU writes the bounds of Extension B as `\u20000` and
 * `\u2a6d6`, which Python reads as U+2000 and U+2A6D with a digit behind each. So quotation marks, arrows and
 * most symbols stand alone, and Extension B itself does not. Scores are comparable only if we do the same.
 */
const CHINESE_RANGES: readonly (readonly [first: number, last: number])[] = [
  [0x2001, 0x2a6d], // general punctuation, arrows, mathematics, symbols, dingbats
  [0x2e80, 0x2fdf], // CJK radicals supplement, Kangxi radicals
  [0x2ff0, 0x303f], // ideographic description characters, CJK punctuation
  [0x3100, 0x312f], // Bopomofo
  [0x31a0, 0x31ef], // Bopomofo extended, CJK strokes
  [0x3200, 0x33ff], // enclosed CJK letters, CJK compatibility
  [0x3400, 0x4db5], // CJK unified ideographs extension A
  [0x4e00, 0x9fbb], // CJK unified ideographs
  [0xf900, 0xfa2d], // CJK compatibility ideographs
  [0xfa30, 0xfa6a],
  [0xfa70, 0xfad9],
  [0xfe10, 0xfe1f], // vertical forms
  [0xfe30, 0xfe4f], // CJK compatibility forms
  [0xff00, 0xffef], // half-width and full-width forms
];

const CHINESE = new RegExp(
  `[${CHINESE_RANGES.map((range) => range.map((bound) => String.fromCharCode(bound)).join("-")).join("")}]`,
  "g",
);

/**
 * Makes every Chinese character a token and splits the rest like `13a` (without its unescaping), as sacreBLEU's
 * `zh` does.
 *
 * @example
 * tokenizeZh("我用Python 3.11写代码。"); // ["我", "用", "Python", "3.11", "写", "代", "码", "。"]
 */
function tokenizeZh(segment: string): string[] {
  return splitWords(detachMarks(detachSymbols(trim(segment).replace(CHINESE, " $& "))));
}

/** ASCII punctuation and symbols that always stand alone: all of them but the apostrophe and `, - .` */
const STANDALONE = /[!-&(-+/:-@[-`{-~]/g;
const MARK_AFTER_NON_DIGIT = /([^0-9])([.,])/gu;
const MARK_BEFORE_NON_DIGIT = /([.,])([^0-9])/gu;
const DASH_AFTER_DIGIT = /([0-9])-/g;

/** Puts spaces around ASCII punctuation and symbols other than the apostrophe and `, - .` */
export function detachSymbols(text: string): string {
  return text.replace(STANDALONE, " $& ");
}

/**
 * Puts spaces around `, - .` by the language-dependent rules of mteval-v13a.pl (NIST, 2009): `, .` stay in a word
 * only between two digits, and `-` unless a digit stands before it.
 *
 * Each rule needs a neighbour to look at, so `, .` at the very start or end of the text can stay attached to a
 * digit: whoever wants them apart puts a space around the text, as `13a` does and `zh` does not.
 */
export function detachMarks(text: string): string {
  // The order matters, and so does that every rule passes over the text once: in "..." the second point
  // is the neighbour of the first and is looked at again only by the next rule.
  return text
    .replace(MARK_AFTER_NON_DIGIT, "$1 $2 ")
    .replace(MARK_BEFORE_NON_DIGIT, " $1 $2")
    .replace(DASH_AFTER_DIGIT, "$1 - ");
}

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
function trim(text: string): string {
  const start = text.search(WORDS);
  return start === -1 ? "" : trimEnd(text.slice(start));
}
