import type { Random } from "../../../random.ts";
import { numeral, yearDigits } from "../chinese.ts";
import { affirm, ask, negate, number } from "../english.ts";
import { activityFor, verbPhrase } from "../lexicon/activities.ts";
import { type Life, relative, singularPronouns, someone, someYoung } from "../lexicon/people.ts";
import * as places from "../lexicon/places.ts";
import * as times from "../lexicon/times.ts";
import { type Pattern, type Phrase, phrase, question, statement, words } from "../phrase.ts";

/** Years of birth and of travel. */
const birthYear = (random: Random): number => 2000 + random.below(11);
const travelYear = (random: Random): number => 2008 + random.below(19);
const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** A day of the year: 三月五号, "March 5". */
function dayOfYear(random: Random): Phrase {
  const month = random.below(12);
  const day = 1 + random.below(DAYS_IN_MONTH[month]!);
  return phrase(`${numeral(month + 1)}月${numeral(day)}号`, `${times.months[month]!} ${day}`);
}

/** Ages that fit a part of life. */
const agesOf: Readonly<Record<Life, readonly number[]>> = {
  any: [6, 8, 10, 12, 15, 18, 20, 22, 25, 30],
  child: [6, 8, 10, 12],
  adult: [35, 38, 40, 42, 45, 48, 50],
  old: [60, 65, 70, 75, 80],
};

/** Dates, years, weekdays and ages. */
export const datesAndAges: readonly Pattern[] = [
  {
    name: "dates",
    weight: 7,
    make(random) {
      const day = dayOfYear(random);
      const inYear = (year: number): Phrase => phrase(`${yearDigits(year)}年${day.zh}`, `${day.en}, ${year}`);
      switch (random.below(6)) {
        case 0: {
          const date = inYear(travelYear(random));
          return statement(`今天是${date.zh}`, `today is ${date.en}`);
        }
        case 1: {
          const date = inYear(birthYear(random));
          const who = someYoung(random);
          return statement(`${who.zh}是${date.zh}出生的`, affirm(who, "past", `be born on ${date.en}`));
        }
        case 2: {
          const owner = random.pick(singularPronouns);
          return statement(`${owner.zh}的生日是${day.zh}`, `${owner.possessive} birthday is ${day.en}`);
        }
        case 3:
          return statement(`今天是${day.zh}`, `today is ${day.en}`);
        case 4: {
          const weekday = random.pick(times.weekdays);
          return statement(`今天是${day.zh}，${weekday.zh}`, `today is ${weekday.en}, ${day.en}`);
        }
        default: {
          const where = random.pick(places.farAway);
          const who = someone(random);
          const date = inYear(travelYear(random));
          return statement(
            `${who.zh}是${date.zh}去${where.zh}的`,
            words(affirm(who, "past", "go"), where.to, "on", date.en),
          );
        }
      }
    },
  },
  {
    name: "years",
    weight: 5,
    make(random) {
      const who = someone(random);
      const draw = random.next();
      if (draw < 0.3) {
        const young = someYoung(random);
        const year = birthYear(random);
        return statement(
          `${young.zh}是${yearDigits(year)}年出生的`,
          affirm(young, "past", `be born in ${year}`),
        );
      }
      const where = random.pick(places.farAway);
      const year = travelYear(random);
      return draw < 0.7
        ? statement(
            `${who.zh}${yearDigits(year)}年去了${where.zh}`,
            words(affirm(who, "past", "go"), where.to, `in ${year}`),
          )
        : statement(
            `${yearDigits(year)}年${who.zh}住在${where.zh}`,
            words(`in ${year}`, affirm(who, "past", "live"), where.at),
          );
    },
  },
  {
    name: "weekdays",
    weight: 4,
    make(random) {
      const weekday = random.pick(times.weekdays);
      const who = someone(random);
      const doing = activityFor(random, who);
      const { zh, en } = verbPhrase(doing);
      switch (random.below(4)) {
        case 0: {
          const [day, is] = random.pick([
            ["今天", "today is"],
            ["明天", "tomorrow is"],
            ["昨天", "yesterday was"],
          ] as const);
          const dayZh = day;
          return statement(`${dayZh}是${weekday.zh}`, `${is} ${weekday.en}`);
        }
        case 1:
          return statement(
            `${who.zh}每个${weekday.zh}${zh}`,
            `${affirm(who, "present", en)} every ${weekday.en}`,
          );
        case 2:
          return statement(
            `${who.zh}上个${weekday.zh}没${zh}`,
            `${negate(who, "past", en)} last ${weekday.en}`,
          );
        default:
          return statement(
            `${who.zh}下个${weekday.zh}要${zh}`,
            `${affirm(who, "progressive", `go to ${en}`)} next ${weekday.en}`,
          );
      }
    },
  },
  {
    name: "ages",
    weight: 5,
    make(random) {
      const draw = random.next();
      const who = draw < 0.6 ? someYoung(random) : relative(random);
      const age = random.pick(agesOf[who.life]);
      const en = `be ${number(age)} years old`;
      if (draw < 0.2)
        return statement(`${who.zh}已经${numeral(age)}岁了`, affirm(who, "present", en, "already"));
      return draw > 0.9 && !who.zh.startsWith("我")
        ? question(`${who.zh}今年${numeral(age)}岁吗`, ask(who, "present", en))
        : statement(`${who.zh}今年${numeral(age)}岁`, affirm(who, "present", en));
    },
  },
];
