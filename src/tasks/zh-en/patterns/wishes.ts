import { affirm, ask, negate } from "../english.ts";
import {
  activities,
  activityFor,
  doings,
  drinking,
  eating,
  everyday,
  placeFor,
  sociable,
  verbPhrase,
} from "../lexicon/activities.ts";
import { colors, languages, subjects } from "../lexicon/adjectives.ts";
import * as nouns from "../lexicon/nouns.ts";
import { pronouns, someone, someoneAskedAbout } from "../lexicon/people.ts";
import * as places from "../lexicon/places.ts";
import * as times from "../lexicon/times.ts";
import { chance, type Pattern, phrase, question, statement, words } from "../phrase.ts";

const skills = [
  ...activities.filter((one) => one.skill).map(verbPhrase),
  ...languages.map((language) => phrase(`说${language.zh}`, `speak ${language.en}`)),
  phrase("开车", "drive"),
  phrase("骑自行车", "ride a bicycle"),
];

/** What disturbs others. */
const noises = [
  ...activities.filter(
    (one) => ["唱", "跳", "踢", "打", "玩", "聊", "跑"].includes(one.verb) && one.object !== "房间",
  ),
  ...eating.slice(0, 5),
];

/** What one should do less of. */
const vices = [
  ...activities.filter((one) => ["游戏", "网", "电视"].includes(one.object)),
  ...drinking.slice(-1),
];

