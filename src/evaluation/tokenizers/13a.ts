import { detachMarks, detachSymbols } from "./punctuation.ts";
import { splitWords } from "./whitespace.ts";

/**
 * Tokenises as mteval-v13a.pl (NIST, 2009) does, the default of sacreBLEU and of the WMT shared tasks.
 *
 * @example
 * tokenize13a("It costs $1,000."); // ["It", "costs", "$", "1,000", "."]
 */
export function tokenize13a(segment: string): string[] {
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
