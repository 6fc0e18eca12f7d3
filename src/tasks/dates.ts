import { createRandom, type Random } from "../random.ts";
import { type Pair, type Task, takeDistinct } from "./task.ts";

const MONTHS = "January February March April May June July August September October November December".split(
  " ",
);
const WEEKDAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");
const FIRST_YEAR = 1900;
const LAST_YEAR = 2099;
const MILLISECONDS_PER_DAY = 86_400_000;

/** 1st, 2nd, 3rd, 4th, 11th, 21st. */
function ordinal(day: number): string {
  if (day >= 11 && day <= 13) return `${day}th`;
  return `${day}${["th", "st", "nd", "rd"][day % 10] ?? "th"}`;
}

/** A calendar date, with its parts as people write them. */
interface DateParts {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  /** "March", and "Mar" for short. */
  readonly monthName: string;
  readonly mon: string;
  /** "Tuesday", and "Tue" for short. */
  readonly weekday: string;
  readonly ddd: string;
}

type Format = (date: DateParts) => string;

/** Ways to write a date that cannot be read as another day. */
const formats: readonly Format[] = [
  ({ year, monthName, day }) => `${monthName} ${day}, ${year}`,
  ({ year, monthName, day }) => `${monthName} ${ordinal(day)}, ${year}`,
  ({ year, mon, day }) => `${mon} ${day}, ${year}`,
  ({ year, monthName, day }) => `${day} ${monthName} ${year}`,
  ({ year, mon, day }) => `${day} ${mon} ${year}`,
  ({ year, monthName, day }) => `${ordinal(day)} of ${monthName} ${year}`,
  ({ year, monthName, day }) => `the ${ordinal(day)} of ${monthName}, ${year}`,
  ({ year, monthName, day, weekday }) => `${weekday}, ${monthName} ${day}, ${year}`,
  ({ year, monthName, day, weekday }) => `${weekday} ${day} ${monthName} ${year}`,
  ({ year, monthName, day, weekday }) => `${weekday} the ${ordinal(day)} of ${monthName} ${year}`,
  ({ year, mon, day, ddd }) => `${ddd}, ${mon} ${day}, ${year}`,
  ({ year, mon, day, ddd }) => `${ddd} ${day} ${mon} ${year}`,
  ({ year, mon, day }) => `${day}-${mon}-${year}`,
  ({ year, monthName, day }) => `${year} ${monthName} ${day}`,
  ({ year, month, day }) => `${year}/${twoDigits(month)}/${twoDigits(day)}`,
  ({ year, month, day }) => `${year}.${month}.${day}`,
];

/** Ways that are clear from the thirteenth on: up to the twelfth, day and month could be swapped. */
const formatsInFigures: readonly Format[] = [
  ({ year, month, day }) => `${day}/${month}/${year}`,
  ({ year, month, day }) => `${month}/${day}/${year}`,
  ({ year, month, day }) => `${twoDigits(day)}.${twoDigits(month)}.${year}`,
];

const allFormats: readonly Format[] = [...formats, ...formatsInFigures];

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

function partsOf(date: Date): DateParts {
  const monthName = MONTHS[date.getUTCMonth()]!;
  const weekday = WEEKDAYS[date.getUTCDay()]!;
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    monthName,
    mon: monthName.slice(0, 3),
    weekday,
    ddd: weekday.slice(0, 3),
  };
}

function someDate(random: Random): Date {
  const first = Date.UTC(FIRST_YEAR, 0, 1);
  const days = (Date.UTC(LAST_YEAR + 1, 0, 1) - first) / MILLISECONDS_PER_DAY;
  return new Date(first + random.below(days) * MILLISECONDS_PER_DAY);
}

function* pairs(seed: number): Generator<Pair> {
  const random = createRandom(seed);
  for (;;) {
    const date = someDate(random);
    const parts = partsOf(date);
    const format = random.pick(parts.day > 12 ? allFormats : formats);
    yield { source: format(parts), target: date.toISOString().slice(0, 10) };
  }
}

/** Turns dates from 1900 to 2099, as people write them, into ISO 8601 calendar dates. */
export const dates: Task = {
  name: "dates",
  description: "dates as people write them to ISO 8601: March 3rd, 2021 to 2021-03-03",
  sourceLang: "en",
  targetLang: "iso",
  flags:
    "--tokenizer char --preset tiny --norm post --max-epochs 20 --batch-tokens 1024 --lr 0.003 --warmup 500 --schedule linear --metric exact-match",
  generate: ({ seed, count }) => takeDistinct(pairs(seed), count, "dates"),
};
