import { splitWords } from "./whitespace.ts";

/**
 * Splits off punctuation and symbols of every script as mteval-v14.pl --international-tokenization (NIST, 2011)
 * does: punctuation stays in a word only between two numbers, and at either end of the text beside a number.
 *
 * @example
 * tokenizeIntl("“1,5 €”"); // ["“", "1,5", "€", "”"]
 */
export function tokenizeIntl(segment: string): string[] {
  const spaced = segment
    .replace(/(\P{N})(\p{P})/gu, "$1 $2 ")
    .replace(/(\p{P})(\P{N})/gu, " $1 $2")
    .replace(/\p{S}/gu, " $& ");
  return splitWords(spaced);
}
