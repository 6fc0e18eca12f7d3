import { affirm, negate } from "../english.ts";
import {
  activities,
  activityFor,
  chores,
  doings,
  drinking,
  meals,
  placeFor,
  plannable,
  routines,
  verbPhrase,
} from "../lexicon/activities.ts";
import { counted, demonstrative, movie, readables, someCount } from "../lexicon/nouns.ts";
import { someone } from "../lexicon/people.ts";
import { farAway } from "../lexicon/places.ts";
import * as times from "../lexicon/times.ts";
import { chance, type Pattern, statement, words } from "../phrase.ts";

/** What happened, has happened or will happen: 了, 过, 没, 会, 要. */
export const events: readonly Pattern[] = [
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
      if (draw < 0.35)
        return statement(`${when.zh}${who.zh}在${where.zh}${zh}`, `${when.en} ${en} ${where.at}`);
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
          return statement(
            `${who.zh}每天在${where.zh}${zh}`,
            `${affirm(who, "present", en)} ${where.at} every day`,
          );
        case 1:
          return statement(`${who.zh}${when}没${zh}`, `${negate(who, "past", en)} ${whenEn}`);
        case 2:
          return statement(
            `${who.zh}${when}在${where.zh}吃了${meal.object}`,
            `${affirm(who, "past", en)} ${where.at} ${whenEn}`,
          );
        default:
          return statement(
            `${who.zh}明天要在${where.zh}${zh}`,
            `${affirm(who, "progressive", `go to ${en}`)} ${where.at} tomorrow`,
          );
      }
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
        ? statement(
            `${who.zh}以前没${doing.verb}过${doing.object}`,
            `${negate(who, "perfect", doing.en)} before`,
          )
        : statement(
            `${who.zh}以前${doing.verb}过${doing.object}`,
            `${affirm(who, "perfect", doing.en)} before`,
          );
    },
  },
  {
    name: "already and not yet",
    weight: 4,
    make(random) {
      const who = someone(random);
      const doing = activityFor(random, who, [
        ...meals,
        ...chores(),
        ...chores(),
        ...routines.filter((one) => one.object !== "觉"),
      ]);
      const { zh, en } = verbPhrase(doing);
      const done = routines.includes(doing) ? `${zh}了` : `${doing.verb}了${doing.object}`;
      return chance(random, 0.5)
        ? statement(`${who.zh}已经${done}`, affirm(who, "perfect", en, "already"))
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
];
