import { counting } from "../chinese.ts";
import { affirm, comparative, negate, number, pluralise, superlative, withArticle } from "../english.ts";
import {
  type Adjective,
  canBeTooMuch,
  cityQualities,
  colors,
  degrees,
  describables,
  inTheSameVein,
  moods,
  negatedAdjective,
  seasons,
  subjectQualities,
  subjects,
  traits,
  weather,
} from "../lexicon/adjectives.ts";
import * as nouns from "../lexicon/nouns.ts";
import {
  he,
  jobs,
  pronouns,
  relative,
  relativeWho,
  singularPronouns,
  someAdult,
  someone,
  strangers,
  they,
  twoPeople,
  we,
} from "../lexicon/people.ts";
import * as places from "../lexicon/places.ts";
import { chance, type Pattern, type Phrase, phrase, question, statement, words } from "../phrase.ts";
import type { Random } from "../../../../random.ts";

/** Something to judge, as a subject, with a quality it may have. */
function thingWithQuality(random: Random): { thing: Phrase; quality: Adjective } {
  const draw = random.next();
  if (draw < 0.12) return { thing: random.pick(subjects), quality: random.pick(subjectQualities) };
  if (draw < 0.22) return { thing: random.pick(places.cities), quality: random.pick(cityQualities) };
  const { things, qualities } = random.pick(describables);
  const thing = nouns.demonstrative(random.pick(["这", "那"]), random.pick(things));
  return { thing, quality: random.pick(qualities) };
}

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

const manners: readonly { readonly verb: string; readonly object: string; readonly en: string; readonly ways: readonly Phrase[] }[] = [
  { verb: "跑", object: "", en: "run", ways: [phrase("快", "fast"), phrase("慢", "slowly")] },
  { verb: "走", object: "", en: "walk", ways: [phrase("快", "fast"), phrase("慢", "slowly")] },
  { verb: "起", object: "", en: "get up", ways: [phrase("早", "early"), phrase("晚", "late")] },
  { verb: "睡", object: "", en: "go to bed", ways: [phrase("早", "early"), phrase("晚", "late")] },
  { verb: "唱", object: "歌", en: "sing", ways: [phrase("好", "well")] },
  { verb: "跳", object: "舞", en: "dance", ways: [phrase("好", "well")] },
  { verb: "游", object: "泳", en: "swim", ways: [phrase("快", "fast"), phrase("慢", "slowly")] },
  { verb: "说", object: "汉语", en: "speak Chinese", ways: [phrase("好", "well"), phrase("快", "fast")] },
  { verb: "说", object: "英语", en: "speak English", ways: [phrase("好", "well"), phrase("快", "fast")] },
  { verb: "打", object: "篮球", en: "play basketball", ways: [phrase("好", "well")] },
  { verb: "做", object: "饭", en: "cook", ways: [phrase("好", "well")] },
  { verb: "弹", object: "钢琴", en: "play the piano", ways: [phrase("好", "well")] },
];

const COMPARED_ADVERBS: Readonly<Record<string, string>> = {
  fast: "faster",
  slowly: "more slowly",
  early: "earlier",
  late: "later",
  well: "better",
};

