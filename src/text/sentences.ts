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
  for (const { segment } of SEGMENTER.segment(text)) {
    if (sentences.length > 0 && !LETTER_OR_DIGIT.test(segment)) sentences[sentences.length - 1] += segment;
    else sentences.push(segment);
  }
  return sentences;
}
