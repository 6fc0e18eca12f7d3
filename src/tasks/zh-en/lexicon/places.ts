import type { Phrase } from "../phrase.ts";

/** Somewhere things happen. */
export interface Place extends Phrase {
  /** Where it happens: "in the library", said with 在. */
  readonly at: string;
  /** Where one goes: "to the library", said with 去. */
  readonly to: string;
}

function place(zh: string, en: string, at: string, to = `to ${en}`): Place {
  return { zh, en, at, to };
}

export const home = place("家", "home", "at home", "home");
export const school = place("学校", "the school", "at school", "to school");
export const library = place("图书馆", "the library", "in the library");
export const classroom = place("教室", "the classroom", "in the classroom");
export const dormitory = place("宿舍", "the dormitory", "in the dormitory");
export const cafe = place("咖啡馆", "the cafe", "in the cafe");
export const park = place("公园", "the park", "in the park");
export const office = place("办公室", "the office", "in the office");
export const company = place("公司", "the company", "at the company");
export const restaurant = place("饭馆", "the restaurant", "in the restaurant");
export const supermarket = place("超市", "the supermarket", "at the supermarket");
export const store = place("商店", "the store", "in the store");
export const bookstore = place("书店", "the bookstore", "in the bookstore");
export const hospital = place("医院", "the hospital", "in the hospital");
export const station = place("火车站", "the train station", "at the train station");
export const airport = place("机场", "the airport", "at the airport");
export const kitchen = place("厨房", "the kitchen", "in the kitchen");
export const gym = place("体育馆", "the gym", "in the gym");
export const cinema = place("电影院", "the movie theater", "at the movie theater");
export const museum = place("博物馆", "the museum", "in the museum");
export const zoo = place("动物园", "the zoo", "at the zoo");
export const bank = place("银行", "the bank", "at the bank");

/** Public places one goes to or asks the way to. */
export const destinations: readonly Place[] = [
  school,
  library,
  park,
  company,
  restaurant,
  supermarket,
  store,
  bookstore,
  hospital,
  station,
  airport,
  gym,
  cinema,
  museum,
  zoo,
  bank,
  cafe,
];

function town(zh: string, en: string): Place {
  return place(zh, en, `in ${en}`);
}

export const cities: readonly Place[] = [
  town("北京", "Beijing"),
  town("上海", "Shanghai"),
  town("广州", "Guangzhou"),
  town("成都", "Chengdu"),
  town("南京", "Nanjing"),
  town("伦敦", "London"),
  town("巴黎", "Paris"),
  town("纽约", "New York"),
];

export const countries: readonly Place[] = [
  town("中国", "China"),
  town("日本", "Japan"),
  town("法国", "France"),
  town("德国", "Germany"),
  town("美国", "America"),
  town("英国", "England"),
];

export const farAway: readonly Place[] = [...cities, ...countries];

/** Ways to get somewhere: 坐火车, "by train". */
export interface Transport extends Phrase {
  /** True when it needs a driver's licence. */
  readonly adult?: boolean;
  /** True when it reaches another city. */
  readonly far?: boolean;
  /** True when it is used within a city. */
  readonly near?: boolean;
}

export const transport: readonly Transport[] = [
  { zh: "坐火车", en: "by train", far: true },
  { zh: "坐飞机", en: "by plane", far: true },
  { zh: "开车", en: "by car", far: true, near: true, adult: true },
  { zh: "坐地铁", en: "by subway", near: true },
  { zh: "坐公共汽车", en: "by bus", near: true },
  { zh: "坐出租车", en: "by taxi", near: true },
  { zh: "骑自行车", en: "by bicycle", near: true },
  { zh: "走路", en: "on foot", near: true },
];
