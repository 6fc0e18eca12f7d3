import type { Random } from "../../../random.ts";
import { affirm, inflect, negate, withArticle } from "../english.ts";
import { activityFor, doings, placeFor, verbPhrase } from "../lexicon/activities.ts";
import {
  canBeTooMuch,
  colors,
  degrees,
  describables,
  negatedAdjective,
  qualitiesOf,
} from "../lexicon/adjectives.ts";
import * as nouns from "../lexicon/nouns.ts";
import { I, jobs, relativeWho, someNamed, someone, someThird, strangers, we } from "../lexicon/people.ts";
import * as places from "../lexicon/places.ts";
import * as times from "../lexicon/times.ts";
import { chance, type Pattern, type Phrase, phrase, question, statement, words } from "../phrase.ts";

/** "… bought at the store yesterday", before its noun in Chinese and after it in English. */
function bought(random: Random): { noun: Phrase; thing: nouns.Noun } {
  const who = someone(random);
  const doing = random.pick(doings.filter((one) => one.verb !== "吃" && one.verb !== "喝"));
  const thing = random.pick(doing.things.filter((one) => one.unit === undefined));
  const when = random.pick(times.past);
  const where = placeFor(random, who, doing.places);
  const placed = chance(random, 0.4);
  return {
    thing,
    noun: phrase(
      `${who.zh}${when.zh}${placed ? `在${where.zh}` : ""}${doing.verb}的${thing.zh}`,
      words("the", thing.en, affirm(who, "past", doing.en), placed ? where.at : "", when.en),
    ),
  };
}

const judged: ReadonlySet<nouns.Noun> = new Set(describables.flatMap((group) => group.things));

/** Clauses before their noun with 的, and clauses with 觉得 and 知道. */
export const relativeClauses: readonly Pattern[] = [
  {
    name: "relative clause as subject",
    weight: 7,
    make(random) {
      for (;;) {
        const { noun, thing } = bought(random);
        if (!judged.has(thing)) continue;
        const quality = random.pick(qualitiesOf(thing));
        if (chance(random, 0.2))
          return statement(`${noun.zh}${negatedAdjective(quality)}`, `${noun.en} is not ${quality.en}`);
        const degree = random.pick(degrees);
        return statement(`${noun.zh}${degree.zh}${quality.zh}`, `${noun.en} is ${degree.en} ${quality.en}`);
      }
    },
  },
  {
    name: "relative clause as object",
    weight: 4,
    make(random) {
      const { noun } = bought(random);
      switch (random.below(4)) {
        case 0:
          return statement(`这是${noun.zh}`, `this is ${noun.en}`);
        case 1:
          return question(`这是${noun.zh}吗`, `is this ${noun.en}`);
        case 2: {
          const who = random.pick([I, someThird(random)]);
          return statement(`${who.zh}喜欢${noun.zh}`, affirm(who, "present", `like ${noun.en}`));
        }
        default: {
          const spot = random.pick([phrase("桌子上", "on the table"), phrase("书包里", "in the schoolbag")]);
          return noun.en.startsWith("the movie") || /car|bicycle|umbrella/.test(noun.en)
            ? statement(`我不喜欢${noun.zh}`, `I do not like ${noun.en}`)
            : statement(`${noun.zh}在${spot.zh}`, `${noun.en} is ${spot.en}`);
        }
      }
    },
  },
  {
    name: "relative clause about people",
    weight: 5,
    make(random) {
      const stranger = random.pick(strangers);
      const draw = random.next();
      const who = relativeWho(random, stranger);
      const is = random.pick([phrase(`是${who.zh}`, `is ${who.en}`), phrase("是谁", "")]);
      let described: Phrase;
      if (draw < 0.4) {
        const doing = activityFor(random, stranger);
        const { zh, en } = verbPhrase(doing);
        described = phrase(`正在${zh}的${stranger.zh}`, `the ${stranger.en} who is ${inflect(en, "ing")}`);
      } else if (draw < 0.75) {
        const garment = random.pick(nouns.garments);
        const color = random.pick(colors);
        described = phrase(
          `穿着${color.zh}${garment.zh}的${stranger.zh}`,
          `the ${stranger.en} wearing ${withArticle(`${color.en} ${garment.en}`)}`,
        );
      } else {
        const spot = random.pick([
          phrase("坐在椅子上", "sitting on the chair"),
          phrase("坐在车里", "sitting in the car"),
          phrase("站在门外", "standing outside the door"),
          phrase("站在老师旁边", "standing next to the teacher"),
        ]);
        described = phrase(`${spot.zh}的${stranger.zh}`, `the ${stranger.en} ${spot.en}`);
      }
      return is.en === ""
        ? question(`${described.zh}${is.zh}`, `who is ${described.en}`)
        : statement(`${described.zh}${is.zh}`, `${described.en} ${is.en}`);
    },
  },
  {
    name: "opinions with 觉得",
    weight: 5,
    make(random) {
      const who = random.pick([I, I, someone(random)]);
      const { things, qualities } = random.pick(describables);
      const thing = nouns.demonstrative(random.pick(["这", "那"]), random.pick(things));
      const quality = random.pick(qualities);
      const draw = random.next();
      const think = affirm(who, "present", "think");
      if (draw < 0.25)
        return statement(
          `${who.zh}觉得${thing.zh}${negatedAdjective(quality)}`,
          `${think} ${thing.en} is not ${quality.en}`,
        );
      if (draw < 0.4 && canBeTooMuch(quality))
        return statement(
          `${who.zh}觉得${thing.zh}太${quality.zh}了`,
          `${think} ${thing.en} is too ${quality.en}`,
        );
      const degree = random.pick(degrees);
      return statement(
        `${who.zh}觉得${thing.zh}${degree.zh}${quality.zh}`,
        `${think} ${thing.en} is ${degree.en} ${quality.en}`,
      );
    },
  },
  {
    name: "knowing and hearing",
    weight: 5,
    make(random) {
      const who = random.pick([I, I, we, someThird(random)]);
      const other = someNamed(random);
      switch (random.below(5)) {
        case 0:
          return statement(
            `${who.zh}不知道${other.zh}在哪里`,
            `${negate(who, "present", "know")} where ${other.en} is`,
          );
        case 1: {
          const place = random.pick(places.destinations);
          return statement(
            `${who.zh}不知道${place.zh}在哪里`,
            `${negate(who, "present", "know")} where ${place.en} is`,
          );
        }
        case 2: {
          const asked = phrase("你", "you");
          return question(`${asked.zh}知道${other.zh}在哪里吗`, `do you know where ${other.en} is`);
        }
        case 3: {
          const job = random.pick(jobs);
          const known = jobs.some((title) => other.zh.includes(title.zh));
          const clause = known
            ? phrase(`${other.zh}很忙`, `${other.en} is very busy`)
            : phrase(`${other.zh}是${job.zh}`, `${other.en} is ${withArticle(job.en)}`);
          return statement(
            `${who.zh}知道${clause.zh}`,
            `${affirm(who, "present", "know")} that ${clause.en}`,
          );
        }
        default: {
          const place = random.pick(places.farAway);
          const when = random.pick(times.longFuture);
          return statement(
            `听说${other.zh}${when.zh}要去${place.zh}`,
            words("I heard that", affirm(other, "progressive", `go to go ${place.to}`), when.en),
          );
        }
      }
    },
  },
];
