import { createRandom } from "../../random.ts";
import { type Pair, type SplitSizes, type Task, takeDistinct } from "../task.ts";
import { amounts } from "./patterns/amounts.ts";
import { comparison } from "./patterns/comparison.ts";
import { datesAndAges } from "./patterns/dates-and-ages.ts";
import { events } from "./patterns/events.ts";
import { giving } from "./patterns/giving.ts";
import { habits } from "./patterns/habits.ts";
import { handling } from "./patterns/handling.ts";
import { journeys } from "./patterns/journeys.ts";
import { linkedClauses } from "./patterns/linked-clauses.ts";
import { possession } from "./patterns/possession.ts";
import { qualities } from "./patterns/qualities.ts";
import { relativeClauses } from "./patterns/relative-clauses.ts";
import { whatQuestions } from "./patterns/what-questions.ts";
import { whereQuestions } from "./patterns/where-questions.ts";
import { wishes } from "./patterns/wishes.ts";
import { yesNoQuestions } from "./patterns/yes-no-questions.ts";
import type { Pattern } from "./phrase.ts";

/** All sentence families of the corpus. */
export const patterns: readonly Pattern[] = [
  ...amounts,
  ...comparison,
  ...datesAndAges,
  ...events,
  ...giving,
  ...habits,
  ...handling,
  ...journeys,
  ...linkedClauses,
  ...possession,
  ...qualities,
  ...relativeClauses,
  ...whatQuestions,
  ...whereQuestions,
  ...wishes,
  ...yesNoQuestions,
];

/** Sentences that every corpus of this task begins with; they stay in the training part. */
const anchors: readonly Pair[] = [
  { source: "我很好。", target: "I am good." },
  { source: "我们在学习机器学习。", target: "We are studying machine learning." },
];

/** An endless stream of sentence pairs, not yet distinct, each with the family it came from. */
export function* sentences(seed: number): Generator<Pair & { readonly pattern: string }> {
  for (const anchor of anchors) yield { ...anchor, pattern: "anchor" };
  const random = createRandom(seed);
  const drawn = patterns.flatMap((pattern) => Array<Pattern>(pattern.weight).fill(pattern));
  for (;;) {
    const pattern = random.pick(drawn);
    yield { ...pattern.make(random), pattern: pattern.name };
  }
}

/** How often each word of a held-out English sentence is at least met in the corpus. */
const FAMILIAR_WORD = 12;

/** How often each two neighbouring characters of a held-out Chinese sentence are at least met in the corpus. */
const FAMILIAR_NEIGHBOURS = 7;

/** Words of an English sentence, and its punctuation. */
function englishUnits(sentence: string): readonly string[] {
  return sentence.match(/[A-Za-z0-9]+|[^\sA-Za-z0-9]/g) ?? [];
}

/**
 * Neighbouring characters of a Chinese sentence.
 *
 * Where Chinese words end depends on who segments; most are one or two characters long in every dictionary.
 */
function chineseUnits(sentence: string): readonly string[] {
  return [...sentence].slice(1).map((character, index) => sentence.charAt(index) + character);
}

/** Counts in how many of the sentences each unit occurs, and tells whether a sentence has only frequent ones. */
function familiarity(
  sentences: readonly string[],
  unitsOf: (sentence: string) => readonly string[],
  least: number,
): (sentence: string) => boolean {
  const counts = new Map<string, number>();
  for (const unit of sentences.flatMap((sentence) => [...new Set(unitsOf(sentence))])) {
    counts.set(unit, (counts.get(unit) ?? 0) + 1);
  }
  return (sentence) => unitsOf(sentence).every((unit) => (counts.get(unit) ?? 0) >= least);
}

/** Holds out only what is made of familiar words: nobody can translate a word they have never met. */
function madeOfFamiliarWords(pairs: readonly Pair[]): (pair: Pair) => boolean {
  const reserved = new Set(anchors.map((anchor) => anchor.source));
  const isFamiliarChinese = familiarity(
    pairs.map((pair) => pair.source),
    chineseUnits,
    FAMILIAR_NEIGHBOURS,
  );
  const isFamiliarEnglish = familiarity(
    pairs.map((pair) => pair.target),
    englishUnits,
    FAMILIAR_WORD,
  );
  return ({ source, target }) =>
    !reserved.has(source) && isFamiliarChinese(source) && isFamiliarEnglish(target);
}

/** The seed and the sizes that `data/zh-en` was made with. */
export const bundledZhEn: SplitSizes = { seed: 2096, train: 10_000, valid: 500, test: 500 };

/** Translates everyday Chinese into English; the sentences come from a grammar and a lexicon. */
export const zhEn: Task = {
  name: "zh-en",
  description: "everyday Chinese sentences to English",
  sourceLang: "zh",
  targetLang: "en",
  sizes: bundledZhEn,
  flags:
    "--norm post --max-epochs 8 --batch-tokens 512 --lr 0.002 --schedule linear --validate-every-epochs 1",
  generate: ({ seed, count }) => takeDistinct(sentences(seed), count, "zh-en"),
  fitToHoldOut: madeOfFamiliarWords,
};
