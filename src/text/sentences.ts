/** Only a text with something after the end of a sentence can have two of them: most lines need no more than this. */
const MAY_HAVE_SEVERAL = /[\p{Sentence_Terminal}\n\u0085\u2028\u2029].*[\p{L}\p{N}]/su;
const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;

// Of one language for all, so that no machine's own decides what a sentence is.
const SEGMENTER = new Intl.Segmenter("en", { granularity: "sentence" });

/**
 * The sentences of a text (UAX 29), each with the space behind it; together they are the text. What has neither a
 * letter nor a digit belongs to the sentence before it.
 */
export function sentencesIn(text: string): string[] {
  if (!MAY_HAVE_SEVERAL.test(text)) return [text];
  const sentences: string[] = [];
  for (const segment of segmentsOf(text, SEGMENTER)) {
    if (sentences.length > 0 && !LETTER_OR_DIGIT.test(segment)) sentences[sentences.length - 1] += segment;
    else sentences.push(segment);
  }
  return sentences;
}

/** ICU takes quadratic time over one long string: so many code units are given to it at a time. */
const WINDOW = 2048;

/** The segments of a text, in a time that grows with its length; together they are the text. */
export function segmentsOf(text: string, segmenter: Intl.Segmenter): string[] {
  const segments: string[] = [];
  for (let start = 0; start < text.length; ) {
    const window = windowOf(text, start);
    const found = Array.from(segmenter.segment(window), ({ segment }) => segment);
    // What ends with the window may go on after it, and is read again; unless it is all there is.
    const isLast = start + window.length === text.length;
    if (!isLast && found.length > 1) found.pop();
    for (const segment of found) start += segment.length;
    segments.push(...found);
  }
  return segments;
}

/** The next window of a text: where more follows, up to its last white space, and never half a character. */
function windowOf(text: string, start: number): string {
  const window = text.slice(start, start + WINDOW);
  if (start + window.length === text.length) return window;
  const words = /^.*\s/su.exec(window)?.[0];
  return words ?? (/[\uD800-\uDBFF]$/.test(window) ? window.slice(0, -1) : window);
}
