import { counting, numeral, yearDigits } from "../chinese.ts";
import { affirm, ask, negate, number } from "../english.ts";
import { activityFor, routines, verbPhrase } from "../lexicon/activities.ts";
import * as nouns from "../lexicon/nouns.ts";
import { type Life, type Person, pronouns, relative, singularPronouns, someAdult, someone, you } from "../lexicon/people.ts";
import * as places from "../lexicon/places.ts";
import * as times from "../lexicon/times.ts";
import { chance, type Pattern, type Phrase, phrase, question, statement, words } from "../phrase.ts";
import type { Random } from "../../../../random.ts";

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

/** Somebody young, or a pronoun, which may be. */
function someYoung(random: Random): Person {
  for (;;) {
    const who = someone(random);
    if (who.life === "any" && who.agreement !== "plural" || who === you) return who;
  }
}

const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** Ages that fit a part of life. */
const agesOf: Readonly<Record<Life, readonly number[]>> = {
  any: [...range(5, 20), 25, 30],
  child: range(5, 12),
  adult: [35, 38, 40, 42, 45, 48, 50],
  old: [60, 65, 70, 75, 80],
};

const commutes: readonly Phrase[] = [
  ...[10, 15, 20, 25, 30, 40].map((minutes) => times.duration(minutes, "分钟", "minute")),
  ...[1, 2].map((hours) => times.duration(hours, "个小时", "hour")),
];

const PRICES = [2, 3, 5, 6, 8, 10, 12, 15, 18, 20, 25, 28, 30, 35, 40, 45, 50, 60, 70, 80, 90, 100, 200, 300, 500];

interface Priced {
  readonly things: readonly nouns.Noun[];
  readonly least: number;
  readonly most: number;
}

const priced: readonly Priced[] = [
  { things: [...nouns.fruits, ...nouns.dishes], least: 2, most: 15 },
  { things: nouns.drinks, least: 3, most: 30 },
  { things: nouns.readables, least: 5, most: 60 },
  { things: nouns.stationery, least: 2, most: 20 },
  { things: nouns.clothes, least: 40, most: 500 },
  { things: [nouns.umbrella, nouns.cup, nouns.schoolbag, nouns.wallet], least: 10, most: 90 },
];

/** A clock time: 七点半, "half past seven". */
function clock(random: Random, from: number, to: number): Phrase {
  const hour = from + random.below(to - from + 1);
  const zh = `${counting(hour)}点`;
  const draw = random.next();
  if (draw < 0.5) return phrase(zh, hourName(hour));
  return draw < 0.8 ? phrase(`${zh}半`, `half past ${hourName(hour)}`) : phrase(`${zh}一刻`, `a quarter past ${hourName(hour)}`);
}

function hourName(hour: number): string {
  return hour === 11 ? "eleven" : hour === 12 ? "twelve" : number(hour);
}

/** When the steps of a day come, by the clock. */
const schedule: readonly { readonly step: string; readonly from: number; readonly to: number; readonly part: Phrase }[] = [
  { step: "起床", from: 5, to: 9, part: phrase("早上", "in the morning") },
  { step: "出门", from: 6, to: 9, part: phrase("早上", "in the morning") },
  { step: "去学校", from: 6, to: 8, part: phrase("早上", "in the morning") },
  { step: "上班", from: 7, to: 10, part: phrase("早上", "in the morning") },
  { step: "下班", from: 4, to: 6, part: phrase("下午", "in the afternoon") },
  { step: "回家", from: 3, to: 6, part: phrase("下午", "in the afternoon") },
  { step: "睡觉", from: 8, to: 11, part: phrase("晚上", "in the evening") },
];

