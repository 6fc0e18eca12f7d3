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
