import { splitPunctuation } from "./punctuation.ts";

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
    .replaceAll("\n", " ")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&") // before the next two: mteval unescapes "&amp;lt;" twice
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">");
  return splitPunctuation(` ${text} `);
}
