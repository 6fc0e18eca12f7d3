import { affirm, negate } from "../english.ts";
import { activities, activityFor, chores, doings, drinking, everyday, meals, placeFor, plannable, routines, sleeping, verbPhrase } from "../lexicon/activities.ts";
import { counted, someCount, demonstrative, movie, readables } from "../lexicon/nouns.ts";
import { someAdult, someone, twoPeople } from "../lexicon/people.ts";
import { cafe, cities, farAway, home, hospital, library, office, park, school } from "../lexicon/places.ts";
import * as times from "../lexicon/times.ts";
import { chance, type Pattern, statement, words } from "../phrase.ts";

/** Who does what, where and when: the word order that differs most between the two languages. */
export const narration: readonly Pattern[] = [
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
    name: "past with 了",
    weight: 9,
    make(random) {
      const who = someone(random);
      const doing = random.pick(doings);
      const thing = counted(someCount(random, doing.most), random.pick(doing.things));
      const when = random.pick(times.past);
      const where = placeFor(random, who, doing.places);
      const zh = `${doing.verb}了${thing.zh}`;
      const en = words(affirm(who, "past", doing.en), thing.en);
      const draw = random.next();
      if (draw < 0.2) return statement(`${who.zh}${when.zh}${zh}`, words(en, when.en));
      if (draw < 0.35) return statement(`${when.zh}${who.zh}在${where.zh}${zh}`, `${when.en} ${en} ${where.at}`);
      return statement(`${who.zh}${when.zh}在${where.zh}${zh}`, words(en, where.at, when.en));
    },
  },
  {
    name: "past with 没",
    weight: 6,
    make(random) {
      const who = someone(random);
      const doing = activityFor(random, who, [...plannable, ...drinking, ...routines.slice(2, 5)]);
      const when = random.pick(times.past);
      const { zh, en } = verbPhrase(doing);
      const verb = negate(who, "past", en);
      if (doing.places.length === 0 || chance(random, 0.6)) {
        return statement(`${who.zh}${when.zh}没${zh}`, words(verb, when.en));
      }
      const where = placeFor(random, who, doing.places);
      return statement(`${who.zh}${when.zh}没在${where.zh}${zh}`, words(verb, where.at, when.en));
    },
  },
  {
    name: "meals",
    weight: 3,
    make(random) {
      const who = someone(random);
      const meal = activityFor(random, who, meals);
      const where = placeFor(random, who, meal.places);
      const { zh, en } = verbPhrase(meal);
      const [when, whenEn] = random.pick([
        ["昨天", "yesterday"],
        ["前天", "the day before yesterday"],
      ] as const);
      switch (random.below(4)) {
        case 0:
          return statement(`${who.zh}每天在${where.zh}${zh}`, `${affirm(who, "present", en)} ${where.at} every day`);
        case 1:
          return statement(`${who.zh}${when}没${zh}`, `${negate(who, "past", en)} ${whenEn}`);
        case 2:
          return statement(`${who.zh}${when}在${where.zh}吃了${meal.object}`, `${affirm(who, "past", en)} ${where.at} ${whenEn}`);
        default:
          return statement(
            `${who.zh}明天要在${where.zh}${zh}`,
            `${affirm(who, "progressive", `go to ${en}`)} ${where.at} tomorrow`,
          );
      }
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
    name: "experience with 过",
    weight: 5,
    make(random) {
      const who = someone(random);
      const draw = random.next();
      const never = chance(random, 0.4);
      if (draw < 0.4) {
        const where = random.pick(farAway);
        return never
          ? statement(`${who.zh}没去过${where.zh}`, negate(who, "perfect", `be ${where.to}`))
          : statement(`${who.zh}去过${where.zh}`, affirm(who, "perfect", `be ${where.to}`));
      }
      if (draw < 0.7) {
        const isMovie = chance(random, 0.4);
        const thing = demonstrative(random.pick(["这", "那"]), isMovie ? movie : random.pick(readables));
        const en = `${isMovie ? "watch" : "read"} ${thing.en}`;
        return never
          ? statement(`${who.zh}没看过${thing.zh}`, negate(who, "perfect", en))
          : statement(`${who.zh}看过${thing.zh}`, affirm(who, "perfect", en));
      }
      const doing = activityFor(random, who, activities, (one) => one.skill);
      return never
        ? statement(`${who.zh}没${doing.verb}过${doing.object}`, negate(who, "perfect", doing.en))
        : statement(`${who.zh}${doing.verb}过${doing.object}`, affirm(who, "perfect", doing.en));
    },
  },
  {
    name: "already and not yet",
    weight: 4,
    make(random) {
      const who = someone(random);
      const doing = activityFor(random, who, [...meals, ...chores(), ...chores(), ...routines.filter((one) => one.object !== "觉")]);
      const { zh, en } = verbPhrase(doing);
      return chance(random, 0.5)
        ? statement(`${who.zh}已经${zh}了`, affirm(who, "perfect", en, "already"))
        : statement(`${who.zh}还没${zh}`, words(negate(who, "perfect", en), "yet"));
    },
  },
  {
    name: "future",
    weight: 6,
    make(random) {
      const who = someone(random);
      const doing = activityFor(random, who, plannable);
      const when = random.pick(times.future);
      const where = placeFor(random, who, doing.places);
      const { zh, en } = verbPhrase(doing);
      const base = chance(random, 0.45)
        ? { zh: `在${where.zh}${zh}`, en: words(en, where.at, when.en) }
        : { zh, en: words(en, when.en) };
      switch (random.below(4)) {
        case 0:
          return statement(`${who.zh}${when.zh}会${base.zh}`, affirm(who, "will", base.en));
        case 1:
          return statement(`${who.zh}${when.zh}不会${base.zh}`, negate(who, "will", base.en));
        case 2:
          return statement(`${who.zh}打算${when.zh}${base.zh}`, affirm(who, "present", `plan to ${base.en}`));
        default:
          return statement(`${who.zh}${when.zh}要${base.zh}`, affirm(who, "progressive", `go to ${base.en}`));
      }
    },
  },
  {
    name: "journeys",
    weight: 5,
    make(random) {
      const who = someone(random);
      const where = random.pick(farAway);
      switch (random.below(4)) {
        case 0: {
          const when = random.pick(times.longPast);
          return statement(`${who.zh}${when.zh}去了${where.zh}`, words(affirm(who, "past", "go"), where.to, when.en));
        }
        case 1: {
          const when = random.pick(times.longPast);
          return statement(`${who.zh}${when.zh}没去${where.zh}`, words(negate(who, "past", "go"), where.to, when.en));
        }
        case 2: {
          const when = random.pick(times.longFuture);
          return statement(
            `${who.zh}${when.zh}要去${where.zh}`,
            words(affirm(who, "progressive", "go to go"), where.to, when.en),
          );
        }
        default: {
          const when = random.pick(times.longFuture);
          return statement(
            `${who.zh}打算${when.zh}去${where.zh}`,
            words(affirm(who, "present", "plan to go"), where.to, when.en),
          );
        }
      }
    },
  },
  {
    name: "duration",
    weight: 5,
    make(random) {
      const draw = random.next();
      if (draw < 0.55) {
        const who = someone(random);
        const doing = activityFor(random, who, everyday, (one) => one.lasting);
        const long = random.pick(times.hours);
        if (chance(random, 0.4)) {
          const when = random.pick(times.regular.slice(0, 4));
          return statement(
            `${who.zh}${when.zh}${doing.verb}${long.zh}${doing.object}`,
            words(affirm(who, "present", doing.en), "for", long.en, when.en),
          );
        }
        const when = random.pick(times.past.slice(0, 7));
        return statement(
          `${who.zh}${when.zh}${doing.verb}了${long.zh}${doing.object}`,
          words(affirm(who, "past", doing.en), "for", long.en, when.en),
        );
      }
      const who = someAdult(random);
      const long = random.pick(times.years);
      const where = random.pick(draw < 0.9 ? cities : farAway);
      const [zh, en] = random.pick([
        ["住", "live"],
        ["工作", "work"],
      ] as const);
      return statement(
        `${who.zh}在${where.zh}${zh}了${long.zh}`,
        words(affirm(who, "past", en), where.at, "for", long.en),
      );
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
    name: "going somewhere to do something",
    weight: 4,
    make(random) {
      const who = someone(random);
      const doing = random.pick(doings.filter((one) => one.verb === "买" || one.verb === "借"));
      const where = doing.places[0]!;
      const thing = counted(someCount(random, 3), random.pick(doing.things));
      const purpose = `to ${doing.en} ${thing.en}`;
      if (chance(random, 0.5)) {
        const when = random.pick(times.past);
        return statement(
          `${who.zh}${when.zh}去${where.zh}${doing.verb}了${thing.zh}`,
          words(affirm(who, "past", "go"), where.to, purpose, when.en),
        );
      }
      const when = random.pick(times.future);
      return statement(
        `${who.zh}${when.zh}要去${where.zh}${doing.verb}${thing.zh}`,
        words(affirm(who, "progressive", "go to go"), where.to, purpose, when.en),
      );
    },
  },
  {
    name: "at home or not",
    weight: 1,
    make(random) {
      const who = someone(random);
      const where = chance(random, 0.4) ? home : placeFor(random, who, [library, cafe, school, office, hospital, park]);
      const when = random.pick([{ zh: "现在", en: "now" }, ...times.past.slice(0, 6)]);
      const tense = when.zh === "现在" ? "present" : "past";
      return chance(random, 0.5)
        ? statement(`${who.zh}${when.zh}在${where.zh}`, words(affirm(who, tense, `be ${where.at}`), when.en))
        : statement(`${who.zh}${when.zh}不在${where.zh}`, words(negate(who, tense, `be ${where.at}`), when.en));
    },
  },
];
