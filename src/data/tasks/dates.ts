import { createRandom, type Random } from "../../random.ts";
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

/** Some of the ways people write a date; none of them can be read as another day. */
function written(date: Date): readonly string[] {
  const year = date.getUTCFullYear();
  const day = date.getUTCDate();
  const month = MONTHS[date.getUTCMonth()]!;
  const weekday = WEEKDAYS[date.getUTCDay()]!;
  const mon = month.slice(0, 3);
  const ddd = weekday.slice(0, 3);
  const m = date.getUTCMonth() + 1;
  const [mm, dd] = [m, day].map((part) => String(part).padStart(2, "0"));
  const forms = [
    `${month} ${day}, ${year}`,
    `${month} ${ordinal(day)}, ${year}`,
    `${mon} ${day}, ${year}`,
    `${day} ${month} ${year}`,
    `${day} ${mon} ${year}`,
    `${ordinal(day)} of ${month} ${year}`,
    `the ${ordinal(day)} of ${month}, ${year}`,
    `${weekday}, ${month} ${day}, ${year}`,
    `${weekday} ${day} ${month} ${year}`,
    `${weekday} the ${ordinal(day)} of ${month} ${year}`,
    `${ddd}, ${mon} ${day}, ${year}`,
    `${ddd} ${day} ${mon} ${year}`,
    `${day}-${mon}-${year}`,
    `${year} ${month} ${day}`,
    `${year}/${mm}/${dd}`,
    `${year}.${m}.${day}`,
  ];
  // Day first or month first cannot be told apart up to the twelfth, so such dates are not written in figures.
  return day > 12 ? [...forms, `${day}/${m}/${year}`, `${m}/${day}/${year}`, `${dd}.${mm}.${year}`] : forms;
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
    yield { source: random.pick(written(date)), target: date.toISOString().slice(0, 10) };
  }
}

/** Turns dates from 1900 to 2099, as people write them, into ISO 8601 calendar dates. */
export const dates: Task = {
  name: "dates",
  description: "dates as people write them to ISO 8601: March 3rd, 2021 to 2021-03-03",
  sourceLang: "en",
  targetLang: "iso",
  generate: ({ seed, count }) => takeDistinct(pairs(seed), count, "dates"),
};