/** Dates, clock times, ages, prices, distances: what is said with numbers. */
export const figures: readonly Pattern[] = [
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
        return statement(`${young.zh}是${yearDigits(year)}年出生的`, affirm(young, "past", `be born in ${year}`));
      }
      const where = random.pick(places.farAway);
      const year = travelYear(random);
      return draw < 0.7
        ? statement(`${who.zh}${yearDigits(year)}年去了${where.zh}`, words(affirm(who, "past", "go"), where.to, `in ${year}`))
        : statement(`${yearDigits(year)}年${who.zh}住在${where.zh}`, words(`in ${year}`, affirm(who, "past", "live"), where.at));
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
          return statement(`${who.zh}每个${weekday.zh}${zh}`, `${affirm(who, "present", en)} every ${weekday.en}`);
        case 2:
          return statement(`${who.zh}上个${weekday.zh}没${zh}`, `${negate(who, "past", en)} last ${weekday.en}`);
        default:
          return statement(`${who.zh}下个${weekday.zh}要${zh}`, `${affirm(who, "progressive", `go to ${en}`)} next ${weekday.en}`);
      }
    },
  },
  {
    name: "clock times",
    weight: 6,
    make(random) {
      const draw = random.next();
      if (draw < 0.15) {
        const time = clock(random, 1, 12);
        return statement(`现在${time.zh}`, `it is ${time.en} now`);
      }
      const who = someone(random);
      const { step, from, to, part } = random.pick(schedule);
      const doing = activityFor(random, who, routines);
      const slot = schedule.find((one) => one.step === verbPhrase(doing).zh) ?? { step, from, to, part };
      const time = clock(random, slot.from, slot.to);
      const { zh, en } = slot.step === verbPhrase(doing).zh ? verbPhrase(doing) : verbPhrase(routines[0]!);
      if (draw < 0.6) {
        return statement(
          `${who.zh}每天${slot.part.zh}${time.zh}${zh}`,
          words(affirm(who, "present", en), "at", time.en, slot.part.en, "every day"),
        );
      }
      if (draw < 0.8) {
        return statement(`${who.zh}昨天${time.zh}${zh}`, words(affirm(who, "past", en), "at", time.en, "yesterday"));
      }
      return statement(`${who.zh}明天${time.zh}要${zh}`, words(affirm(who, "progressive", `go to ${en}`), "at", time.en, "tomorrow"));
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
      if (draw < 0.2) return statement(`${who.zh}已经${numeral(age)}岁了`, affirm(who, "present", en, "already"));
      return draw > 0.9
        ? question(`${who.zh}今年${numeral(age)}岁吗`, ask(who, "present", en))
        : statement(`${who.zh}今年${numeral(age)}岁`, affirm(who, "present", en));
    },
  },
  {
    name: "prices",
    weight: 5,
    make(random) {
      const { things, least, most } = random.pick(priced);
      const thing = nouns.demonstrative(random.pick(["这", "那"]), random.pick(things));
      const price = random.pick(PRICES.filter((one) => one >= least && one <= most));
      if (chance(random, 0.65)) return statement(`${thing.zh}${counting(price)}块钱`, `${thing.en} costs ${number(price)} yuan`);
      const who = someone(random);
      return statement(
        `${who.zh}花了${counting(price)}块钱买${thing.zh}`,
        affirm(who, "past", `spend ${number(price)} yuan on ${thing.en}`),
      );
    },
  },
  {
    name: "travel times and ways",
    weight: 6,
    make(random) {
      const who = someone(random);
      const draw = random.next();
      if (draw < 0.3) {
        const owner = random.pick(pronouns);
        const way = random.pick(places.transport.filter((one) => one.near === true));
        const where = random.pick(places.destinations);
        const long = random.pick(commutes);
        return statement(
          `从${owner.zh}家到${where.zh}${way.zh}要${long.zh}`,
          `it takes ${long.en} to get from ${owner.possessive} home to ${where.en} ${way.en}`,
        );
      }
      const near = places.transport.filter((one) => one.near === true && !(one.adult === true && who.life === "child"));
      const way = random.pick(near);
      if (draw < 0.7) {
        const where = random.pick(places.destinations.filter((one) => one !== places.cafe));
        const when = random.pick(times.regular);
        return statement(`${who.zh}${when.zh}${way.zh}去${where.zh}`, words(affirm(who, "present", "go"), where.to, way.en, when.en));
      }
      const far = random.pick(places.transport.filter((one) => one.far === true && one.adult !== true));
      // The sea is in the way of most trains.
      const city = random.pick(far.zh === "坐火车" ? places.cities.slice(0, 5) : places.farAway);
      const adult = someAdult(random);
      return chance(random, 0.5)
        ? statement(`${adult.zh}打算${far.zh}去${city.zh}`, words(affirm(adult, "present", "plan to go"), city.to, far.en))
        : statement(`${adult.zh}是${far.zh}去${city.zh}的`, words(affirm(adult, "past", "go"), city.to, far.en));
    },
  },
];