/** What people can, want, should and like to do. */
export const wishes: readonly Pattern[] = [
  {
    name: "ability with 会",
    weight: 5,
    make(random) {
      const skill = random.pick(skills);
      const draw = random.next();
      if (draw < 0.3) {
        const who = someoneAskedAbout(random);
        return question(`${who.zh}会${skill.zh}吗`, ask(who, "can", skill.en));
      }
      const who = someone(random);
      return draw < 0.65
        ? statement(`${who.zh}会${skill.zh}`, affirm(who, "can", skill.en))
        : statement(`${who.zh}不会${skill.zh}`, negate(who, "can", skill.en));
    },
  },
  {
    name: "wish with 想",
    weight: 5,
    make(random) {
      const who = someone(random);
      const { zh, en } = verbPhrase(activityFor(random, who));
      const draw = random.next();
      if (draw < 0.35) {
        const where = random.pick([...places.farAway, ...places.destinations]);
        const going = phrase(`去${where.zh}`, `go ${where.to}`);
        return chance(random, 0.6)
          ? statement(`${who.zh}想${going.zh}`, affirm(who, "present", `want to ${going.en}`))
          : statement(`${who.zh}不想${going.zh}`, negate(who, "present", `want to ${going.en}`));
      }
      if (draw < 0.6) {
        const doing = random.pick(doings.filter((one) => one.verb === "买"));
        const color = random.pick(colors);
        const thing = random.pick(doing.things);
        const described =
          nouns.garments.includes(thing) && chance(random, 0.7)
            ? { zh: `${color.zh}的`, en: color.en }
            : undefined;
        const count = nouns.counted(nouns.someCount(random), thing, described);
        return statement(`${who.zh}想买${count.zh}`, affirm(who, "present", `want to buy ${count.en}`));
      }
      return draw < 0.8
        ? statement(`${who.zh}想${zh}`, affirm(who, "present", `want to ${en}`))
        : statement(`${who.zh}不想${zh}`, negate(who, "present", `want to ${en}`));
    },
  },
  {
    name: "permission with 可以 and 能",
    weight: 4,
    make(random) {
      const allowed = random.pick(
        activities.filter((one) => !one.job && one.places.some((place) => place !== places.home)),
      );
      const where = random.pick(allowed.places.filter((place) => place !== places.home));
      const doing = verbPhrase(allowed);
      const quiet = random.pick([
        places.library,
        places.classroom,
        places.office,
        places.hospital,
        places.museum,
      ]);
      const noise = verbPhrase(random.pick(noises));
      const draw = random.next();
      const who = random.pick(pronouns);
      if (draw < 0.35)
        return statement(
          `${who.zh}可以在${where.zh}${doing.zh}`,
          affirm(who, "may", `${doing.en} ${where.at}`),
        );
      if (draw < 0.6)
        return statement(
          `${who.zh}不能在${quiet.zh}${noise.zh}`,
          negate(who, "can", `${noise.en} ${quiet.at}`),
        );
      const asker = random.pick(pronouns.filter((one) => one.en !== "you"));
      return question(
        `${asker.zh}可以在${where.zh}${doing.zh}吗`,
        ask(asker, "may", `${doing.en} ${where.at}`),
      );
    },
  },
  {
    name: "duty with 应该 and 必须",
    weight: 5,
    make(random) {
      const who = someone(random);
      const doing = activityFor(
        random,
        who,
        activities,
        (one) => !["游戏", "网", "电视"].includes(one.object) && one.verb !== "休息",
      );
      const { zh, en } = verbPhrase(doing);
      const bad = verbPhrase(random.pick(vices));
      const often = random.pick(times.regular.slice(0, 5));
      const when = chance(random, 0.5) ? random.pick([...times.regular, ...times.future]) : phrase("", "");
      switch (random.below(5)) {
        case 0:
          return statement(`${who.zh}${when.zh}应该${zh}`, words(affirm(who, "should", en), when.en));
        case 1:
          return statement(
            `${who.zh}不应该${often.zh}${bad.zh}`,
            `${negate(who, "should", bad.en)} ${often.en}`,
          );
        case 2:
          return statement(`${who.zh}${when.zh}必须${zh}`, words(affirm(who, "must", en), when.en));
        case 3:
          return statement(
            `${who.zh}${when.zh}不用${zh}`,
            words(negate(who, "present", `have to ${en}`), when.en),
          );
        default: {
          const where = placeFor(random, who, doing.places);
          return statement(`${who.zh}应该在${where.zh}${zh}`, words(affirm(who, "should", en), where.at));
        }
      }
    },
  },
  {
    name: "liking",
    weight: 7,
    make(random) {
      const draw = random.next();
      const who = draw < 0.25 ? someoneAskedAbout(random) : someone(random);
      const thing = random.pick([
        ...[...nouns.fruits, ...nouns.dishes, ...nouns.drinks, ...nouns.pets, ...nouns.readables].map(
          nouns.generic,
        ),
        ...subjects,
        ...places.farAway,
      ]);
      const doing = verbPhrase(activityFor(random, who, [...everyday, ...everyday], (one) => !one.job));
      const isThing = chance(random, 0.4);
      const zh = isThing ? thing.zh : doing.zh;
      const en = isThing ? `like ${thing.en}` : `like to ${doing.en}`;
      if (draw < 0.25) return question(`${who.zh}喜欢${zh}吗`, ask(who, "present", en));
      if (draw < 0.5) return statement(`${who.zh}喜欢${zh}`, affirm(who, "present", en));
      if (draw < 0.68) return statement(`${who.zh}不喜欢${zh}`, negate(who, "present", en));
      if (draw < 0.8) return statement(`${who.zh}也喜欢${zh}`, affirm(who, "present", en, "also"));
      if (draw < 0.9) return statement(`${who.zh}很喜欢${zh}`, affirm(who, "present", en, "really"));
      const all = random.pick([phrase("我们", "we"), phrase("他们", "they"), phrase("你们", "you")]);
      return statement(`${all.zh}都喜欢${zh}`, `${all.en} all ${en}`);
    },
  },
  {
    name: "inviting",
    weight: 2,
    make(random) {
      const doing = verbPhrase(random.pick(sociable));
      const when = random.pick(times.future);
      const asker = random.pick(pronouns.filter((one) => one.en === "I" || one.en === "we"));
      return chance(random, 0.5)
        ? question(`你想和${asker.zh}一起${doing.zh}吗`, `do you want to ${doing.en} with ${asker.object}`)
        : question(
            `你${when.zh}想和${asker.zh}一起${doing.zh}吗`,
            words(`do you want to ${doing.en} with ${asker.object}`, when.en),
          );
    },
  },
];
