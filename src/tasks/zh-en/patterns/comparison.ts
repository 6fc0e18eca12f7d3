import { affirm, comparative, negate, superlative } from "../english.ts";
import {
  cityQualities,
  degrees,
  describables,
  subjectQualities,
  subjects,
  traits,
} from "../lexicon/adjectives.ts";
import * as nouns from "../lexicon/nouns.ts";
import { he, I, relative, she, someAdult, someone, someYoung, twoPeople, you } from "../lexicon/people.ts";
import * as places from "../lexicon/places.ts";
import { chance, type Pattern, type Phrase, phrase, statement, words } from "../phrase.ts";

const manners: readonly {
  readonly verb: string;
  readonly object: string;
  readonly en: string;
  readonly ways: readonly Phrase[];
}[] = [
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

/** Things, people and ways of doing compared: 比, 没有, 最, 得. */
export const comparison: readonly Pattern[] = [
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
      return statement(
        `${one.zh}没有${otherZh}那么${quality.zh}`,
        `${one.en} is not as ${quality.en} as ${otherEn}`,
      );
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
        ? statement(
            `${one.zh}比${other.zh}${quality.zh}`,
            `${one.en} is ${comparative(quality.en)} than ${other.en}`,
          )
        : statement(
            `${one.zh}没有${other.zh}那么${quality.zh}`,
            `${one.en} is not as ${quality.en} as ${other.en}`,
          );
    },
  },
  {
    name: "superlative with 最",
    weight: 6,
    make(random) {
      const draw = random.next();
      if (draw < 0.5) {
        const quality = random.pick(traits);
        const [who, group, groupEn, member] = random.pick([
          [someYoung(random), "我们班", "student in our class", "学生"],
          [random.pick([he, she, relative(random, I)]), "我们家", "person in our family", "人"],
          [someAdult(random), "公司里", "person in the company", "人"],
        ] as const);
        if (who.agreement === "plural" && who !== you) {
          return statement(
            `我是${group}最${quality.zh}的${member}`,
            `I am the ${superlative(quality.en)} ${groupEn}`,
          );
        }
        return statement(
          `${who.zh}是${group}最${quality.zh}的${member}`,
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
        return statement(
          `${who.zh}${head}得${degree.zh}${way.zh}`,
          affirm(who, "present", `${en} ${degree.en} ${way.en}`),
        );
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
];
