import { createRandom, type Random } from "../random.ts";
import { type Pair, type Task, takeDistinct } from "./task.ts";

const UNITS =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(
    " ",
  );
const TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split(" ");
const MOST_DIGITS = 9;

/** Words for 1 to 999; nothing for 0. */
function hundredsInWords(value: number): readonly string[] {
  const words: string[] = [];
  if (value >= 100) words.push(UNITS[Math.floor(value / 100)]!, "hundred");
  const rest = value % 100;
  if (rest >= 20) {
    const tens = TENS[Math.floor(rest / 10)]!;
    words.push(rest % 10 === 0 ? tens : `${tens}-${UNITS[rest % 10]!}`);
  } else if (rest > 0) {
    words.push(UNITS[rest]!);
  }
  return words;
}

/**
 * A whole number in American English words, without "and".
 *
 * @param value from 0 to 999,999,999
 *
 * @example
 * numberInWords(1234); // "one thousand two hundred thirty-four"
 */
export function numberInWords(value: number): string {
  if (value === 0) return UNITS[0]!;
  const millions = Math.floor(value / 1_000_000);
  const thousands = Math.floor(value / 1000) % 1000;
  const words: string[] = [];
  if (millions > 0) words.push(...hundredsInWords(millions), "million");
  if (thousands > 0) words.push(...hundredsInWords(thousands), "thousand");
  words.push(...hundredsInWords(value % 1000));
  return words.join(" ");
}

/** A number whose count of digits is as likely to be one as another, and which is often round. */
function someNumber(random: Random): number {
  const digits = 1 + random.below(MOST_DIGITS);
  const least = digits === 1 ? 0 : 10 ** (digits - 1);
  const value = least + random.below(10 ** digits - least);
  if (digits < 3 || random.next() < 0.8) return value;
  const roundTo = 10 ** (1 + random.below(digits - 1));
  return Math.floor(value / roundTo) * roundTo;
}

function* pairs(seed: number): Generator<Pair> {
  const random = createRandom(seed);
  for (;;) {
    const value = someNumber(random);
    const isGrouped = random.next() < 0.5;
    const source = isGrouped ? String(value).replace(/\B(?=(\d{3})+$)/g, ",") : String(value);
    yield { source, target: numberInWords(value) };
  }
}

/** Reads numbers from 0 to 999,999,999 aloud, written as 1234 or as 1,234. */
export const numbers: Task = {
  name: "numbers",
  description: "digits to English words: 1,234 to one thousand two hundred thirty-four",
  sourceLang: "num",
  targetLang: "en",
  flags:
    "--tokenizer char --preset tiny --norm post --max-epochs 10 --batch-tokens 1024 --lr 0.003 --warmup 500 --schedule linear --metric exact-match",
  generate: ({ seed, count }) => takeDistinct(pairs(seed), count, "numbers"),
};
