import { ask, pluralise, withArticle } from "../english.ts";
import { activityFor, placeFor, verbPhrase } from "../lexicon/activities.ts";
import { describables, moods, subjectQualities, subjects, traits } from "../lexicon/adjectives.ts";
import * as nouns from "../lexicon/nouns.ts";
import { he, jobs, she, someoneAskedAbout, someThird, you } from "../lexicon/people.ts";
import * as places from "../lexicon/places.ts";
import * as times from "../lexicon/times.ts";
import { chance, type Pattern, type Phrase, phrase, question, words } from "../phrase.ts";

/** What one is asked to choose from. */
const choices: readonly { readonly zh: string; readonly en: string; readonly list: readonly Phrase[] }[] = [
  { zh: "喝", en: "drink", list: nouns.drinks.map(nouns.generic) },
  { zh: "吃", en: "eat", list: nouns.foods.map(nouns.generic) },
  { zh: "买", en: "buy", list: nouns.clothes.map((one) => phrase(one.zh, nouns.counted(1, one).en)) },
  { zh: "学习", en: "study", list: subjects },
  { zh: "去", en: "go", list: places.cities.map((one) => phrase(one.zh, one.to)) },
  { zh: "去", en: "go", list: places.countries.map((one) => phrase(one.zh, one.to)) },
];

/** Questions with 吗 and 还是. */
export const yesNoQuestions: readonly Pattern[] = [
  {
    name: "吗 about habits and the past",
    weight: 7,
    make(random) {
      const who = someoneAskedAbout(random);
      const doing = activityFor(random, who);
      const where = placeFor(random, who, doing.places);
      const { zh, en } = verbPhrase(doing);
      switch (random.below(5)) {
        case 0: {
          const when = random.pick(times.regular);
          return question(`${who.zh}${when.zh}${zh}吗`, words(ask(who, "present", en), when.en));
        }
        case 1: {
          const when = random.pick(times.past);
          return question(`${who.zh}${when.zh}${zh}了吗`, words(ask(who, "past", en), when.en));
        }
        case 2: {
          const often = random.pick(times.frequency.slice(0, 2));
          return question(
            `${who.zh}${often.zh}在${where.zh}${zh}吗`,
            words(ask(who, "present", en, often.en), where.at),
          );
        }
        case 3:
          return question(`${who.zh}在${zh}吗`, ask(who, "progressive", en));
        default: {
          const when = random.pick(times.past.slice(0, 6));
          return question(
            `${who.zh}${when.zh}在${where.zh}${zh}了吗`,
            words(ask(who, "past", en), where.at, when.en),
          );
        }
      }
    },
  },
  {
    name: "吗 about being and having",
    weight: 5,
    make(random) {
      const who = someoneAskedAbout(random);
      switch (random.below(4)) {
        case 0: {
          const quality = random.pick([...moods, ...traits]);
          return question(`${who.zh}${quality.zh}吗`, ask(who, "present", `be ${quality.en}`));
        }
        case 1: {
          const job = random.pick(jobs);
          if (chance(random, 0.3)) {
            const all = random.pick([phrase("你们", "you"), phrase("他们", "they")]);
            return question(`${all.zh}都是${job.zh}吗`, `are ${all.en} all ${pluralise(job.en)}`);
          }
          const asked = random.pick([you, he, she, someThird(random)]);
          const one = jobs.some((title) => asked.zh.includes(title.zh)) ? she : asked;
          return question(`${one.zh}是${job.zh}吗`, ask(one, "present", `be ${withArticle(job.en)}`));
        }
        case 2: {
          const thing = random.pick([...nouns.belongings, ...nouns.pets, ...nouns.stationery]);
          return question(`${who.zh}有${thing.zh}吗`, ask(who, "present", `have ${withArticle(thing.en)}`));
        }
        default: {
          const { things, qualities } = random.pick(describables);
          const thing = nouns.demonstrative(random.pick(["这", "那"]), random.pick(things));
          const quality = random.pick(qualities);
          return chance(random, 0.75)
            ? question(`${thing.zh}${quality.zh}吗`, `is ${thing.en} ${quality.en}`)
            : question(`${thing.zh}怎么样`, `how is ${thing.en}`);
        }
      }
    },
  },
  {
    name: "吗 about experience and plans",
    weight: 5,
    make(random) {
      const who = someoneAskedAbout(random);
      const draw = random.next();
      if (draw < 0.3) {
        const where = random.pick(places.farAway);
        return question(`${who.zh}去过${where.zh}吗`, ask(who, "perfect", `be ${where.to}`));
      }
      if (draw < 0.5) {
        const isMovie = chance(random, 0.4);
        const thing = nouns.demonstrative(
          random.pick(["这", "那"]),
          isMovie ? nouns.movie : random.pick(nouns.readables),
        );
        return question(
          `${who.zh}看过${thing.zh}吗`,
          ask(who, "perfect", `${isMovie ? "watch" : "read"} ${thing.en}`),
        );
      }
      if (draw < 0.75) {
        const where = random.pick(places.farAway);
        const when = random.pick(times.longFuture);
        return question(
          `${who.zh}${when.zh}要去${where.zh}吗`,
          words(ask(who, "progressive", "go to go"), where.to, when.en),
        );
      }
      const doing = activityFor(random, who);
      const { zh, en } = verbPhrase(doing);
      const when = random.pick(times.future);
      return question(`${who.zh}${when.zh}会${zh}吗`, words(ask(who, "will", en), when.en));
    },
  },
  {
    name: "either or with 还是",
    weight: 3,
    make(random) {
      const who = someoneAskedAbout(random);
      const { zh, en, list } = random.pick(choices);
      const one = random.pick(list);
      let other = random.pick(list);
      while (other === one) other = random.pick(list);
      return question(
        `${who.zh}想${zh}${one.zh}还是${other.zh}`,
        `${ask(who, "present", `want to ${en}`)} ${one.en} or ${other.en}`,
      );
    },
  },
  {
    name: "opinions asked",
    weight: 2,
    make(random) {
      const who = someoneAskedAbout(random);
      if (chance(random, 0.5)) {
        const subject = random.pick(subjects);
        const quality = random.pick(subjectQualities);
        return question(
          `${who.zh}觉得${subject.zh}${quality.zh}吗`,
          `${ask(who, "present", "think")} ${subject.en} is ${quality.en}`,
        );
      }
      const { things, qualities } = random.pick(describables);
      const thing = nouns.demonstrative(random.pick(["这", "那"]), random.pick(things));
      const quality = random.pick(qualities);
      return question(
        `${who.zh}觉得${thing.zh}${quality.zh}吗`,
        `${ask(who, "present", "think")} ${thing.en} is ${quality.en}`,
      );
    },
  },
];
