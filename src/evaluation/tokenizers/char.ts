import { splitWords } from "./whitespace.ts";

/**
 * Makes every Unicode code point a token and drops white space, as sacreBLEU's `char` does.
 *
 * @example
 * tokenizeChar("我 very"); // ["我", "v", "e", "r", "y"]
 */
export function tokenizeChar(segment: string): string[] {
  return splitWords(segment).flatMap((word) => [...word]);
}
