import { tokenize13a } from "./13a.ts";
import { tokenizeChar } from "./char.ts";
import { tokenizeIntl } from "./intl.ts";
import { tokenizeNone } from "./none.ts";
import { tokenizeZh } from "./zh.ts";

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
