import type { Random } from "../../../random.ts";
import { affirm, ask, negate } from "../english.ts";
import * as nouns from "../lexicon/nouns.ts";
import { he, she, singularPronouns, someone, you } from "../lexicon/people.ts";
import * as places from "../lexicon/places.ts";
import * as times from "../lexicon/times.ts";
import { chance, type Pattern, type Phrase, phrase, question, statement, words } from "../phrase.ts";

interface Handling {
  /** Verb and result: 关上, 洗干净. */
  readonly zh: string;
  /** The English verb, with "…" where the object goes. */
  readonly en: string;
  readonly things: readonly Phrase[];
  /** Whether one would ask somebody to do it. */
  readonly wanted: boolean;
  /** Whether the thing can be somebody's own. */
  readonly owned?: boolean;
}

const door = phrase("门", "door");
const window = phrase("窗户", "window");
const light = phrase("灯", "light");
const television = phrase("电视", "TV");
const homework = phrase("作业", "homework");
const roomThing: Phrase = nouns.room;

const handlings: readonly Handling[] = [
  { zh: "关上", en: "close …", things: [door, window, door, window, nouns.schoolbag], wanted: true },
  { zh: "打开", en: "open …", things: [door, window, nouns.schoolbag, nouns.letter], wanted: true },
  { zh: "关掉", en: "turn off …", things: [light, television, nouns.computer], wanted: true },
  {
    zh: "洗干净",
    en: "wash …",
    things: [nouns.cup, ...nouns.garments, ...nouns.fruits, nouns.car, window],
    wanted: true,
  },
  {
    zh: "打扫干净",
    en: "clean …",
    things: [roomThing, places.classroom, places.kitchen, places.office].map(bare),
    wanted: true,
  },
  { zh: "打破", en: "break …", things: [nouns.cup, window], wanted: false },
  {
    zh: "弄丢",
    en: "lose …",
    things: [nouns.key, nouns.phone, nouns.wallet, nouns.umbrella, nouns.camera],
    wanted: false,
    owned: true,
  },
  {
    zh: "弄坏",
    en: "damage …",
    things: [nouns.computer, nouns.phone, nouns.camera, nouns.bicycle],
    wanted: false,
    owned: true,
  },
  {
    zh: "修好",
    en: "repair …",
    things: [nouns.computer, nouns.phone, nouns.bicycle, nouns.car, nouns.camera],
    wanted: true,
    owned: true,
  },
  { zh: "看完", en: "finish reading …", things: nouns.readables, wanted: true },
  { zh: "写完", en: "finish writing …", things: nouns.writings, wanted: true },
  { zh: "做完", en: "finish …", things: [homework], wanted: true },
  { zh: "喝完", en: "finish …", things: nouns.drinks, wanted: true },
  { zh: "吃完", en: "eat up …", things: nouns.dishes.slice(3), wanted: true },
  {
    zh: "卖掉",
    en: "sell …",
    things: [nouns.car, nouns.bicycle, nouns.computer, nouns.guitar, nouns.camera],
    wanted: false,
    owned: true,
  },
  {
    zh: "带来",
    en: "bring …",
    things: [nouns.dictionary, nouns.camera, nouns.umbrella, nouns.key, nouns.report],
    wanted: true,
  },
];

function bare(thing: Phrase): Phrase {
  return phrase(thing.zh, thing.en.replace(/^the /, ""));
}

/** A thing handled, with what is done to it, in the base form. */
function handled(
  random: Random,
  accept: (handling: Handling) => boolean = () => true,
): Phrase & { object: string } {
  for (;;) {
    const handling = random.pick(handlings);
    if (!accept(handling)) continue;
    const thing = random.pick(handling.things);
    const owner =
      handling.owned === true && (thing === nouns.phone || chance(random, 0.6))
        ? random.pick(singularPronouns)
        : undefined;
    const object = owner === undefined ? thing.zh : `${owner.zh}的${thing.zh}`;
    const name = owner === undefined ? `the ${thing.en}` : `${owner.possessive} ${thing.en}`;
    return { zh: handling.zh, object, en: handling.en.replace("…", name) };
  }
}

const surfaces: readonly Phrase[] = [
  phrase("桌子上", "on the table"),
  phrase("床上", "on the bed"),
  phrase("椅子上", "on the chair"),
  phrase("书包里", "in the schoolbag"),
  phrase("门后面", "behind the door"),
];

