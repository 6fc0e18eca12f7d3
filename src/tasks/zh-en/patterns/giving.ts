import { affirm, negate } from "../english.ts";
import { activities, drinking, eating, meals, sociable, studies, verbPhrase } from "../lexicon/activities.ts";
import * as nouns from "../lexicon/nouns.ts";
import { I, pronouns, relative, someAdult, someone, twoPeople } from "../lexicon/people.ts";
import * as places from "../lexicon/places.ts";
import * as times from "../lexicon/times.ts";
import { chance, type Pattern, phrase, statement, words } from "../phrase.ts";

/** Giving, asking for, forbidding, teaching and wearing. */
export const giving: readonly Pattern[] = [
  {
    name: "把 with a receiver",
    weight: 4,
    make(random) {
      const [who, receiver] = twoPeople(random, someone);
      const [zh, en] = random.pick([
        ["借给", "lend"],
        ["送给", "give"],
        ["还给", "return"],
      ] as const);
      const lasting = [nouns.book, nouns.dictionary, nouns.camera, nouns.bicycle, nouns.guitar];
      const thing = random.pick(zh === "送给" ? lasting : [...lasting, nouns.umbrella, nouns.key]);
      const base = `${en} the ${thing.en} to ${receiver.object}`;
      const draw = random.next();
      if (draw < 0.6)
        return statement(`${who.zh}把${thing.zh}${zh}了${receiver.zh}`, affirm(who, "past", base));
      if (draw < 0.8)
        return statement(`${who.zh}没把${thing.zh}${zh}${receiver.zh}`, negate(who, "past", base));
      const own = relative(random, I);
      const other = receiver.zh.startsWith("你") ? own : receiver;
      return statement(`请把${thing.zh}${zh}${other.zh}`, `please ${en} the ${thing.en} to ${other.object}`);
    },
  },
  {
    name: "giving with two objects",
    weight: 4,
    make(random) {
      const [who, receiver] = twoPeople(random, someone);
      const thing = nouns.counted(
        nouns.someCount(random),
        random.pick([nouns.book, nouns.photo, nouns.cup, nouns.gift, nouns.umbrella, ...nouns.garments]),
      );
      const draw = random.next();
      if (draw < 0.4) {
        const when = random.pick([phrase("", ""), ...times.past.slice(0, 6)]);
        return statement(
          `${who.zh}${when.zh}送给${receiver.zh}${thing.zh}`,
          words(affirm(who, "past", "give"), receiver.object, thing.en, when.en),
        );
      }
      if (draw < 0.7) {
        const writing = nouns.counted(nouns.someCount(random), random.pick([nouns.letter, nouns.email]));
        const when = random.pick(times.past);
        return statement(
          `${who.zh}${when.zh}给${receiver.zh}写了${writing.zh}`,
          words(affirm(who, "past", "write"), writing.en, "to", receiver.object, when.en),
        );
      }
      const when = random.pick(times.past);
      return statement(
        `${who.zh}${when.zh}给${receiver.zh}买了${thing.zh}`,
        words(affirm(who, "past", "buy"), thing.en, "for", receiver.object, when.en),
      );
    },
  },
  {
    name: "asking for things",
    weight: 4,
    make(random) {
      const draw = random.next();
      const thing = nouns.counted(
        nouns.someCount(random),
        random.pick([...nouns.drinks, ...nouns.drinks, ...nouns.foods, ...nouns.stationery]),
      );
      if (draw < 0.5) {
        const receiver = random.pick(pronouns.filter((one) => one.en !== "you"));
        return statement(`请给${receiver.zh}${thing.zh}`, `please give ${receiver.object} ${thing.en}`);
      }
      const who = random.pick([I, I, someone(random)]);
      return statement(`${who.zh}想要${thing.zh}`, affirm(who, "present", `want ${thing.en}`));
    },
  },
  {
    name: "prohibitions and invitations",
    weight: 5,
    make(random) {
      const doing = random.pick(sociable);
      const { zh, en } = verbPhrase(doing);
      const where = random.pick(doing.places);
      const draw = random.next();
      if (draw < 0.3) {
        const forbidden = random.pick([
          places.library,
          places.classroom,
          places.office,
          places.hospital,
          places.museum,
          places.bookstore,
        ]);
        const noisy = verbPhrase(
          random.pick([
            ...activities.filter((one) =>
              ["唱", "跳", "踢", "打", "听", "玩", "聊", "睡", "跑"].includes(one.verb),
            ),
            ...drinking,
            ...eating.slice(0, 6),
          ]),
        );
        const zhNot = random.pick(["别", "请不要"]);
        return statement(
          `${zhNot}在${forbidden.zh}${noisy.zh}`,
          `${zhNot === "别" ? "do" : "please do"} not ${noisy.en} ${forbidden.at}`,
        );
      }
      if (draw < 0.4) {
        const meal = verbPhrase(random.pick(meals));
        const day = random.pick([
          phrase("明天", "tomorrow"),
          phrase("后天", "the day after tomorrow"),
          phrase("", ""),
        ]);
        return statement(`我们${day.zh}一起${meal.zh}吧`, words("let us", meal.en, "together", day.en));
      }
      if (draw < 0.6) return statement(`我们一起${zh}吧`, `let us ${en} together`);
      if (draw < 0.8) {
        const when = random.pick(times.future);
        return statement(`我们${when.zh}一起${zh}吧`, `let us ${en} together ${when.en}`);
      }
      return statement(`我们在${where.zh}${zh}吧`, `let us ${en} ${where.at}`);
    },
  },
  {
    name: "wearing",
    weight: 3,
    make(random) {
      const who = someone(random);
      const garment = random.pick(nouns.garments);
      const color = random.pick([
        phrase("红色的", "red"),
        phrase("蓝色的", "blue"),
        phrase("白色的", "white"),
        phrase("黑色的", "black"),
        phrase("绿色的", "green"),
        phrase("黄色的", "yellow"),
      ]);
      const worn = nouns.counted(1, garment, chance(random, 0.75) ? color : undefined);
      if (who.agreement === "plural" && who.en !== "you") {
        return statement(`我穿着${worn.zh}`, affirm(I, "progressive", `wear ${worn.en}`));
      }
      return chance(random, 0.6)
        ? statement(`${who.zh}穿着${worn.zh}`, affirm(who, "progressive", `wear ${worn.en}`))
        : statement(`${who.zh}昨天穿了${worn.zh}`, `${affirm(who, "past", `wear ${worn.en}`)} yesterday`);
    },
  },
  {
    name: "teaching",
    weight: 2,
    make(random) {
      const [who, pupil] = twoPeople(random, someAdult);
      const subject = random.pick([
        ...studies.map((one) => phrase(one.object, one.en.replace("study ", ""))),
      ]);
      const en = `teach ${pupil.object} ${subject.en}`;
      switch (random.below(3)) {
        case 0:
          return statement(`${who.zh}在教${pupil.zh}${subject.zh}`, affirm(who, "progressive", en));
        case 1: {
          const when = random.pick(times.regular);
          return statement(
            `${who.zh}${when.zh}教${pupil.zh}${subject.zh}`,
            words(affirm(who, "present", en), when.en),
          );
        }
        default:
          return statement(`${who.zh}教过${pupil.zh}${subject.zh}`, affirm(who, "perfect", en));
      }
    },
  },
];
