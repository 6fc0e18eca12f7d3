import { memoize } from "./memoize.ts";

/**
 * Where a reader expects spaces: `natural` is ordinary writing ("Yes, I am."), `spaced` is text that
 * was tokenised beforehand, with a space in every gap ("Yes , I am .").
 */
export type SpacingStyle = "natural" | "spaced";

/** Whether a piece of text stands off by a space on each side; a gap has one when both its neighbours want it. */
interface Habit {
  readonly before: boolean;
  readonly after: boolean;
}

const SPACED: Habit = { before: true, after: true };
const TIGHT: Habit = { before: false, after: false };
const OPENING: Habit = { before: true, after: false };
const CLOSING: Habit = { before: false, after: true };

/** Scripts written without spaces between words, and East Asian punctuation, which has its space built in. */
export const UNSPACED =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Bopomofo}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}\u3000-\u303f\u30fb\u30fc\uff01-\uffef]/u;
const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;
const ELIDED_WORD = /['’]$/u;
export const TIGHT_SIGN = /^[-\u2010\u2011\u2014/\\@_·]/u;
export const CLOSING_SIGN = /^[.,;:!?%‰°…′″،؛؟।\p{Pe}\p{Pf}]/u;
export const OPENING_SIGN = /^[#¿¡\p{Ps}\p{Pi}\p{Sc}]/u;
const FRENCH_SPACED_SIGN = /^[;:!?«»]/u;
const FRENCH = /^fr\b/;

/** Quotation marks that take turns, opening and closing: "yes", 'yes', «yes» and »yes«. */
const TURNING_QUOTES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["'", "'"],
  ["«", "«"],
  ["»", "«"],
]);
/** What closes „yes“ and ‚yes‘ opens “yes” and ‘yes’. */
const LOW_QUOTES: ReadonlyMap<string, string> = new Map([
  ["“", "„"],
  ["‘", "‚"],
]);

const REMEMBERED = 65_536;

/** Whether a piece of text has neither letters nor digits. */
export function isSign(piece: string): boolean {
  return !LETTER_OR_DIGIT.test(piece);
}

/**
 * The spacing rules of a language. They need not be right everywhere: a gap where a text differs is marked
 * in its tokens, so that the rules only decide how rare the marks are.
 */
export class Spacing {
  readonly #style: SpacingStyle;
  readonly #isFrench: boolean;
  readonly #habit: (piece: string) => Habit;

  constructor(style: SpacingStyle, language: string | undefined) {
    this.#style = style;
    this.#isFrench = language !== undefined && FRENCH.test(language);
    this.#habit = memoize((piece) => this.#judge(piece), REMEMBERED);
  }

  /**
   * Starts a line.
   *
   * @returns a function to be called with every piece in turn; it says whether a space is expected before
   *   that piece, and remembers which quotation marks are open
   */
  startLine(): (piece: string) => boolean {
    const openQuotes = new Set<string>();
    let previous: Habit | undefined;
    return (piece) => {
      const habit = quoteHabit(piece, openQuotes, this.#isFrench) ?? this.#habit(piece);
      const expected =
        previous !== undefined && (this.#style === "spaced" || (previous.after && habit.before));
      previous = habit;
      return expected;
    };
  }

  /** Whether the parts of a word, written side by side, are read without spaces between them. */
  joins(word: string): boolean {
    return this.#style === "natural" && UNSPACED.test(word);
  }

  #judge(piece: string): Habit {
    if (UNSPACED.test(piece)) return TIGHT;
    if (LETTER_OR_DIGIT.test(piece)) return ELIDED_WORD.test(piece) ? OPENING : SPACED;
    if (this.#isFrench && FRENCH_SPACED_SIGN.test(piece)) return SPACED;
    if (TIGHT_SIGN.test(piece)) return TIGHT;
    if (CLOSING_SIGN.test(piece)) return CLOSING;
    if (OPENING_SIGN.test(piece)) return OPENING;
    return SPACED;
  }
}

/** The habit of a quotation mark that depends on those before it; undefined for every other piece. */
function quoteHabit(piece: string, open: Set<string>, isFrench: boolean): Habit | undefined {
  if (piece === "„" || piece === "‚") open.add(piece);
  const low = LOW_QUOTES.get(piece);
  if (low !== undefined && open.delete(low)) return CLOSING;
  const turning = TURNING_QUOTES.get(piece);
  if (turning === undefined || (isFrench && turning === "«")) return undefined;
  if (open.delete(turning)) return CLOSING;
  open.add(turning);
  return OPENING;
}