/** Doing something to something: 把 and 被. */
export const handling: readonly Pattern[] = [
  {
    name: "把 with a result",
    weight: 8,
    make(random) {
      const who = someone(random);
      const isPupil = who.life === "any" || who.life === "child";
      const { zh, object, en } = handled(random, (one) => isPupil || !one.things.includes(homework));
      const draw = random.next();
      if (draw < 0.45) {
        return chance(random, 0.6)
          ? statement(`${who.zh}把${object}${zh}了`, affirm(who, "past", en))
          : withPast(random, who, `把${object}${zh}了`, affirm(who, "past", en));
      }
      if (draw < 0.6)
        return statement(`${who.zh}已经把${object}${zh}了`, affirm(who, "perfect", en, "already"));
      if (draw < 0.75) return statement(`${who.zh}还没把${object}${zh}`, `${negate(who, "perfect", en)} yet`);
      if (draw < 0.87) {
        const asked = random.pick([you, he, she]);
        return question(`${asked.zh}把${object}${zh}了吗`, ask(asked, "past", en));
      }
      return statement(`${who.zh}没把${object}${zh}`, negate(who, "past", en));
    },
  },
  {
    name: "把 in requests",
    weight: 4,
    make(random) {
      const wished = chance(random, 0.7);
      const { zh, object, en } = handled(random, (one) => one.wanted === wished);
      if (!wished) return statement(`别把${object}${zh}了`, `do not ${en}`);
      const draw = random.next();
      if (draw < 0.6) return statement(`请把${object}${zh}`, `please ${en}`);
      return draw < 0.8
        ? question(`你可以把${object}${zh}吗`, `can you ${en}`)
        : statement(`你必须把${object}${zh}`, `you must ${en}`);
    },
  },
  {
    name: "把 with a place",
    weight: 4,
    make(random) {
      const who = someone(random);
      const thing = random.pick(nouns.smallThings);
      const spot = random.pick(surfaces);
      const owner = random.pick(singularPronouns);
      const object =
        thing !== nouns.phone && chance(random, 0.6)
          ? phrase(thing.zh, `the ${thing.en}`)
          : phrase(`${owner.zh}的${thing.zh}`, `${owner.possessive} ${thing.en}`);
      const en = `put ${object.en} ${spot.en}`;
      const draw = random.next();
      if (draw < 0.6) return statement(`${who.zh}把${object.zh}放在${spot.zh}了`, affirm(who, "past", en));
      if (draw < 0.85) return statement(`请把${object.zh}放在${spot.zh}`, `please ${en}`);
      return statement(`别把${object.zh}放在${spot.zh}`, `do not ${en}`);
    },
  },
  {
    name: "passive with 被",
    weight: 4,
    make(random) {
      const owner = random.pick(singularPronouns);
      if (chance(random, 0.4)) {
        const thing = random.pick([
          nouns.bicycle,
          nouns.phone,
          nouns.wallet,
          nouns.camera,
          nouns.computer,
          nouns.car,
        ]);
        const when = random.pick([phrase("", ""), ...times.past]);
        return statement(
          `${owner.zh}的${thing.zh}${when.zh}被偷走了`,
          words(owner.possessive, thing.en, "was stolen", when.en),
        );
      }
      const who = someone(random);
      const [verb, participle, thing] = random.pick([
        ["打破", "broken", nouns.cup],
        ["打破", "broken", window],
        ["吃完", "eaten up", nouns.cake],
        ["喝完", "finished", nouns.drinks[3]!],
        ["弄坏", "damaged", nouns.computer],
        ["弄坏", "damaged", nouns.bicycle],
        ["弄丢", "lost", nouns.key],
        ["借走", "borrowed", nouns.dictionary],
        ["借走", "borrowed", nouns.book],
        ["借走", "borrowed", nouns.camera],
      ] as const);
      return statement(
        `${thing.zh}被${who.zh}${verb}了`,
        `the ${thing.en} was ${participle} by ${who.object}`,
      );
    },
  },
];

function withPast(random: Random, who: { zh: string }, zh: string, en: string): ReturnType<typeof statement> {
  const when = random.pick(times.past.slice(0, 7));
  return statement(`${who.zh}${when.zh}${zh}`, words(en, when.en));
}
