import { affirm, negate } from "../english.ts";
import {
  activities,
  activityFor,
  everyday,
  meals,
  placeFor,
  sleeping,
  verbPhrase,
} from "../lexicon/activities.ts";
import { someone, twoPeople } from "../lexicon/people.ts";
import { cafe, home, hospital, library, office, park, school } from "../lexicon/places.ts";
import * as times from "../lexicon/times.ts";
import { chance, type Pattern, statement, words } from "../phrase.ts";

/** What people do again and again, are doing, or do together. */
export const habits: readonly Pattern[] = [
  {
    name: "habit with time and place",
    weight: 7,
    make(random) {
      const who = someone(random);
      const doing = activityFor(random, who);
      const when = random.pick(times.regular);
      const where = placeFor(random, who, doing.places);
      const { zh, en } = verbPhrase(doing);
      if (chance(random, 0.25)) {
        return statement(`${who.zh}${when.zh}${zh}`, words(affirm(who, "present", en), when.en));
      }
      return statement(
        `${who.zh}${when.zh}在${where.zh}${zh}`,
        words(affirm(who, "present", en), where.at, when.en),
      );
    },
  },
  {
    name: "frequency",
    weight: 5,
    make(random) {
      const who = someone(random);
      const doing = activityFor(random, who);
      const often = random.pick(times.frequency);
      const { zh, en } = verbPhrase(doing);
      const verb = affirm(who, "present", en, often.en);
      if (chance(random, 0.4)) return statement(`${who.zh}${often.zh}${zh}`, verb);
      const where = placeFor(random, who, doing.places);
      return statement(`${who.zh}${often.zh}在${where.zh}${zh}`, words(verb, where.at));
    },
  },
  {
    name: "present with 不",
    weight: 3,
    make(random) {
      const who = someone(random);
      const doing = activityFor(random, who);
      const { zh, en } = verbPhrase(doing);
      const verb = negate(who, "present", en);
      if (chance(random, 0.4)) return statement(`${who.zh}不${zh}`, verb);
      const where = placeFor(random, who, doing.places);
      return statement(`${who.zh}不在${where.zh}${zh}`, words(verb, where.at));
    },
  },
  {
    name: "progressive",
    weight: 7,
    make(random) {
      const who = someone(random);
      const doing = activityFor(random, who, [...everyday, ...meals, sleeping]);
      const { zh, en } = verbPhrase(doing);
      const verb = affirm(who, "progressive", en);
      if (chance(random, 0.5)) {
        return statement(`${who.zh}${random.pick(["在", "正在"])}${zh}`, verb);
      }
      const where = placeFor(random, who, doing.places);
      return statement(`${who.zh}正在${where.zh}${zh}`, words(verb, where.at));
    },
  },
  {
    name: "doing things together",
    weight: 3,
    make(random) {
      const [who, friend] = twoPeople(random, someone);
      const doing = activityFor(random, who, activities, (one) => one.lasting || one.object === "天");
      const { zh, en } = verbPhrase(doing);
      if (chance(random, 0.6)) {
        const when = random.pick(times.regular);
        return statement(
          `${who.zh}${when.zh}和${friend.zh}一起${zh}`,
          words(affirm(who, "present", en), "with", friend.object, when.en),
        );
      }
      const often = random.pick(times.frequency.slice(0, 4));
      return statement(
        `${who.zh}${often.zh}和${friend.zh}一起${zh}`,
        words(affirm(who, "present", en, often.en), "with", friend.object),
      );
    },
  },
  {
    name: "at home or not",
    weight: 1,
    make(random) {
      const who = someone(random);
      const where = chance(random, 0.4)
        ? home
        : placeFor(random, who, [library, cafe, school, office, hospital, park]);
      const when = random.pick([{ zh: "现在", en: "now" }, ...times.past.slice(0, 6)]);
      const tense = when.zh === "现在" ? "present" : "past";
      return chance(random, 0.5)
        ? statement(`${who.zh}${when.zh}在${where.zh}`, words(affirm(who, tense, `be ${where.at}`), when.en))
        : statement(
            `${who.zh}${when.zh}不在${where.zh}`,
            words(negate(who, tense, `be ${where.at}`), when.en),
          );
    },
  },
];
