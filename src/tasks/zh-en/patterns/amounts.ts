import type { Random } from "../../../random.ts";
import { counting } from "../chinese.ts";
import { affirm, number } from "../english.ts";
import { activityFor, routines, verbPhrase } from "../lexicon/activities.ts";
import * as nouns from "../lexicon/nouns.ts";
import { pronouns, someAdult, someone } from "../lexicon/people.ts";
import * as places from "../lexicon/places.ts";
import * as times from "../lexicon/times.ts";
import { chance, type Pattern, type Phrase, phrase, statement, words } from "../phrase.ts";

/** How long it takes to get somewhere in town. */
const commutes: readonly Phrase[] = [
  ...[10, 15, 20, 25, 30, 40].map((minutes) => times.duration(minutes, "分钟", "minute")),
  ...[1, 2].map((hours) => times.duration(hours, "个小时", "hour")),
];

const PRICES = [
  2, 3, 5, 6, 8, 10, 12, 15, 18, 20, 25, 28, 30, 35, 40, 45, 50, 60, 70, 80, 90, 100, 200, 300, 500,
];

interface Priced {
  readonly things: readonly nouns.Noun[];
  readonly least: number;
  readonly most: number;
}

const priced: readonly Priced[] = [
  { things: [...nouns.fruits, ...nouns.dishes], least: 2, most: 15 },
  { things: nouns.drinks, least: 3, most: 30 },
  { things: nouns.readables, least: 10, most: 60 },
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
  return draw < 0.8
    ? phrase(`${zh}半`, `half past ${hourName(hour)}`)
    : phrase(`${zh}一刻`, `a quarter past ${hourName(hour)}`);
}

function hourName(hour: number): string {
  return hour === 11 ? "eleven" : hour === 12 ? "twelve" : number(hour);
}

/** When the steps of a day come, by the clock. */
const schedule: readonly {
  readonly step: string;
  readonly from: number;
  readonly to: number;
  readonly part: Phrase;
}[] = [
  { step: "起床", from: 5, to: 9, part: phrase("早上", "in the morning") },
  { step: "出门", from: 6, to: 9, part: phrase("早上", "in the morning") },
  { step: "去学校", from: 6, to: 8, part: phrase("早上", "in the morning") },
  { step: "上班", from: 7, to: 10, part: phrase("早上", "in the morning") },
  { step: "下班", from: 4, to: 6, part: phrase("下午", "in the afternoon") },
  { step: "回家", from: 3, to: 6, part: phrase("下午", "in the afternoon") },
  { step: "睡觉", from: 8, to: 11, part: phrase("晚上", "in the evening") },
];

/** Clock times, prices and distances. */
export const amounts: readonly Pattern[] = [
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
      const { zh, en } = verbPhrase(activityFor(random, who, routines));
      const { from, to, part } = schedule.find(({ step }) => step === zh)!;
      const time = clock(random, from, to);
      if (draw < 0.6) {
        return statement(
          `${who.zh}每天${part.zh}${time.zh}${zh}`,
          words(affirm(who, "present", en), "at", time.en, part.en, "every day"),
        );
      }
      if (draw < 0.8) {
        return statement(
          `${who.zh}昨天${time.zh}${zh}`,
          words(affirm(who, "past", en), "at", time.en, "yesterday"),
        );
      }
      return statement(
        `${who.zh}明天${time.zh}要${zh}`,
        words(affirm(who, "progressive", `go to ${en}`), "at", time.en, "tomorrow"),
      );
    },
  },
  {
    name: "prices",
    weight: 5,
    make(random) {
      const { things, least, most } = random.pick(priced);
      const thing = nouns.demonstrative(random.pick(["这", "那"]), random.pick(things));
      const price = random.pick(PRICES.filter((one) => one >= least && one <= most));
      if (chance(random, 0.65))
        return statement(`${thing.zh}${counting(price)}块钱`, `${thing.en} costs ${number(price)} yuan`);
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
      const near = places.transport.filter(
        (one) => one.near === true && !(one.adult === true && who.life === "child"),
      );
      const way = random.pick(near);
      if (draw < 0.7) {
        const where = random.pick(places.destinations.filter((one) => one !== places.cafe));
        const when = random.pick(times.regular);
        return statement(
          `${who.zh}${when.zh}${way.zh}去${where.zh}`,
          words(affirm(who, "present", "go"), where.to, way.en, when.en),
        );
      }
      const far = random.pick(places.transport.filter((one) => one.far === true && one.adult !== true));
      // The sea is in the way of most trains.
      const city = random.pick(far.zh === "坐火车" ? places.cities.slice(0, 5) : places.farAway);
      const adult = someAdult(random);
      return chance(random, 0.5)
        ? statement(
            `${adult.zh}打算${far.zh}去${city.zh}`,
            words(affirm(adult, "present", "plan to go"), city.to, far.en),
          )
        : statement(
            `${adult.zh}是${far.zh}去${city.zh}的`,
            words(affirm(adult, "past", "go"), city.to, far.en),
          );
    },
  },
];
