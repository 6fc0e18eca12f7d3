import { detachMarks, detachSymbols } from "./punctuation.ts";
import { splitWords, trim } from "./whitespace.ts";

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
export function tokenizeZh(segment: string): string[] {
  return splitWords(detachMarks(detachSymbols(trim(segment).replace(CHINESE, " $& "))));
}
