import { affirm, inflect, negate } from "../english.ts";
import {
  accompaniments,
  activities,
  activityFor,
  efforts,
  leisure,
  meals,
  routines,
  studies,
  verbPhrase,
} from "../lexicon/activities.ts";
import { describables, moods, qualitiesOf, weather } from "../lexicon/adjectives.ts";
import * as nouns from "../lexicon/nouns.ts";
import { he, I, she, someNamed, someone, someoneTakenUp, they, we, you } from "../lexicon/people.ts";
import * as places from "../lexicon/places.ts";
import * as times from "../lexicon/times.ts";
import { chance, type Pattern, type Phrase, phrase, statement, words } from "../phrase.ts";

const judged: ReadonlySet<nouns.Noun> = new Set(describables.flatMap((group) => group.things));

/** Reasons, with what follows from them, both in the past. */
const causes: readonly Phrase[] = [
  phrase("昨天下雨", "it rained yesterday"),
  phrase("昨天下雪", "it snowed yesterday"),
  phrase("昨天太热", "it was too hot yesterday"),
  phrase("昨天太冷", "it was too cold yesterday"),
];

const outdoors: readonly Phrase[] = [
  phrase("去公园", "go to the park"),
  phrase("去学校", "go to school"),
  phrase("去动物园", "go to the zoo"),
  phrase("去超市", "go to the supermarket"),
  phrase("出门", "go out"),
  phrase("踢足球", "play soccer"),
  phrase("打网球", "play tennis"),
  phrase("跑步", "run"),
  phrase("散步", "take a walk"),
];

const conditions: readonly Phrase[] = [
  phrase("明天下雨", "it rains tomorrow"),
  phrase("明天下雪", "it snows tomorrow"),
  phrase("明天不下雨", "it does not rain tomorrow"),
  phrase("明天太热", "it is too hot tomorrow"),
  phrase("明天太冷", "it is too cold tomorrow"),
  phrase("明天天气好", "the weather is good tomorrow"),
];

/** Moments at which one finds the others doing something, and where these are. */
const arrivals: readonly (Phrase & { readonly at: places.Place })[] = [
  { zh: "回家", en: "get home", at: places.home },
  { zh: "打电话", en: "call", at: places.home },
  { zh: "到学校", en: "get to school", at: places.school },
  { zh: "到公司", en: "get to the company", at: places.company },
  { zh: "到图书馆", en: "get to the library", at: places.library },
];

