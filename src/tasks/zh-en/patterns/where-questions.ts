import { ask } from "../english.ts";
import {
  activities,
  activityFor,
  doings,
  drinking,
  plannable,
  routines,
  studies,
  verbPhrase,
} from "../lexicon/activities.ts";
import { moods } from "../lexicon/adjectives.ts";
import * as nouns from "../lexicon/nouns.ts";
import { he, pronouns, she, someoneAskedAbout, you } from "../lexicon/people.ts";
import * as places from "../lexicon/places.ts";
import * as times from "../lexicon/times.ts";
import { chance, type Pattern, phrase, question, words } from "../phrase.ts";

/** Questions for place, time, reason and manner; the question word stays where the answer would stand. */
export const whereQuestions: readonly Pattern[] = [
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
          return question(
            `${who.zh}是在哪里买的${thing.zh}`,
            words("where", ask(who, "past", "buy"), thing.en),
          );
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
          return question(
            `${who.zh}是什么时候去${where.zh}的`,
            words("when", ask(who, "past", "go"), where.to),
          );
        }
        case 2: {
          const where = random.pick(places.farAway);
          return question(
            `${who.zh}打算什么时候去${where.zh}`,
            words("when", ask(who, "present", "plan to go"), where.to),
          );
        }
        default: {
          const { zh, en } = verbPhrase(activityFor(random, who, [...activities, ...studies, ...routines]));
          return question(`${who.zh}打算什么时候${zh}`, words("when", ask(who, "present", `plan to ${en}`)));
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
          return question(
            `${who.zh}今天为什么这么${mood.zh}`,
            words("why", ask(who, "present", `be so ${mood.en}`), "today"),
          );
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
          return question(
            `${who.zh}${when.zh}怎么去${place.zh}`,
            words("how", ask(who, "present", "go"), place.to, when.en),
          );
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
          const young = random.pick([you, he, she]);
          const { zh, en } = verbPhrase(random.pick(studies));
          const when = random.pick([phrase("", ""), ...times.daily]);
          return question(`${young.zh}${when.zh}怎么${zh}`, words("how", ask(young, "present", en), when.en));
        }
      }
    },
  },
];
