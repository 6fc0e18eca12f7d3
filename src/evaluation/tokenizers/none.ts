import { splitWords } from "./whitespace.ts";

/**
 * Splits at white space only, as sacreBLEU's `none` does: for text that is already tokenised.
 *
 * @example
 * tokenizeNone("Already tokenised ."); // ["Already", "tokenised", "."]
 */
export function tokenizeNone(segment: string): string[] {
  return splitWords(segment);
}
