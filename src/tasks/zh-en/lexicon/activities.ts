import type { Random } from "../../../random.ts";
import { type Phrase, phrase } from "../phrase.ts";
import { subjects } from "./adjectives.ts";
import * as nouns from "./nouns.ts";
import type { Person } from "./people.ts";
import * as places from "./places.ts";

/** A verb with its usual object, where people do it and what can be said of it. */
export interface Activity {
  /** The Chinese verb, which takes 了 and 过. */
  readonly verb: string;
  /** What follows it, possibly nothing. */
  readonly object: string;
  /** The English verb phrase in its base form. */
  readonly en: string;
  readonly places: readonly places.Place[];
  /** Something one can go on doing for an hour. */
  readonly lasting: boolean;
  /** Something one learns to do: 会. */
  readonly skill: boolean;
  /** Something for those who have a job. */
  readonly job: boolean;
  /** Something grandparents hardly do: sports and lessons. */
  readonly young: boolean;
  /** Something for those who go to school. */
  readonly pupil: boolean;
}

function activity(
  verb: string,
  object: string,
  en: string,
  where: readonly places.Place[],
  traits = "",
): Activity {
  return {
    verb,
    object,
    en,
    places: where,
    lasting: traits.includes("lasting"),
    skill: traits.includes("skill"),
    job: traits.includes("job"),
    young: traits.includes("young"),
    pupil: traits.includes("pupil"),
  };
}

/** The activity as a bilingual verb phrase: 听音乐, "listen to music". */
export function verbPhrase(doing: Activity): Phrase {
  return phrase(doing.verb + doing.object, doing.en);
}

const { home, school, library, classroom, dormitory, cafe, park, office, company, restaurant, gym } = places;

/** What people do with their day. */
export const activities: readonly Activity[] = [
  activity("看", "书", "read", [home, library, cafe, dormitory, park], "lasting"),
  activity("看", "电视", "watch TV", [home, dormitory], "lasting"),
  activity("听", "音乐", "listen to music", [home, park, dormitory, cafe], "lasting"),
  activity("做", "作业", "do homework", [home, library, classroom, dormitory, school], "lasting pupil"),
  activity("写", "日记", "write in a diary", [home, dormitory]),
  activity("上", "网", "surf the internet", [home, dormitory, cafe]),
  activity("画", "画", "paint", [home, park, school], "skill"),
  activity("唱", "歌", "sing", [home, school, park], "lasting skill"),
  activity("跳", "舞", "dance", [park, gym, school], "lasting skill"),
  activity("弹", "钢琴", "play the piano", [home, school], "lasting skill"),
  activity("弹", "吉他", "play the guitar", [home, park, dormitory], "lasting skill"),
  activity("打", "篮球", "play basketball", [gym, school, park], "lasting skill young"),
  activity("打", "网球", "play tennis", [gym, school, park], "lasting skill young"),
  activity("踢", "足球", "play soccer", [school, park], "lasting skill young"),
  activity("玩", "游戏", "play games", [home, dormitory], "lasting"),
  activity("游", "泳", "swim", [gym, school], "lasting skill"),
  activity("跑", "步", "run", [park, school, gym], "young"),
  activity("散", "步", "take a walk", [park]),
  activity("聊", "天", "chat", [cafe, park, dormitory, office]),
  activity("休息", "", "rest", [home, dormitory, office], "lasting"),
  activity("做", "饭", "cook", [home, places.kitchen], "skill"),
  activity("洗", "碗", "wash the dishes", [home, places.kitchen, restaurant]),
  activity("洗", "衣服", "do the laundry", [home, dormitory]),
  activity("打扫", "房间", "clean the room", [home]),
  activity("工作", "", "work", [home, office, company, places.hospital, places.bank], "lasting job"),
  activity("开", "会", "attend a meeting", [office, company], "job"),
  activity("学习", "", "study", [home, library, classroom, dormitory, school, cafe], "lasting young"),
];

/** Studying something in particular. */
export const studies: readonly Activity[] = subjects.map((subject) =>
  activity(
    "学习",
    subject.zh,
    `study ${subject.en}`,
    [home, library, school, dormitory, classroom],
    "lasting young",
  ),
);

/** Drinking something in general: 喝茶, "drink tea". */
export const drinking: readonly Activity[] = nouns.drinks.map((drink) =>
  activity("喝", drink.zh, `drink ${nouns.generic(drink).en}`, [home, cafe, office, restaurant]),
);

/** Eating something in general: 吃饺子, "eat dumplings". */
export const eating: readonly Activity[] = nouns.foods.map((food) =>
  activity("吃", food.zh, `eat ${nouns.generic(food).en}`, [home, school, restaurant, dormitory]),
);

/** The meals of the day. */
export const meals: readonly Activity[] = [
  activity("吃", "早饭", "have breakfast", [home, school, restaurant, dormitory]),
  activity("吃", "午饭", "have lunch", [school, restaurant, company, home]),
  activity("吃", "晚饭", "have dinner", [home, restaurant]),
];

/** What one is found doing, or not: "is sleeping". */
export const sleeping: Activity = activity("睡", "觉", "sleep", [home]);

