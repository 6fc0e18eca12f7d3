import { memoize } from "./memoize.ts";
import { resolveLocale } from "./normalize.ts";

/** ICU takes quadratic time over one long string: a chunk of more code units than this is cut in windows. */
const LONGEST_AT_ONCE = 2048;
/** Half the time a code unit that {@link LONGEST_AT_ONCE} would take, and a quarter of what is read again. */
const WINDOW = 512;
/** Longer stretches of text hardly ever come again, so they are not worth remembering. */
const LONGEST_REMEMBERED = 32;
const REMEMBERED = 65_536;

/** Languages that write "l'eau" and "dell'acqua": the article is a word of its own. */
const ELIDING = /^(fr|it|ca|oc)\b/;
const HIGH_SURROGATE = /[\uD800-\uDBFF]/;
const AFTER_ELISION = /(?<=^\p{L}+['’])(?=\p{L})/u;

/**
 * Cuts text without white space into words and signs by Unicode's word boundaries (UAX 29), with ICU's
 * dictionaries for Chinese, Japanese, Thai and their like. The pieces joined together are the text.
 *
 * The dictionaries differ a little between versions of ICU, and so may the words of a Chinese sentence
 * between versions of Node.
 */
export class WordSegmenter {
  readonly #segmenter: Intl.Segmenter;
  readonly #elides: boolean;
  readonly #remembered: (chunk: string) => readonly string[];

  /** @param language a BCP 47 tag, to choose among the few rules that differ between languages */
  constructor(language: string | undefined) {
    const locale = resolveLocale(language);
    this.#segmenter = new Intl.Segmenter(locale, { granularity: "word" });
    this.#elides = ELIDING.test(locale);
    this.#remembered = memoize((chunk) => this.#cut(chunk), REMEMBERED);
  }

  /** @param chunk text between two spaces, normalised */
  segment(chunk: string): readonly string[] {
    return chunk.length <= LONGEST_REMEMBERED ? this.#remembered(chunk) : this.#cut(chunk);
  }

  #cut(chunk: string): string[] {
    const pieces: string[] = [];
    const most = chunk.length <= LONGEST_AT_ONCE ? chunk.length : WINDOW;
    for (let start = 0; start < chunk.length; ) {
      const splitsPair = HIGH_SURROGATE.test(chunk.charAt(start + most - 1));
      const window = chunk.slice(start, start + most + (splitsPair ? 1 : 0));
      const segments = Array.from(this.#segmenter.segment(window), ({ segment }) => segment);
      // The window may end inside a word, "a." of "a.b" too: its end is read again.
      const isLast = start + window.length === chunk.length;
      if (!isLast) segments.length = Math.max(1, segments.length - 2);
      for (const segment of segments) {
        start += segment.length;
        if (this.#elides) pieces.push(...segment.split(AFTER_ELISION));
        else pieces.push(segment);
      }
    }
    return pieces;
  }
}
