import { counting } from "../chinese.ts";
import { number, pluralise } from "../english.ts";
import { type Phrase, phrase } from "../phrase.ts";

const parts: readonly Phrase[] = [
  phrase("早上", "morning"),
  phrase("下午", "afternoon"),
  phrase("晚上", "evening"),
];

/** Points in the past: with 了 or 没. */
export const past: readonly Phrase[] = [
  phrase("昨天", "yesterday"),
  phrase("昨天", "yesterday"),
  phrase("前天", "the day before yesterday"),
  ...parts.map((part) => phrase(`昨天${part.zh}`, `yesterday ${part.en}`)),
  phrase("今天早上", "this morning"),
  phrase("上个星期", "last week"),
  phrase("上个周末", "last weekend"),
];

/** Points further back, for what does not happen every day. */
export const longPast: readonly Phrase[] = [
  phrase("上个星期", "last week"),
  phrase("上个月", "last month"),
  phrase("去年", "last year"),
  phrase("去年夏天", "last summer"),
  ...[2, 3, 5].map((n) => phrase(`${counting(n)}天前`, `${number(n)} days ago`)),
  ...[2, 3].map((n) => phrase(`${counting(n)}年前`, `${number(n)} years ago`)),
];

/** Points in the future: with 要, 会 or 打算. */
export const future: readonly Phrase[] = [
  phrase("明天", "tomorrow"),
  phrase("明天", "tomorrow"),
  phrase("后天", "the day after tomorrow"),
  ...parts.map((part) => phrase(`明天${part.zh}`, `tomorrow ${part.en}`)),
  phrase("今天晚上", "this evening"),
  phrase("下个星期", "next week"),
  phrase("这个周末", "this weekend"),
];

export const longFuture: readonly Phrase[] = [
  phrase("明天", "tomorrow"),
  phrase("下个星期", "next week"),
  phrase("下个月", "next month"),
  phrase("明年", "next year"),
  phrase("明年夏天", "next summer"),
];

/** How often, said at the end of the English sentence. */
export const regular: readonly Phrase[] = [
  phrase("每天", "every day"),
  phrase("每天", "every day"),
  ...parts.map((part) => phrase(`每天${part.zh}`, `every ${part.en}`)),
  phrase("每个星期", "every week"),
  phrase("每个周末", "every weekend"),
];

/** As {@link regular}, without 每个星期, which goes ill with "where" and "how". */
export const daily: readonly Phrase[] = regular.filter((one) => one.zh !== "每个星期");

/** How often, said before the English verb. */
export const frequency: readonly Phrase[] = [
  phrase("常常", "often"),
  phrase("总是", "always"),
  phrase("有时候", "sometimes"),
  phrase("很少", "seldom"),
  phrase("从来不", "never"),
];

export const weekdays: readonly Phrase[] = [
  phrase("星期一", "Monday"),
  phrase("星期二", "Tuesday"),
  phrase("星期三", "Wednesday"),
  phrase("星期四", "Thursday"),
  phrase("星期五", "Friday"),
  phrase("星期六", "Saturday"),
  phrase("星期天", "Sunday"),
];

export const months: readonly string[] =
  "January February March April May June July August September October November December".split(" ");

/** A length of time: 两个小时, "two hours". */
export function duration(count: number, zhUnit: string, enUnit: string): Phrase {
  const en = count === 1 ? `one ${enUnit}` : `${number(count)} ${pluralise(enUnit)}`;
  return phrase(`${counting(count)}${zhUnit}`, en);
}

/** Lengths of time one spends on a pastime. */
export const hours: readonly Phrase[] = [
  ...[1, 2, 3, 4].map((n) => duration(n, "个小时", "hour")),
  ...[20, 30, 40].map((n) => duration(n, "分钟", "minute")),
];

/** Lengths of time one lives or works somewhere. */
export const years: readonly Phrase[] = [
  ...[1, 2, 3, 4, 5, 6, 8, 10].map((n) => duration(n, "年", "year")),
  ...[1, 2, 3, 6].map((n) => duration(n, "个月", "month")),
];
