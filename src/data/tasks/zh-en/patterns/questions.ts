import { affirm, ask, pluralise, withArticle } from "../english.ts";
import {
  activities,
  activityFor,
  doings,
  drinking,
  plannable,
  placeFor,
  routines,
  studies,
  verbPhrase,
} from "../lexicon/activities.ts";
import { describables, moods, subjectQualities, subjects, traits } from "../lexicon/adjectives.ts";
import * as nouns from "../lexicon/nouns.ts";
import { he, jobs, pronouns, she, someAdult, someoneAskedAbout, strangers, you } from "../lexicon/people.ts";
import * as places from "../lexicon/places.ts";
import * as times from "../lexicon/times.ts";
import { chance, type Pattern, type Phrase, phrase, question, words } from "../phrase.ts";

/** Verbs whose "what" is asked for: 你在喝什么？ */
const whatVerbs = [
  { zh: "吃", en: "eat", at: [places.restaurant, places.home, places.school] },
  { zh: "喝", en: "drink", at: [places.cafe, places.restaurant, places.home] },
  { zh: "买", en: "buy", at: [places.supermarket, places.store, places.bookstore] },
  { zh: "写", en: "write", at: [places.office, places.library, places.home] },
  { zh: "做", en: "do", at: [places.park, places.home, places.company, places.library] },
  { zh: "学习", en: "study", at: [places.school, places.library, places.home] },
] as const;

/** What one is asked to choose from. */
const choices: readonly { readonly zh: string; readonly en: string; readonly list: readonly Phrase[] }[] = [
  { zh: "喝", en: "drink", list: nouns.drinks.map(nouns.generic) },
  { zh: "吃", en: "eat", list: nouns.foods.map(nouns.generic) },
  { zh: "买", en: "buy", list: nouns.clothes.map((one) => phrase(one.zh, nouns.counted(1, one).en)) },
  { zh: "学习", en: "study", list: subjects },
  { zh: "去", en: "go", list: places.cities.map((one) => phrase(one.zh, one.to)) },
  { zh: "去", en: "go", list: places.countries.map((one) => phrase(one.zh, one.to)) },
];