/** What things and people are, have and look like, alone and compared. */
export const description: readonly Pattern[] = [
  {
    name: "quality of a thing",
    weight: 6,
    make(random) {
      const { thing, quality } = thingWithQuality(random);
      const draw = random.next();
      if (draw < 0.2) return statement(`${thing.zh}${negatedAdjective(quality)}`, `${thing.en} is not ${quality.en}`);
      if (draw < 0.4 && canBeTooMuch(quality)) return statement(`${thing.zh}太${quality.zh}了`, `${thing.en} is too ${quality.en}`);
      const degree = random.pick(degrees);
      return statement(`${thing.zh}${degree.zh}${quality.zh}`, `${thing.en} is ${degree.en} ${quality.en}`);
    },
  },
  {
    name: "how somebody is",
    weight: 5,
    make(random) {
      const who = someone(random);
      const draw = random.next();
      if (draw < 0.1) {
        const all = random.pick([we, they]);
        return chance(random, 0.8)
          ? statement(`${who.zh}很好`, affirm(who, "present", "be good"))
          : statement(`${all.zh}都很好`, affirm(all, "present", "be all good"));
      }
      const quality = random.pick(draw < 0.5 ? traits : moods);
      const isMood = draw >= 0.5;
      const when = isMood && chance(random, 0.5) ? random.pick(["今天", "昨天"]) : "";
      const tense = when === "昨天" ? "past" : "present";
      const whenEn = when === "" ? "" : when === "今天" ? "today" : "yesterday";
      const flavour = random.below(4);
      if (flavour === 0) {
        return statement(`${who.zh}${when}不${quality.zh}`, words(negate(who, tense, `be ${quality.en}`), whenEn));
      }
      if (flavour === 1 && isMood) {
        return statement(
          `${who.zh}${when}有点儿${quality.zh}`,
          words(affirm(who, tense, `be a little ${quality.en}`), whenEn),
        );
      }
      const degree = random.pick(degrees);
      return statement(
        `${who.zh}${when}${degree.zh}${quality.zh}`,
        words(affirm(who, tense, `be ${degree.en} ${quality.en}`), whenEn),
      );
    },
  },
  {
    name: "comparing people with 比",
    weight: 6,
    make(random) {
      const [one, other] = twoPeople(random, someone);
      const quality = random.pick([...traits, { zh: "忙", en: "busy" }]);
      const than = `than ${other.object}`;
      const draw = random.next();
      if (draw < 0.4) {
        return statement(
          `${one.zh}比${other.zh}${quality.zh}`,
          affirm(one, "present", `be ${comparative(quality.en)} ${than}`),
        );
      }
      if (draw < 0.55) {
        return statement(
          `${one.zh}比${other.zh}${quality.zh}得多`,
          affirm(one, "present", `be much ${comparative(quality.en)} ${than}`),
        );
      }
      if (draw < 0.78) {
        return statement(
          `${one.zh}没有${other.zh}那么${quality.zh}`,
          negate(one, "present", `be as ${quality.en} as ${other.object}`),
        );
      }
      return statement(
        `${one.zh}和${other.zh}一样${quality.zh}`,
        affirm(one, "present", `be as ${quality.en} as ${other.object}`),
      );
    },
  },
  {
    name: "comparing things with 比",
    weight: 6,
    make(random) {
      const { things, qualities } = random.pick(describables.filter((group) => group.things.length > 1));
      const thing = random.pick(things);
      const quality = random.pick(qualities);
      const [near, far] = chance(random, 0.5) ? (["这", "那"] as const) : (["那", "这"] as const);
      const one = nouns.demonstrative(near, thing);
      const otherZh = `${far}${thing.measure}`;
      const otherEn = far === "这" ? "this one" : "that one";
      if (chance(random, 0.65)) {
        const much = chance(random, 0.3);
        return statement(
          `${one.zh}比${otherZh}${quality.zh}${much ? "得多" : ""}`,
          words(one.en, "is", much ? "much" : "", comparative(quality.en), "than", otherEn),
        );
      }
      return statement(`${one.zh}没有${otherZh}那么${quality.zh}`, `${one.en} is not as ${quality.en} as ${otherEn}`);
    },
  },
  {
    name: "comparing cities and subjects",
    weight: 4,
    make(random) {
      const [list, qualities] = chance(random, 0.5)
        ? ([places.cities, cityQualities] as const)
        : ([subjects, subjectQualities] as const);
      const one = random.pick(list);
      let other = random.pick(list);
      while (other === one) other = random.pick(list);
      const quality = random.pick(qualities);
      return chance(random, 0.6)
        ? statement(`${one.zh}比${other.zh}${quality.zh}`, `${one.en} is ${comparative(quality.en)} than ${other.en}`)
        : statement(`${one.zh}没有${other.zh}那么${quality.zh}`, `${one.en} is not as ${quality.en} as ${other.en}`);
    },
  },
  {
    name: "superlative with 最",
    weight: 6,
    make(random) {
      const draw = random.next();
      if (draw < 0.5) {
        const who = random.pick([...singularPronouns, relative(random)]);
        const quality = random.pick(traits);
        const [groupZh, groupEn] = random.pick([
          ["我们班最", "student in our class"],
          ["我们家最", "person in our family"],
          ["公司里最", "person in the company"],
        ] as const);
        const noun = groupEn.startsWith("student") ? "学生" : "人";
        return statement(
          `${who.zh}是${groupZh}${quality.zh}的${noun}`,
          affirm(who, "present", `be the ${superlative(quality.en)} ${groupEn}`),
        );
      }
      const { things, qualities } = random.pick(describables);
      const thing = nouns.demonstrative("这", random.pick(things));
      const quality = random.pick(qualities);
      return statement(`${thing.zh}最${quality.zh}`, `${thing.en} is the ${superlative(quality.en)}`);
    },
  },
  {
    name: "manner with 得",
    weight: 4,
    make(random) {
      const { verb, object, en, ways } = random.pick(manners);
      const way = random.pick(ways);
      const head = object === "" ? verb : `${verb}${object}${verb}`;
      const draw = random.next();
      if (draw < 0.5) {
        const who = someone(random);
        const degree = random.pick(degrees.slice(0, 2));
        return statement(`${who.zh}${head}得${degree.zh}${way.zh}`, affirm(who, "present", `${en} ${degree.en} ${way.en}`));
      }
      if (draw < 0.65) {
        const who = someone(random);
        return statement(`${who.zh}${head}得不${way.zh}`, negate(who, "present", `${en} ${way.en}`));
      }
      const [one, other] = twoPeople(random, someone);
      return statement(
        `${one.zh}${head}得比${other.zh}${way.zh}`,
        affirm(one, "present", `${en} ${COMPARED_ADVERBS[way.en]} than ${other.object}`),
      );
    },
  },
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
      const who = someAdult(random);
      const noun = who.agreement === "plural" && who.zh !== "你" ? pluralise(job.en) : withArticle(job.en);
      const twice = job.zh === "老师" || job.zh === "医生" || job.zh === "学生";
      if (twice && (who.zh.includes(job.zh) || who.zh.endsWith("们"))) {
        return statement(`${he.zh}也是${job.zh}`, affirm(he, "present", `be ${withArticle(job.en)}`, "also"));
      }
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
      return statement(`${owner.zh}的${colored.zh}是${color.zh}的`, `${owner.possessive} ${colored.en} is ${color.en}`);
    },
  },
  {
    name: "having",
    weight: 5,
    make(random) {
      const who = someone(random);
      const draw = random.next();
      if (draw < 0.4) {
        const thing = random.pick([...nouns.belongings, ...nouns.pets, ...nouns.stationery, ...nouns.garments]);
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
        return statement(`${owner.zh}没有${family[0]}`, negate(owner, "present", `have ${withArticle(family[1])}`));
      }
      const count = 1 + random.below(3);
      const en =
        count === 1
          ? withArticle(family[1])
          : `${number(count)} ${family[1] === "child" ? "children" : pluralise(family[1])}`;
      return statement(`${owner.zh}有${counting(count)}个${family[0]}`, affirm(owner, "present", `have ${en}`));
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
        const where = random.pick([phrase("门外", "outside the door"), phrase("公园里", "in the park"), ...spots.slice(1, 4)]);
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
  {
    name: "weather",
    weight: 7,
    make(random) {
      const quality = random.pick(weather);
      const town = random.pick(places.farAway);
      const season = random.pick(seasons);
      const degree = random.pick(degrees);
      switch (random.below(8)) {
        case 0:
          return chance(random, 0.8)
            ? statement(
                `${town.zh}的${season.zh}${degree.zh}${season.quality.zh}`,
                `${season.en} in ${town.en} is ${degree.en} ${season.quality.en}`,
              )
            : statement(`${town.zh}的${season.zh}不${season.quality.zh}`, `${season.en} in ${town.en} is not ${season.quality.en}`);
        case 1:
          return statement(`今天${town.zh}${degree.zh}${quality.zh}`, `it is ${degree.en} ${quality.en} in ${town.en} today`);
        case 2:
          return statement(`昨天${town.zh}${degree.zh}${quality.zh}`, `it was ${degree.en} ${quality.en} in ${town.en} yesterday`);
        case 3:
          return statement(`${town.zh}的天气越来越${quality.zh}了`, `the weather in ${town.en} is getting ${gettingMore(quality.en)}`);
        case 4: {
          const fall = random.pick([phrase("雨", "rain"), phrase("雪", "snow")]);
          const [when, whenEn] = random.pick([
            ["明天", "tomorrow"],
            ["后天", "the day after tomorrow"],
            ["下个星期", "next week"],
            ["今天晚上", "this evening"],
            ["这个周末", "this weekend"],
          ] as const);
          const where = chance(random, 0.7);
          const placeZh = where ? town.zh : "";
          const placeEn = where ? town.at : "";
          return chance(random, 0.6)
            ? statement(`${when}${placeZh}会下${fall.zh}`, words("it will", fall.en, placeEn, whenEn))
            : statement(`${when}${placeZh}不会下${fall.zh}`, words("it will not", fall.en, placeEn, whenEn));
        }
        case 5: {
          const fall = random.pick([phrase("雨", "rain"), phrase("雪", "snow")]);
          return chance(random, 0.5)
            ? statement(`${town.zh}在下${fall.zh}`, `it is ${fall.en}ing ${town.at}`)
            : statement(`昨天${town.zh}没下${fall.zh}`, `it did not ${fall.en} ${town.at} yesterday`);
        }
        case 6: {
          let other = random.pick(places.farAway);
          while (other === town) other = random.pick(places.farAway);
          return statement(
            `${town.zh}的${season.zh}比${other.zh}${season.quality.zh}`,
            `${season.en} in ${town.en} is ${comparative(season.quality.en)} than in ${other.en}`,
          );
        }
        default: {
          const much = chance(random, 0.5);
          const where = chance(random, 0.6) ? town : phrase("", "");
          return statement(
            `${where.zh}今天比昨天${quality.zh}${much ? "得多" : ""}`,
            words("today is", much ? "much" : "", comparative(quality.en), "than yesterday", where.en === "" ? "" : `in ${where.en}`),
          );
        }
      }
    },
  },
  {
    name: "two qualities with 又",
    weight: 3,
    make(random) {
      const { things, qualities } = random.pick(describables.filter((group) => group.qualities.length > 2));
      const thing = nouns.demonstrative(random.pick(["这", "那"]), random.pick(things));
      const [one, other] = inTheSameVein(random, qualities);
      return statement(`${thing.zh}又${one.zh}又${other.zh}`, `${thing.en} is both ${one.en} and ${other.en}`);
    },
  },
  {
    name: "pointing at people",
    weight: 2,
    make(random) {
      const stranger = random.pick(strangers);
      const pointer = random.pick([phrase("这个", "this"), phrase("那个", "that")]);
      if (chance(random, 0.5)) {
        const degree = random.pick(degrees);
        const trait = random.pick(traits);
        return statement(
          `${pointer.zh}${stranger.zh}${degree.zh}${trait.zh}`,
          `${pointer.en} ${stranger.en} is ${degree.en} ${trait.en}`,
        );
      }
      const who = relativeWho(random, stranger);
      return statement(`${pointer.zh}${stranger.zh}是${who.zh}`, `${pointer.en} ${stranger.en} is ${who.en}`);
    },
  },
];

function gettingMore(quality: string): string {
  return `${comparative(quality)} and ${comparative(quality)}`;
}
