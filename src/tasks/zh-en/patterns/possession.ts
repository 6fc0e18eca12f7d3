import { counting } from "../chinese.ts";
import { affirm, negate, number, pluralise, withArticle } from "../english.ts";
import { colors } from "../lexicon/adjectives.ts";
import * as nouns from "../lexicon/nouns.ts";
import { jobs, pronouns, someone, someoneWithAJob, they, we, you } from "../lexicon/people.ts";
import * as places from "../lexicon/places.ts";
import { chance, type Pattern, type Phrase, phrase, question, statement } from "../phrase.ts";

/** Where one thing lies: 桌子上, "on the table". */
const spots: readonly Phrase[] = [
  phrase("桌子上", "on the table"),
  phrase("桌子下面", "under the table"),
  phrase("床上", "on the bed"),
  phrase("椅子上", "on the chair"),
  phrase("书包里", "in the schoolbag"),
  phrase("门后面", "behind the door"),
  phrase("电脑旁边", "next to the computer"),
];

/** What people are and have, and where things are. */
export const possession: readonly Pattern[] = [
  {
    name: "identity",
    weight: 6,
    make(random) {
      const job = random.pick(jobs);
      const draw = random.next();
      if (draw < 0.2) {
        const who = random.pick([we, they]);
        return chance(random, 0.7)
          ? statement(`${who.zh}都是${job.zh}`, `${who.en} are all ${pluralise(job.en)}`)
          : statement(`${who.zh}不都是${job.zh}`, `${who.en} are not all ${pluralise(job.en)}`);
      }
      const who = someoneWithAJob(random);
      const noun = who.agreement === "plural" && who !== you ? pluralise(job.en) : withArticle(job.en);
      if (draw < 0.6) return statement(`${who.zh}是${job.zh}`, affirm(who, "present", `be ${noun}`));
      if (draw < 0.8) return statement(`${who.zh}不是${job.zh}`, negate(who, "present", `be ${noun}`));
      return statement(`${who.zh}也是${job.zh}`, affirm(who, "present", `be ${noun}`, "also"));
    },
  },
  {
    name: "whose it is",
    weight: 4,
    make(random) {
      const owner = random.pick(pronouns);
      const thing = random.pick([...nouns.belongings, nouns.room, nouns.book, nouns.photo]);
      const pointer = random.pick([phrase("这", "this"), phrase("那", "that")]);
      const whose = phrase(`${owner.zh}的${thing.zh}`, `${owner.possessive} ${thing.en}`);
      const draw = random.next();
      if (draw < 0.25) return statement(`${pointer.zh}是${whose.zh}`, `${pointer.en} is ${whose.en}`);
      if (draw < 0.45) return statement(`${pointer.zh}不是${whose.zh}`, `${pointer.en} is not ${whose.en}`);
      if (draw < 0.6) return question(`${pointer.zh}是${whose.zh}吗`, `is ${pointer.en} ${whose.en}`);
      const color = random.pick(colors);
      const colored = thing === nouns.room || thing === nouns.photo ? nouns.schoolbag : thing;
      return statement(
        `${owner.zh}的${colored.zh}是${color.zh}的`,
        `${owner.possessive} ${colored.en} is ${color.en}`,
      );
    },
  },
  {
    name: "having",
    weight: 5,
    make(random) {
      const who = someone(random);
      const draw = random.next();
      if (draw < 0.4) {
        const thing = random.pick([
          ...nouns.belongings,
          ...nouns.pets,
          ...nouns.stationery,
          ...nouns.garments,
        ]);
        const count = nouns.someCount(random, nouns.belongings.includes(thing) ? 2 : 4);
        const color = chance(random, 0.4) ? random.pick(colors) : undefined;
        const described = color === undefined ? undefined : { zh: `${color.zh}的`, en: color.en };
        const isPet = nouns.pets.includes(thing);
        const owned = nouns.counted(count, thing, isPet ? undefined : described);
        return statement(`${who.zh}有${owned.zh}`, affirm(who, "present", `have ${owned.en}`));
      }
      if (draw < 0.65) {
        const thing = random.pick([...nouns.belongings, ...nouns.pets, ...nouns.stationery]);
        return statement(`${who.zh}没有${thing.zh}`, negate(who, "present", `have ${withArticle(thing.en)}`));
      }
      const owner = random.pick(pronouns);
      const family = random.pick([
        ["哥哥", "older brother"],
        ["姐姐", "older sister"],
        ["弟弟", "younger brother"],
        ["妹妹", "younger sister"],
        ["孩子", "child"],
        ["中国朋友", "Chinese friend"],
      ] as const);
      if (chance(random, 0.3)) {
        return statement(
          `${owner.zh}没有${family[0]}`,
          negate(owner, "present", `have ${withArticle(family[1])}`),
        );
      }
      const count = 1 + random.below(3);
      const en =
        count === 1
          ? withArticle(family[1])
          : `${number(count)} ${family[1] === "child" ? "children" : pluralise(family[1])}`;
      return statement(
        `${owner.zh}有${counting(count)}个${family[0]}`,
        affirm(owner, "present", `have ${en}`),
      );
    },
  },
  {
    name: "existence",
    weight: 5,
    make(random) {
      const draw = random.next();
      const spot = random.pick(spots);
      if (draw < 0.45) {
        const thing = nouns.counted(nouns.someCount(random, 4), random.pick(nouns.smallThings));
        const verb = /^an? /.test(thing.en) ? "is" : "are";
        return statement(`${spot.zh}有${thing.zh}`, `there ${verb} ${thing.en} ${spot.en}`);
      }
      if (draw < 0.6) {
        const thing = random.pick(nouns.smallThings);
        return statement(`${spot.zh}没有${thing.zh}`, `there are no ${nouns.generic(thing).en} ${spot.en}`);
      }
      if (draw < 0.75) {
        const pet = random.pick(nouns.pets);
        const thing = nouns.counted(nouns.someCount(random, 4), pet);
        const verb = /^an? /.test(thing.en) ? "is" : "are";
        const where = random.pick([
          phrase("门外", "outside the door"),
          phrase("公园里", "in the park"),
          ...spots.slice(1, 4),
        ]);
        return statement(`${where.zh}有${thing.zh}`, `there ${verb} ${thing.en} ${where.en}`);
      }
      const where = random.pick([
        places.classroom,
        places.office,
        places.library,
        places.restaurant,
        places.museum,
        places.gym,
        places.park,
      ]);
      const many = random.pick([
        phrase("很多人", "are many people"),
        phrase("很多学生", "are many students"),
        phrase("很多孩子", "are many children"),
      ]);
      return chance(random, 0.7)
        ? statement(`${where.zh}里有${many.zh}`, `there ${many.en} in ${where.en}`)
        : statement(`${where.zh}里没有人`, `there is nobody in ${where.en}`);
    },
  },
  {
    name: "where a thing is",
    weight: 4,
    make(random) {
      if (chance(random, 0.55)) {
        const owner = random.pick(pronouns);
        const thing = random.pick(nouns.smallThings);
        const spot = random.pick(spots);
        const whose = phrase(`${owner.zh}的${thing.zh}`, `${owner.possessive} ${thing.en}`);
        return chance(random, 0.75)
          ? statement(`${whose.zh}在${spot.zh}`, `${whose.en} is ${spot.en}`)
          : statement(`${whose.zh}不在${spot.zh}`, `${whose.en} is not ${spot.en}`);
      }
      const one = random.pick(places.destinations);
      let other = random.pick(places.destinations);
      while (other === one) other = random.pick(places.destinations);
      const relation = random.pick([
        phrase("旁边", "next to"),
        phrase("对面", "across from"),
        phrase("后面", "behind"),
        phrase("前面", "in front of"),
      ]);
      return statement(`${one.zh}在${other.zh}${relation.zh}`, `${one.en} is ${relation.en} ${other.en}`);
    },
  },
];
