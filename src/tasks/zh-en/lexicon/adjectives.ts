import type { Random } from "../../../random.ts";
import type { Phrase } from "../phrase.ts";
import * as nouns from "./nouns.ts";

/** A quality, with its negation where 不 will not do. */
export interface Adjective extends Phrase {
  /** 没有意思 rather than 不有意思. */
  readonly negated?: string;
}

function adjective(zh: string, en: string, negated?: string): Adjective {
  return negated === undefined ? { zh, en } : { zh, en, negated };
}

/** 不贵, but 没有意思. */
export function negatedAdjective(quality: Adjective): string {
  return quality.negated ?? `不${quality.zh}`;
}

/** Qualities one can complain of with 太. */
const EXCESSIVE = new Set("贵 大 小 长 短 旧 难 重 热 甜 无聊 冷 忙 累".split(" "));

/** Whether "too" goes with the quality: too expensive, but hardly too interesting. */
export function canBeTooMuch(quality: Adjective): boolean {
  return EXCESSIVE.has(quality.zh);
}

const BLAMED = new Set("贵 小 长 短 旧 难 重 无聊".split(" "));

/** Two different qualities that are both praise or both blame, so that a thing can have them at once. */
export function inTheSameVein(
  random: Random,
  qualities: readonly Adjective[],
): readonly [Adjective, Adjective] {
  for (;;) {
    const one = random.pick(qualities);
    const other = random.pick(qualities);
    if (one === other || BLAMED.has(one.zh) !== BLAMED.has(other.zh)) continue;
    if (!["长", "短"].includes(one.zh) || !["长", "短"].includes(other.zh)) return [one, other];
  }
}

const interesting = adjective("有意思", "interesting", "没有意思");
const expensive = adjective("贵", "expensive");
const cheap = adjective("便宜", "cheap");
const pretty = adjective("漂亮", "pretty");
const big = adjective("大", "big");
const small = adjective("小", "small");
const long = adjective("长", "long");
const short = adjective("短", "short");
const old = adjective("旧", "old");
const famous = adjective("有名", "famous");
const difficult = adjective("难", "difficult");
const useful = adjective("有用", "useful");
const clean = adjective("干净", "clean");
const quiet = adjective("安静", "quiet");
const comfortable = adjective("舒服", "comfortable");
const delicious = adjective("好吃", "delicious");
const tasty = adjective("好喝", "tasty");
const sweet = adjective("甜", "sweet");
const fresh = adjective("新鲜", "fresh");
const hot = adjective("热", "hot");
const cute = adjective("可爱", "cute");
const important = adjective("重要", "important");
const heavy = adjective("重", "heavy");
const busy = adjective("忙", "busy");
const easy = adjective("容易", "easy");
const boring = adjective("无聊", "boring");

/** Things and the qualities they are said to have. */
export interface Describable {
  readonly things: readonly nouns.Noun[];
  readonly qualities: readonly Adjective[];
}

const printed: Describable = {
  things: nouns.readables,
  qualities: [interesting, boring, expensive, cheap, useful],
};
const written: Describable = { things: nouns.writings, qualities: [interesting, long, short, important] };
const filmed: Describable = { things: [nouns.movie], qualities: [interesting, boring, famous, long] };
const garments: Describable = {
  things: nouns.garments,
  qualities: [pretty, expensive, cheap, big, small, comfortable, old],
};
const drunk: Describable = { things: nouns.drinks, qualities: [tasty, sweet] };
const fruit: Describable = { things: nouns.fruits, qualities: [sweet, fresh, delicious, big] };
const eaten: Describable = { things: nouns.dishes, qualities: [delicious] };
const devices: Describable = {
  things: [nouns.phone, nouns.computer, nouns.camera, nouns.bicycle, nouns.car],
  qualities: [expensive, cheap, old],
};
const pets: Describable = { things: nouns.pets, qualities: [cute, small, quiet, big] };
const bags: Describable = {
  things: [nouns.schoolbag, nouns.dictionary],
  qualities: [heavy, old, expensive, big],
};
const rooms: Describable = { things: [nouns.room], qualities: [big, small, clean, quiet, comfortable] };
const furniture: Describable = { things: nouns.furniture, qualities: [old, heavy, clean, expensive] };

/** Everything that can be pointed at and judged. */
export const describables: readonly Describable[] = [
  printed,
  printed,
  written,
  filmed,
  garments,
  garments,
  fruit,
  eaten,
  drunk,
  devices,
  pets,
  bags,
  rooms,
  furniture,
];

/** The qualities a thing may have, looked up by the thing. */
export function qualitiesOf(thing: nouns.Noun): readonly Adjective[] {
  const found = describables.find((group) => group.things.includes(thing));
  if (found === undefined) throw new RangeError(`${thing.zh} has no qualities`);
  return found.qualities;
}

/** How people are by nature: these compare. */
export const traits: readonly Adjective[] = [
  adjective("高", "tall"),
  adjective("聪明", "smart"),
  adjective("年轻", "young"),
  adjective("努力", "hardworking"),
  adjective("细心", "careful"),
  adjective("友好", "friendly"),
];

/** How people feel for a while. */
export const moods: readonly Adjective[] = [
  busy,
  adjective("累", "tired"),
  adjective("饿", "hungry"),
  adjective("渴", "thirsty"),
  adjective("高兴", "happy"),
  adjective("紧张", "nervous"),
  adjective("生气", "angry"),
];

/** Languages and school subjects. */
export const languages: readonly Phrase[] = [
  { zh: "汉语", en: "Chinese" },
  { zh: "英语", en: "English" },
  { zh: "法语", en: "French" },
  { zh: "日语", en: "Japanese" },
  { zh: "德语", en: "German" },
];

export const subjects: readonly Phrase[] = [
  ...languages,
  { zh: "数学", en: "math" },
  { zh: "历史", en: "history" },
  { zh: "物理", en: "physics" },
  { zh: "机器学习", en: "machine learning" },
];

export const subjectQualities: readonly Adjective[] = [difficult, easy, useful, interesting, important];

export const cityQualities: readonly Adjective[] = [big, pretty, famous, clean];

export const weather: readonly Adjective[] = [
  hot,
  adjective("冷", "cold"),
  adjective("暖和", "warm"),
  adjective("凉快", "cool"),
];

/** The seasons, each with what it is like. */
export const seasons: readonly (Phrase & { readonly quality: Adjective })[] = [
  { zh: "春天", en: "spring", quality: weather[2]! },
  { zh: "夏天", en: "summer", quality: weather[0]! },
  { zh: "秋天", en: "fall", quality: weather[3]! },
  { zh: "冬天", en: "winter", quality: weather[1]! },
];

export const colors: readonly Phrase[] = [
  { zh: "红色", en: "red" },
  { zh: "蓝色", en: "blue" },
  { zh: "白色", en: "white" },
  { zh: "黑色", en: "black" },
  { zh: "绿色", en: "green" },
  { zh: "黄色", en: "yellow" },
];

/** Before the quality: 很 is "very", 非常 "extremely". */
export const degrees: readonly Phrase[] = [
  { zh: "很", en: "very" },
  { zh: "非常", en: "extremely" },
  { zh: "真", en: "really" },
];