/** Questions with 吗 and with question words, which stay where the answer would stand. */
export const questions: readonly Pattern[] = [
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
          return question(`${who.zh}${often.zh}在${where.zh}${zh}吗`, words(ask(who, "present", en, often.en), where.at));
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
          const adult = random.pick([you, he, she, someAdult(random)]);
          const job = random.pick(jobs);
          if (adult.agreement !== "third" && adult !== you) {
            const all = random.pick([phrase("你们", "you"), phrase("他们", "they")]);
            return question(`${all.zh}都是${job.zh}吗`, `are ${all.en} all ${pluralise(job.en)}`);
          }
          if (adult.zh.includes(job.zh)) return question(`${she.zh}是${job.zh}吗`, ask(she, "present", `be ${withArticle(job.en)}`));
          return question(`${adult.zh}是${job.zh}吗`, ask(adult, "present", `be ${withArticle(job.en)}`));
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
        return question(`${who.zh}看过${thing.zh}吗`, ask(who, "perfect", `${isMovie ? "watch" : "read"} ${thing.en}`));
      }
      if (draw < 0.75) {
        const where = random.pick(places.farAway);
        const when = random.pick(times.longFuture);
        return question(`${who.zh}${when.zh}要去${where.zh}吗`, words(ask(who, "progressive", "go to go"), where.to, when.en));
      }
      const doing = activityFor(random, who);
      const { zh, en } = verbPhrase(doing);
      const when = random.pick(times.future);
      return question(`${who.zh}${when.zh}会${zh}吗`, words(ask(who, "will", en), when.en));
    },
  },
  {
    name: "what",
    weight: 6,
    make(random) {
      const who = someoneAskedAbout(random);
      const verb = random.pick(whatVerbs);
      switch (random.below(6)) {
        case 0:
          return question(`${who.zh}在${verb.zh}什么`, `what ${ask(who, "progressive", verb.en)}`);
        case 1: {
          const where = random.pick(verb.at);
          const when = random.pick(times.past);
          return question(
            `${who.zh}${when.zh}在${where.zh}${verb.zh}了什么`,
            words("what", ask(who, "past", verb.en), where.at, when.en),
          );
        }
        case 2: {
          const when = random.pick(times.past);
          return question(`${who.zh}${when.zh}${verb.zh}了什么`, words("what", ask(who, "past", verb.en), when.en));
        }
        case 3:
          return question(`${who.zh}想${verb.zh}什么`, `what ${ask(who, "present", `want to ${verb.en}`)}`);
        case 4: {
          const when = random.pick(times.regular);
          return question(`${who.zh}${when.zh}${verb.zh}什么`, words("what", ask(who, "present", verb.en), when.en));
        }
        default: {
          const when = random.pick(times.future);
          return question(
            `${who.zh}${when.zh}要${verb.zh}什么`,
            words("what", ask(who, "progressive", `go to ${verb.en}`), when.en),
          );
        }
      }
    },
  },
  {
    name: "who",
    weight: 4,
    make(random) {
      const nobody = { en: "who", agreement: "third", life: "any" } as const;
      const doing = activityFor(random, nobody);
      const { zh, en } = verbPhrase(doing);
      const where = placeFor(random, nobody, doing.places);
      switch (random.below(6)) {
        case 0:
          return question(`谁在${zh}`, affirm(nobody, "progressive", en));
        case 1:
          return question(`谁正在${where.zh}${zh}`, words(affirm(nobody, "progressive", en), where.at));
        case 2: {
          const when = random.pick(times.past);
          const object = random.pick(doings);
          const thing = nouns.demonstrative(random.pick(["这", "那"]), random.pick(object.things));
          return question(`${when.zh}谁${object.verb}了${thing.zh}`, words(affirm(nobody, "past", object.en), thing.en, when.en));
        }
        case 3:
          return question(`谁想${zh}`, affirm(nobody, "present", `want to ${en}`));
        case 4: {
          const stranger = random.pick(strangers);
          const which = random.pick([
            ["这", "this"],
            ["那", "that"],
          ] as const);
          return question(`${which[0]}个${stranger.zh}是谁`, `who is ${which[1]} ${stranger.en}`);
        }
        default: {
          const owner = random.pick(pronouns);
          const role = random.pick(jobs.filter((job) => ["医生", "老师", "律师", "经理", "司机"].includes(job.zh)));
          return question(`谁是${owner.zh}的${role.zh}`, `who is ${owner.possessive} ${role.en}`);
        }
      }
    },
  },
  {
    name: "where",
    weight: 5,
    make(random) {
      const who = someoneAskedAbout(random);
      const doing = activityFor(random, who);
      const { zh, en } = verbPhrase(doing);
      switch (random.below(6)) {
        case 0:
          return question(`${who.zh}现在在哪里`, words("where", ask(who, "present", "be now")));
        case 1: {
          const when = random.pick(times.daily);
          return question(`${who.zh}${when.zh}在哪里${zh}`, words("where", ask(who, "present", en), when.en));
        }
        case 2: {
          const place = random.pick(places.destinations);
          return question(`${place.zh}在哪里`, `where is ${place.en}`);
        }
        case 3: {
          const owner = random.pick(pronouns);
          const thing = random.pick(nouns.smallThings);
          return question(`${owner.zh}的${thing.zh}在哪里`, `where is ${owner.possessive} ${thing.en}`);
        }
        case 4: {
          const object = random.pick(doings.filter((one) => one.verb === "买"));
          const thing = nouns.demonstrative(random.pick(["这", "那"]), random.pick(object.things));
          return question(`${who.zh}是在哪里买的${thing.zh}`, words("where", ask(who, "past", "buy"), thing.en));
        }
        default: {
          const adult = someoneAskedAbout(random);
          return adult.life === "any" && chance(random, 0.5)
            ? question(`${adult.zh}在哪里学习`, words("where", ask(adult, "present", "study")))
            : question(`${adult.zh}住在哪里`, words("where", ask(adult, "present", "live")));
        }
      }
    },
  },
  {
    name: "when",
    weight: 5,
    make(random) {
      const who = someoneAskedAbout(random);
      switch (random.below(4)) {
        case 0: {
          const { zh, en } = verbPhrase(activityFor(random, who, routines));
          const when = random.pick([...times.regular.slice(0, 2), { zh: "平时", en: "usually" }]);
          return when.en === "usually"
            ? question(`${who.zh}${when.zh}什么时候${zh}`, words("when", ask(who, "present", en, "usually")))
            : question(`${who.zh}${when.zh}什么时候${zh}`, words("when", ask(who, "present", en), when.en));
        }
        case 1: {
          const where = random.pick(places.farAway);
          return question(`${who.zh}是什么时候去${where.zh}的`, words("when", ask(who, "past", "go"), where.to));
        }
        case 2: {
          const where = random.pick(places.farAway);
          return question(`${who.zh}打算什么时候去${where.zh}`, words("when", ask(who, "present", "plan to go"), where.to));
        }
        default: {
          const { zh, en } = verbPhrase(activityFor(random, who, [...activities, ...studies, ...routines]));
          return question(`${who.zh}什么时候会${zh}`, words("when", ask(who, "will", en)));
        }
      }
    },
  },
  {
    name: "why",
    weight: 4,
    make(random) {
      const who = someoneAskedAbout(random);
      const doing = activityFor(random, who, [...plannable, ...drinking]);
      const { zh, en } = verbPhrase(doing);
      switch (random.below(4)) {
        case 0:
          return question(`${who.zh}为什么不${zh}`, `why ${ask(who, "present", en, "not")}`);
        case 1: {
          const when = random.pick(times.past);
          return question(
            `${who.zh}${when.zh}为什么没${zh}`,
            words("why", ask(who, "past", en, "not"), when.en),
          );
        }
        case 2:
          return question(`${who.zh}为什么喜欢${zh}`, words("why", ask(who, "present", `like to ${en}`)));
        default: {
          const mood = random.pick(moods.slice(0, 7));
          return question(`${who.zh}今天为什么这么${mood.zh}`, words("why", ask(who, "present", `be so ${mood.en}`), "today"));
        }
      }
    },
  },
  {
    name: "how",
    weight: 4,
    make(random) {
      const who = someoneAskedAbout(random);
      switch (random.below(4)) {
        case 0: {
          const place = random.pick(places.destinations);
          const when = random.pick(times.regular.slice(0, 3));
          return question(`${who.zh}${when.zh}怎么去${place.zh}`, words("how", ask(who, "present", "go"), place.to, when.en));
        }
        case 1: {
          const place = random.pick(places.destinations);
          return question(`请问，去${place.zh}怎么走`, `excuse me, how do I get ${place.to}`);
        }
        case 2: {
          const place = random.pick(places.farAway);
          return question(`${who.zh}是怎么去${place.zh}的`, words("how", ask(who, "past", "go"), place.to));
        }
        default: {
          const { zh, en } = verbPhrase(activityFor(random, who, studies));
          const when = random.pick(times.daily);
          return question(`${who.zh}${when.zh}怎么${zh}`, words("how", ask(who, "present", en), when.en));
        }
      }
    },
  },
  {
    name: "how many and how much",
    weight: 5,
    make(random) {
      const who = someoneAskedAbout(random);
      switch (random.below(5)) {
        case 0: {
          const thing = random.pick([...nouns.belongings, ...nouns.pets, ...nouns.stationery, ...nouns.garments]);
          return question(`${who.zh}有几${thing.measure}${thing.zh}`, `how many ${pluralise(thing.en)} ${ask(who, "present", "have")}`);
        }
        case 1: {
          const doing = random.pick(doings);
          const thing = random.pick(doing.things);
          const when = random.pick(times.past);
          const many = thing.unit === undefined ? pluralise(thing.en) : `${pluralise(thing.unit)} of ${thing.en}`;
          return question(
            `${who.zh}${when.zh}${doing.verb}了几${thing.measure}${thing.zh}`,
            words("how many", many, ask(who, "past", doing.en), when.en),
          );
        }
        case 2: {
          const thing = nouns.demonstrative(random.pick(["这", "那"]), random.pick([...nouns.goods, ...nouns.readables, ...nouns.foods]));
          return question(`${thing.zh}多少钱`, `how much is ${thing.en}`);
        }
        case 3: {
          const place = random.pick([places.school, places.classroom, places.library, places.gym]);
          const people = random.pick([phrase("学生", "students"), phrase("老师", "teachers"), phrase("人", "people")]);
          return question(`${place.zh}里有多少${people.zh}`, `how many ${people.en} are there in ${place.en}`);
        }
        default: {
          const person = random.pick([you, he, she, someoneAskedAbout(random)]);
          return question(`${person.zh}今年多大`, words("how old", ask(person, "present", "be ")));
        }
      }
    },
  },
  {
    name: "which",
    weight: 4,
    make(random) {
      const who = someoneAskedAbout(random);
      const { things } = random.pick(describables.filter((group) => group.things.every((one) => one.unit === undefined)));
      const thing = random.pick(things);
      switch (random.below(3)) {
        case 0:
          return question(`${who.zh}喜欢哪${thing.measure}${thing.zh}`, `which ${thing.en} ${ask(who, "present", "like")}`);
        case 1:
          return question(`${who.zh}想买哪${thing.measure}${thing.zh}`, `which ${thing.en} ${ask(who, "present", "want to buy")}`);
        default: {
          const owner = random.pick(pronouns);
          return question(`哪${thing.measure}${thing.zh}是${owner.zh}的`, `which ${thing.en} is ${mine[owner.en]}`);
        }
      }
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
      return question(`${who.zh}想${zh}${one.zh}还是${other.zh}`, `${ask(who, "present", `want to ${en}`)} ${one.en} or ${other.en}`);
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
        return question(`${who.zh}觉得${subject.zh}${quality.zh}吗`, `${ask(who, "present", "think")} ${subject.en} is ${quality.en}`);
      }
      const { things, qualities } = random.pick(describables);
      const thing = nouns.demonstrative(random.pick(["这", "那"]), random.pick(things));
      const quality = random.pick(qualities);
      return question(`${who.zh}觉得${thing.zh}${quality.zh}吗`, `${ask(who, "present", "think")} ${thing.en} is ${quality.en}`);
    },
  },
];

const mine: Readonly<Record<string, string>> = {
  I: "mine",
  you: "yours",
  he: "his",
  she: "hers",
  we: "ours",
  they: "theirs",
};
