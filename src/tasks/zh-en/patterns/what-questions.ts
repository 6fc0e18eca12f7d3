import { affirm, ask, pluralise } from "../english.ts";
import { activityFor, doings, placeFor, verbPhrase } from "../lexicon/activities.ts";
import { describables } from "../lexicon/adjectives.ts";
import * as nouns from "../lexicon/nouns.ts";
import { he, jobs, pronouns, she, someoneAskedAbout, strangers, you } from "../lexicon/people.ts";
import * as places from "../lexicon/places.ts";
import * as times from "../lexicon/times.ts";
import { type Pattern, phrase, question, words } from "../phrase.ts";

/** Verbs whose "what" is asked for: 你在喝什么？ */
const whatVerbs = [
  { zh: "吃", en: "eat", at: [places.restaurant, places.home, places.school] },
  { zh: "喝", en: "drink", at: [places.cafe, places.restaurant, places.home] },
  { zh: "买", en: "buy", at: [places.supermarket, places.store, places.bookstore] },
  { zh: "写", en: "write", at: [places.office, places.library, places.home] },
  { zh: "做", en: "do", at: [places.park, places.home, places.company, places.library] },
  { zh: "学习", en: "study", at: [places.school, places.library, places.home] },
] as const;

/** Questions for people and things; the question word stays where the answer would stand. */
export const whatQuestions: readonly Pattern[] = [
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
          return question(
            `${who.zh}${when.zh}${verb.zh}了什么`,
            words("what", ask(who, "past", verb.en), when.en),
          );
        }
        case 3:
          return question(`${who.zh}想${verb.zh}什么`, `what ${ask(who, "present", `want to ${verb.en}`)}`);
        case 4: {
          const when = random.pick(times.regular);
          return question(
            `${who.zh}${when.zh}${verb.zh}什么`,
            words("what", ask(who, "present", verb.en), when.en),
          );
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
          return question(
            `${when.zh}谁${object.verb}了${thing.zh}`,
            words(affirm(nobody, "past", object.en), thing.en, when.en),
          );
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
          const role = random.pick(
            jobs.filter((job) => ["医生", "老师", "律师", "经理", "司机"].includes(job.zh)),
          );
          return question(`谁是${owner.zh}的${role.zh}`, `who is ${owner.possessive} ${role.en}`);
        }
      }
    },
  },
  {
    name: "which",
    weight: 4,
    make(random) {
      const who = someoneAskedAbout(random);
      const { things } = random.pick(
        describables.filter((group) => group.things.every((one) => one.unit === undefined)),
      );
      const thing = random.pick(things);
      switch (random.below(3)) {
        case 0:
          return question(
            `${who.zh}喜欢哪${thing.measure}${thing.zh}`,
            `which ${thing.en} ${ask(who, "present", "like")}`,
          );
        case 1:
          return question(
            `${who.zh}想买哪${thing.measure}${thing.zh}`,
            `which ${thing.en} ${ask(who, "present", "want to buy")}`,
          );
        default: {
          const owner = random.pick(pronouns);
          return question(
            `哪${thing.measure}${thing.zh}是${owner.zh}的`,
            `which ${thing.en} is ${mine[owner.en]}`,
          );
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
          const thing = random.pick([
            ...nouns.belongings,
            ...nouns.pets,
            ...nouns.stationery,
            ...nouns.garments,
          ]);
          return question(
            `${who.zh}有几${thing.measure}${thing.zh}`,
            `how many ${pluralise(thing.en)} ${ask(who, "present", "have")}`,
          );
        }
        case 1: {
          const doing = random.pick(doings);
          const thing = random.pick(doing.things);
          const when = random.pick(times.past);
          const many =
            thing.unit === undefined ? pluralise(thing.en) : `${pluralise(thing.unit)} of ${thing.en}`;
          return question(
            `${who.zh}${when.zh}${doing.verb}了几${thing.measure}${thing.zh}`,
            words("how many", many, ask(who, "past", doing.en), when.en),
          );
        }
        case 2: {
          const thing = nouns.demonstrative(
            random.pick(["这", "那"]),
            random.pick([...nouns.goods, ...nouns.readables, ...nouns.foods]),
          );
          return question(`${thing.zh}多少钱`, `how much is ${thing.en}`);
        }
        case 3: {
          const place = random.pick([places.school, places.classroom, places.library, places.gym]);
          const people = random.pick([
            phrase("学生", "students"),
            phrase("老师", "teachers"),
            phrase("人", "people"),
          ]);
          return question(
            `${place.zh}里有多少${people.zh}`,
            `how many ${people.en} are there in ${place.en}`,
          );
        }
        default: {
          const person = random.pick([you, he, she, someoneAskedAbout(random)]);
          return question(`${person.zh}今年多大`, words("how old", ask(person, "present", "be ")));
        }
      }
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
