import type { Random } from "../../../random.ts";
import { counting } from "../chinese.ts";
import { number, pluralise, withArticle } from "../english.ts";
import { type Phrase, phrase } from "../phrase.ts";

/** A thing, with its measure word. */
export interface Noun extends Phrase {
  readonly measure: string;
  /** For what English does not count by itself: "cup" of coffee, "pair" of shoes. */
  readonly unit?: string;
}

function noun(zh: string, measure: string, en: string, unit?: string): Noun {
  return unit === undefined ? { zh, measure, en } : { zh, measure, en, unit };
}

/** How many of them one has or does, most often one. */
export function someCount(random: Random, most = 3): number {
  return Math.min(most, random.pick([1, 1, 2, 2, 3, 3, 4]));
}

/** Some number of things: 三本书, "three books"; 两杯茶, "two cups of tea"; one is "a" or "an". */
export function counted(count: number, thing: Noun, adjective?: { zh: string; en: string }): Phrase {
  const plain = adjective === undefined ? thing.en : `${adjective.en} ${thing.en}`;
  const zh = `${counting(count)}${thing.measure}${adjective === undefined ? "" : adjective.zh}${thing.zh}`;
  const several = (en: string): string =>
    count === 1 ? withArticle(en) : `${number(count)} ${pluralise(en)}`;
  return phrase(zh, thing.unit === undefined ? several(plain) : `${several(thing.unit)} of ${plain}`);
}

/** The thing in general: 书, "books"; 咖啡, "coffee". */
export function generic(thing: Noun): Phrase {
  return phrase(thing.zh, thing.unit === undefined ? pluralise(thing.en) : thing.en);
}

/** The thing at hand: 这本书, "this book"; 那杯茶, "that cup of tea". */
export function demonstrative(which: "这" | "那", thing: Noun): Phrase {
  const en = thing.unit === undefined ? thing.en : `${thing.unit} of ${thing.en}`;
  return phrase(`${which}${thing.measure}${thing.zh}`, `${which === "这" ? "this" : "that"} ${en}`);
}

export const book = noun("书", "本", "book");
const newspaper = noun("报纸", "份", "newspaper");
export const car = noun("汽车", "辆", "car");
export const bicycle = noun("自行车", "辆", "bicycle");
export const phone = noun("手机", "部", "phone");
export const computer = noun("电脑", "台", "computer");
export const camera = noun("相机", "台", "camera");
export const photo = noun("照片", "张", "photo");
export const cake = noun("蛋糕", "块", "cake", "piece");
export const cup = noun("杯子", "个", "cup");
export const key = noun("钥匙", "把", "key");
export const umbrella = noun("雨伞", "把", "umbrella");
export const wallet = noun("钱包", "个", "wallet");
export const guitar = noun("吉他", "把", "guitar");
export const dictionary = noun("词典", "本", "dictionary");
export const movie = noun("电影", "部", "movie");
export const report = noun("报告", "份", "report");
const article = noun("文章", "篇", "article");
export const letter = noun("信", "封", "letter");
export const email = noun("邮件", "封", "email");
export const room = noun("房间", "个", "room");
const map = noun("地图", "张", "map");
export const schoolbag = noun("书包", "个", "schoolbag");
export const gift = noun("礼物", "个", "gift");

export const readables: readonly Noun[] = [
  book,
  noun("小说", "本", "novel"),
  noun("杂志", "本", "magazine"),
  newspaper,
];

export const writings: readonly Noun[] = [letter, email, article, report];

const cola = noun("可乐", "杯", "cola", "glass");

export const drinks: readonly Noun[] = [
  noun("咖啡", "杯", "coffee", "cup"),
  noun("茶", "杯", "tea", "cup"),
  noun("水", "杯", "water", "glass"),
  noun("牛奶", "杯", "milk", "glass"),
  noun("果汁", "杯", "juice", "glass"),
  cola,
];

const egg = noun("鸡蛋", "个", "egg");
const bread = noun("面包", "块", "bread", "piece");

export const fruits: readonly Noun[] = [
  noun("苹果", "个", "apple"),
  noun("橙子", "个", "orange"),
  noun("桃子", "个", "peach"),
];

export const dishes: readonly Noun[] = [
  egg,
  noun("饺子", "个", "dumpling"),
  noun("三明治", "个", "sandwich"),
  bread,
  noun("面条", "碗", "noodles", "bowl"),
  noun("米饭", "碗", "rice", "bowl"),
  cake,
];

export const foods: readonly Noun[] = [...fruits, ...dishes];

/** What a supermarket sells by the piece. */
export const groceries: readonly Noun[] = [...fruits, egg, bread, cake];

/** Clothes that English counts one by one. */
export const garments: readonly Noun[] = [
  noun("衬衫", "件", "shirt"),
  noun("毛衣", "件", "sweater"),
  noun("大衣", "件", "coat"),
  noun("裙子", "条", "skirt"),
];

export const clothes: readonly Noun[] = [
  ...garments,
  noun("裤子", "条", "pants", "pair"),
  noun("鞋", "双", "shoes", "pair"),
];

/** Things of one's own that one uses every day. */
export const belongings: readonly Noun[] = [
  phone,
  computer,
  camera,
  bicycle,
  car,
  umbrella,
  wallet,
  key,
  dictionary,
  schoolbag,
];

export const stationery: readonly Noun[] = [
  noun("铅笔", "支", "pencil"),
  noun("本子", "个", "notebook"),
  dictionary,
  map,
];

export const furniture: readonly Noun[] = [
  noun("桌子", "张", "table"),
  noun("椅子", "把", "chair"),
  noun("床", "张", "bed"),
];

export const pets: readonly Noun[] = [
  noun("猫", "只", "cat"),
  noun("狗", "只", "dog"),
  noun("鸟", "只", "bird"),
];

/** What can be bought, by where it is sold. */
export const goods: readonly Noun[] = [...clothes, umbrella, cup, camera, phone, bicycle];

/** Things small enough to lie on a table. */
export const smallThings: readonly Noun[] = [
  book,
  newspaper,
  photo,
  cup,
  key,
  phone,
  wallet,
  letter,
  ...stationery,
];