/** Clauses beside clauses: 因为, 如果, 虽然, 一边, 的时候, 以前, 以后. */
export const linkedClauses: readonly Pattern[] = [
  {
    name: "because",
    weight: 4,
    make(random) {
      const { who, again } = someoneTakenUp(random);
      const draw = random.next();
      if (draw < 0.45) {
        const cause = random.pick(causes);
        const effect = random.pick(outdoors);
        return statement(
          `因为${cause.zh}，所以${who.zh}没${effect.zh}`,
          `because ${cause.en}, ${negate(who, "past", effect.en)}`,
        );
      }
      if (draw < 0.75) {
        const mood = random.pick(moods.slice(0, 2));
        const doing = activityFor(random, who, mood.zh === "忙" ? leisure : efforts);
        const { zh, en } = verbPhrase(doing);
        return statement(
          `因为${who.zh}昨天太${mood.zh}，所以${again.zh}没${zh}`,
          `because ${affirm(who, "past", `be too ${mood.en}`)} yesterday, ${negate(again, "past", en)}`,
        );
      }
      const thing = random.pick(
        [...judged].filter((one) => one.unit === undefined && nouns.goods.includes(one)),
      );
      const demonstrated = nouns.demonstrative("这", thing);
      const quality = random.pick([phrase("贵", "expensive"), phrase("旧", "old"), phrase("大", "big")]);
      const allowed = qualitiesOf(thing).find((one) => one.zh === quality.zh) ?? phrase("贵", "expensive");
      return statement(
        `因为${demonstrated.zh}太${allowed.zh}，所以${who.zh}没买`,
        `because ${demonstrated.en} is too ${allowed.en}, ${negate(who, "past", "buy it")}`,
      );
    },
  },
  {
    name: "if",
    weight: 4,
    make(random) {
      const who = someone(random);
      const condition = random.pick(conditions);
      const bad = !(condition.zh.includes("不下") || condition.zh.includes("好"));
      const out = random.pick(outdoors);
      const inside = verbPhrase(
        activityFor(random, who, [...activities.filter((one) => one.places.includes(places.home))]),
      );
      if (!bad) {
        return statement(
          `如果${condition.zh}，${who.zh}就${out.zh}`,
          `if ${condition.en}, ${affirm(who, "will", out.en)}`,
        );
      }
      return chance(random, 0.5)
        ? statement(
            `如果${condition.zh}，${who.zh}就不${out.zh}`,
            `if ${condition.en}, ${negate(who, "will", out.en)}`,
          )
        : statement(
            `如果${condition.zh}，${who.zh}就在家${inside.zh}`,
            `if ${condition.en}, ${affirm(who, "will", inside.en)} at home`,
          );
    },
  },
  {
    name: "although",
    weight: 4,
    make(random) {
      const draw = random.next();
      const { who, again } = someoneTakenUp(random);
      if (draw < 0.45) {
        const mood = random.pick(moods.slice(0, 4));
        const doing = activityFor(
          random,
          who,
          [...activities.filter((one) => one.lasting || one.verb === "洗"), ...studies],
          (one) => one.verb !== "休息",
        );
        const { zh, en } = verbPhrase(doing);
        return statement(
          `虽然${who.zh}很${mood.zh}，但是${again.zh}还在${zh}`,
          `although ${affirm(who, "present", `be very ${mood.en}`)}, ${affirm(again, "progressive", en, "still")}`,
        );
      }
      if (draw < 0.75) {
        const { things, qualities } = random.pick(describables.filter((group) => group.qualities.length > 3));
        const thing = nouns.demonstrative(random.pick(["这", "那"]), random.pick(things));
        const quality = random.pick(
          qualities.filter((one) => ["贵", "小", "旧", "难", "长", "重", "大", "短"].includes(one.zh)),
        );
        return statement(
          `虽然${thing.zh}很${quality.zh}，但是${who.zh}很喜欢`,
          `although ${thing.en} is very ${quality.en}, ${affirm(who, "present", "like it")} very much`,
        );
      }
      const quality = random.pick(weather.slice(0, 2));
      const out = random.pick(outdoors.slice(4));
      return statement(
        `虽然昨天很${quality.zh}，但是${who.zh}还是${out.zh}了`,
        `although it was very ${quality.en} yesterday, ${affirm(who, "past", out.en, "still")}`,
      );
    },
  },
  {
    name: "while with 一边",
    weight: 4,
    make(random) {
      const who = someone(random);
      const { background: first, foreground } = random.pick(accompaniments);
      const second = activityFor(random, who, foreground);
      const zh = `一边${verbPhrase(first).zh}一边${verbPhrase(second).zh}`;
      const meanwhile = `while ${inflect(first.en, "ing")}`;
      switch (random.below(3)) {
        case 0:
          return statement(
            `${who.zh}喜欢${zh}`,
            `${affirm(who, "present", `like to ${second.en}`)} ${meanwhile}`,
          );
        case 1: {
          const often = random.pick(times.frequency.slice(0, 4));
          return statement(
            `${who.zh}${often.zh}${zh}`,
            `${affirm(who, "present", second.en, often.en)} ${meanwhile}`,
          );
        }
        default: {
          const when = random.pick(times.regular.slice(2, 5));
          return statement(
            `${who.zh}${when.zh}${zh}`,
            words(affirm(who, "present", second.en), meanwhile, when.en),
          );
        }
      }
    },
  },
  {
    name: "when with 的时候",
    weight: 4,
    make(random) {
      const other = someNamed(random);
      // "When he got home, his mother ..." would leave open whose home it is, so owner and owned do not meet.
      const who = random.pick([I, you, we, they, other.zh.startsWith("他") ? she : he]);
      const arrival = random.pick(arrivals);
      const doing = activityFor(random, other, [...activities, ...meals], (one) =>
        one.places.includes(arrival.at),
      );
      const { zh, en } = verbPhrase(doing);
      return statement(
        `${who.zh}${arrival.zh}的时候，${other.zh}正在${zh}`,
        `when ${affirm(who, "past", arrival.en)}, ${affirm(other, "pastProgressive", en)}`,
      );
    },
  },
  {
    name: "before and after",
    weight: 4,
    make(random) {
      const who = someone(random);
      const step = activityFor(random, who, [
        ...meals,
        ...routines.filter((one) => ["起", "下"].includes(one.verb)),
        activities.find((one) => one.object === "作业")!,
      ]);
      const doing = activityFor(
        random,
        who,
        activities,
        (one) => one.places.includes(places.home) && one !== step && !one.job,
      );
      const { zh, en } = verbPhrase(doing);
      const stepPhrase = verbPhrase(step);
      const often = random.pick(times.frequency.slice(0, 3));
      if (chance(random, 0.5) && stepPhrase.zh !== "起床" && stepPhrase.zh !== "下班") {
        return statement(
          `${who.zh}${stepPhrase.zh}以前${often.zh}${zh}`,
          `${affirm(who, "present", en, often.en)} before ${inflect(step.en, "ing")}`,
        );
      }
      return statement(
        `${who.zh}${stepPhrase.zh}以后${often.zh}${zh}`,
        `${affirm(who, "present", en, often.en)} after ${inflect(step.en, "ing")}`,
      );
    },
  },
];
