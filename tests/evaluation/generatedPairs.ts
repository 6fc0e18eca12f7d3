const WORDS =
  "the a cat dog sat on mat house big red saw state-of-the-art 3.5 1,000 U.S. I'm it's Ann's don't The CAT (so) \"yes\" &amp; e.g. 20-30 我 们 很 好 学习 翻译。 ，你好 Straße Übung, в Москва мир! 😀 € x=1 … カタカナ ひら 「引」 한국어.".split(
    " ",
  );
const MARKS = ["", "", "", "", "", "", ".", ",", "!", " .", "。", "'s"];
const CORNERS = [
  ...["", " ", "word", ".", "?!...,;:", "Hello, world!", "我很好。", "a a a a a a a"],
  ...["我用Python 3.11写了1,000行。", "e d c b a", "a b c d e", "It's Ann's 's", "«мир» ‘x’ — €5"],
  "1,2 .5 5. x.5,",
];
const PAIRS = 10_000;
const LONG = 6;

/** Pairs of corners come first, so many of them. */
export const CORNER_PAIRS = CORNERS.length ** 2;

/** Whole numbers from 0 to `bound` - 1. */
export type Below = (bound: number) => number;

/** Knuth's linear congruential generator, the one of tests/fixtures/metrics/make_fixtures.py. */
export function congruential(seed: number): Below {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(((state >>> 8) * bound) / 2 ** 24);
  };
}

/** Ten thousand hypotheses with two references each, the same as in tests/fixtures/metrics/make_fixtures.py. */
export function generatePairs(): {
  readonly hypotheses: readonly string[];
  readonly references: readonly (readonly string[])[];
} {
  const below = congruential(20260);
  const hypotheses: string[] = [];
  const [first, second]: [string[], string[]] = [[], []];
  for (const hypothesis of CORNERS) {
    for (const reference of CORNERS) {
      hypotheses.push(hypothesis);
      first.push(reference);
      second.push(CORNERS[below(CORNERS.length)]!);
    }
  }
  while (hypotheses.length < PAIRS) {
    const length = hypotheses.length >= PAIRS - LONG ? 25 + below(21) : below(11);
    const words = Array.from({ length }, () => WORDS[below(WORDS.length)]!);
    hypotheses.push(join(below, corrupt(below, words, 5 * below(8))));
    for (const stream of [first, second]) stream.push(join(below, corrupt(below, words, 10)));
  }
  return { hypotheses, references: [first, second] };
}

/** Another wording: words dropped, replaced, doubled, and runs of them moved. */
function corrupt(below: Below, words: readonly string[], rate: number): string[] {
  const other: string[] = [];
  for (const word of words) {
    const kind = below(100) < rate ? below(4) : 3;
    if (kind === 1) other.push(WORDS[below(WORDS.length)]!);
    else if (kind === 2) other.push(word, word);
    else if (kind === 3) other.push(word);
  }
  if (other.length > 2 && below(100) < rate * 2) {
    const start = below(other.length);
    const run = other.splice(start, 1 + below(4));
    other.splice(below(other.length + 1), 0, ...run);
  }
  return other;
}

function join(below: Below, words: readonly string[]): string {
  return words.map((word) => word + MARKS[below(MARKS.length)]!).join(" ");
}
