import { createRandom, type Random } from "../random.ts";
import { type Pair, type Task, takeDistinct } from "./task.ts";
import { sentences } from "./zh-en/zh-en.ts";

/** How a report begins, and what stands before the statement in English. */
const OPENINGS: readonly (readonly [zh: string, en: string])[] = [
  ["据报道，", "According to reports, "],
  ["据悉，", "It is understood that "],
  ["记者获悉，", "This newspaper has learned that "],
  ["有消息称，", "Sources say that "],
];

/** Words of the spoken language, and what is written instead. */
const WRITTEN_ZH: readonly (readonly [spoken: string, written: string])[] = [
  ["昨天", "昨日"],
  ["今天", "今日"],
  ["明天", "明日"],
  ["爸爸", "父亲"],
  ["妈妈", "母亲"],
  ["爷爷", "祖父"],
  ["奶奶", "祖母"],
  ["常常", "经常"],
  ["非常", "极其"],
];
const WRITTEN_EN: readonly (readonly [spoken: RegExp, written: string])[] = [
  [/\bbought\b/, "purchased"],
  [/\bbuy\b/, "purchase"],
  [/\bwants to\b/, "wishes to"],
  [/\bwant to\b/, "wish to"],
  [/\b(is|are) going to\b/, "$1 expected to"],
  [/\boften\b/, "frequently"],
];

/** First words that are capital only because they are first. */
const ORDINARY_FIRST =
  /^(?:The|She|He|This|Her|His|That|They|It|Their|There|Today|Yesterday|Tomorrow|Last|Because|If|Although|When|In|Fall|Summer|Spring|Winter)\b/;

/** What concerns the reader or is no statement does not stand in a newspaper. */
const NOT_FOR_PRINT = /[我你？]|请|别|听说/;

/** A statement as a newspaper has it. */
function report({ source, target }: Pair, random: Random): Pair {
  const [zh, en] = random.pick(OPENINGS);
  const written = WRITTEN_ZH.reduce((text, [from, to]) => text.replaceAll(from, to), source);
  const english = WRITTEN_EN.reduce((text, [from, to]) => text.replace(from, to), target);
  const joined = ORDINARY_FIRST.test(english) ? english.charAt(0).toLowerCase() + english.slice(1) : english;
  return { source: zh + written, target: en + joined };
}

function* reports(seed: number): Generator<Pair> {
  const random = createRandom(seed, 0x6e657773);
  for (const pair of sentences(seed)) if (!NOT_FOR_PRINT.test(pair.source)) yield report(pair, random);
}

/** The sentences of `zh-en` in the style of a newspaper: another register, and words that everyday sentences have not. */
export const zhEnNews: Task = {
  name: "zh-en-news",
  description: "the same in the style of a newspaper, to adapt a model to",
  sourceLang: "zh",
  targetLang: "en",
  sizes: { seed: 1, train: 200, valid: 100, test: 200 },
  flags:
    "--from runs/zh-en-1 --extend-vocabulary --max-epochs 20 --lr 0.0003 --warmup 10 --schedule linear --batch-tokens 256 --validate-every-epochs 5",
  generate: ({ seed, count }) => takeDistinct(reports(seed), count, "zh-en-news"),
};