/** Steps of the day that happen at one point in time. */
export const routines: readonly Activity[] = [
  activity("起", "床", "get up", []),
  activity("睡", "觉", "go to bed", []),
  activity("去", "学校", "go to school", [], "pupil"),
  activity("回", "家", "go home", []),
  activity("上", "班", "go to work", [], "job"),
  activity("下", "班", "get off work", [], "job"),
  activity("出", "门", "leave home", []),
];

/** A verb that is done to some number of things, with where it is done. */
export interface Doing {
  readonly verb: string;
  readonly en: string;
  readonly things: readonly nouns.Noun[];
  readonly places: readonly places.Place[];
  /** How many at a time, at most. */
  readonly most: number;
}

const { bookstore, supermarket, store, cinema, zoo, museum } = places;

/** Where one borrows from. */
const lendingLibrary: places.Place = { ...library, at: "from the library" };

export const doings: readonly Doing[] = [
  { verb: "看", en: "read", things: nouns.readables, places: [home, library, cafe, dormitory], most: 4 },
  { verb: "看", en: "watch", things: [nouns.movie], places: [home, cinema, dormitory], most: 3 },
  { verb: "喝", en: "drink", things: nouns.drinks, places: [home, cafe, office, restaurant], most: 3 },
  { verb: "吃", en: "eat", things: nouns.foods, places: [home, school, restaurant, dormitory], most: 4 },
  {
    verb: "买",
    en: "buy",
    things: nouns.readables,
    places: [bookstore, places.station, places.airport],
    most: 3,
  },
  { verb: "买", en: "buy", things: nouns.goods, places: [store], most: 3 },
  { verb: "买", en: "buy", things: nouns.groceries, places: [supermarket], most: 4 },
  { verb: "买", en: "buy", things: nouns.stationery, places: [store, supermarket, bookstore], most: 4 },
  { verb: "写", en: "write", things: nouns.writings, places: [home, office, library, cafe], most: 3 },
  { verb: "借", en: "borrow", things: nouns.readables.slice(0, 3), places: [lendingLibrary], most: 4 },
  { verb: "拍", en: "take", things: [nouns.photo], places: [park, zoo, museum, school], most: 5 },
];

/** An activity this person may do. */
export function activityFor(
  random: Random,
  who: Pick<Person, "life">,
  from: readonly Activity[] = everyday,
  accept: (doing: Activity) => boolean = () => true,
): Activity {
  const { life } = who;
  return random.pick(
    from.filter((doing) => {
      if (doing.job && (life === "child" || life === "old")) return false;
      if (doing.young && life === "old") return false;
      if (doing.pupil && (life === "adult" || life === "old")) return false;
      return accept(doing);
    }),
  );
}

/** A place of the list where this person may be found: grandparents do not live in dormitories. */
export function placeFor(
  random: Random,
  who: Pick<Person, "life">,
  from: readonly places.Place[],
): places.Place {
  const isOdd = (where: places.Place): boolean => {
    if (who.life === "any") return false;
    if (where === dormitory) return true;
    if (where === office || where === company) return who.life !== "adult";
    return who.life === "old" && (where === school || where === classroom || where === gym);
  };
  const fit = from.filter((where) => !isOdd(where));
  return fit.length === 0 ? home : random.pick(fit);
}

/** What one plans to do, or may have failed to do. */
export const plannable: readonly Activity[] = [...activities, ...activities, ...studies];

/** What is drawn from when nothing narrower is asked: pastimes more often than food and studies. */
export const everyday: readonly Activity[] = [...plannable, ...drinking, ...eating];

/** What is more fun with others. */
export const sociable: readonly Activity[] = [
  ...activities.filter(
    (one) => !one.job && !one.pupil && (one.lasting || one.object === "步" || one.object === "天"),
  ),
  ...activities.filter((one) => one.object === "饭"),
  ...studies,
  ...drinking.slice(0, 2),
];

/** What one cannot do for being too busy, and for being too tired. */
export const leisure: readonly Activity[] = activities.filter(
  (one) => one.lasting && !one.job && !one.pupil && !["学习", "休息"].includes(one.verb),
);
export const efforts: readonly Activity[] = [
  ...chores(),
  ...studies,
  ...activities.filter((one) => one.skill),
];

/** Housework and homework: what waits to be done. */
export function chores(): readonly Activity[] {
  return activities.filter((one) => ["作业", "碗", "衣服", "房间"].includes(one.object));
}

/** Things one does beside something else: 一边听音乐一边洗碗. */
export const accompaniments: readonly {
  readonly background: Activity;
  readonly foreground: readonly Activity[];
}[] = [
  { background: named("听", "音乐"), foreground: pick("作业 碗 衣服 房间 日记 步 饭 画 网 书") },
  { background: named("看", "电视"), foreground: pick("衣服 天").concat(meals) },
  { background: named("聊", "天"), foreground: pick("碗 饭").concat(named("散", "步")) },
  { background: named("唱", "歌"), foreground: pick("碗 衣服 房间 饭 舞 钢琴 吉他") },
  ...drinking
    .filter((drink) => drink.object !== "水")
    .map((background) => ({ background, foreground: pick("书 电视 音乐 天 网 日记") })),
];

function named(verb: string, object: string): Activity {
  const found = activities.find((one) => one.verb === verb && one.object === object);
  if (found === undefined) throw new RangeError(`no activity ${verb}${object}`);
  return found;
}

function pick(objects: string): readonly Activity[] {
  return activities.filter((one) => objects.split(" ").includes(one.object));
}
