/** How often each n-gram occurs. */
export type NgramCounts = ReadonlyMap<string, number>;

/** Counts the n-grams of one order in tokens that hold no space. */
export function countWordNgrams(tokens: readonly string[], order: number): NgramCounts {
  const counts = new Map<string, number>();
  for (let end = order; end <= tokens.length; end++)
    increment(counts, tokens.slice(end - order, end).join(" "));
  return counts;
}

/**
 * Counts the character n-grams of the orders 1 to `maxOrder`; a character is a Unicode code point.
 *
 * @returns the counts of order n at index n - 1
 */
export function countCharacterNgrams(text: string, maxOrder: number): NgramCounts[] {
  const begins = [...codePointBegins(text), text.length];
  return Array.from({ length: maxOrder }, (_, index) => {
    const order = index + 1;
    const counts = new Map<string, number>();
    for (let i = 0; i + order < begins.length; i++)
      increment(counts, text.slice(begins[i], begins[i + order]));
    return counts;
  });
}

/** All occurrences together. */
export function totalCount(counts: NgramCounts): number {
  let total = 0;
  for (const count of counts.values()) total += count;
  return total;
}

/** How many n-grams two texts share, each as often as it is in both. */
export function sharedCount(counts: NgramCounts, others: NgramCounts): number {
  let shared = 0;
  for (const [ngram, count] of counts) shared += Math.min(count, others.get(ngram) ?? 0);
  return shared;
}

function increment(counts: Map<string, number>, ngram: string): void {
  counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
}

function* codePointBegins(text: string): Generator<number, void, undefined> {
  let begin = 0;
  for (const character of text) {
    yield begin;
    begin += character.length;
  }
}
