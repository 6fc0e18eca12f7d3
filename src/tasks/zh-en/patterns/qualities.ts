import type { Random } from "../../../random.ts";
import { affirm, comparative, negate } from "../english.ts";
import {
  type Adjective,
  canBeTooMuch,
  cityQualities,
  degrees,
  describables,
  inTheSameVein,
  moods,
  negatedAdjective,
  seasons,
  subjectQualities,
  subjects,
  traits,
  weather,
} from "../lexicon/adjectives.ts";
import * as nouns from "../lexicon/nouns.ts";
import { relativeWho, someone, strangers, they, we } from "../lexicon/people.ts";
import * as places from "../lexicon/places.ts";
import { chance, type Pattern, type Phrase, phrase, statement, words } from "../phrase.ts";

/** Something to judge, as a subject, with a quality it may have. */
function thingWithQuality(random: Random): { thing: Phrase; quality: Adjective } {
  const draw = random.next();
  if (draw < 0.12) return { thing: random.pick(subjects), quality: random.pick(subjectQualities) };
  if (draw < 0.22) return { thing: random.pick(places.cities), quality: random.pick(cityQualities) };
  const { things, qualities } = random.pick(describables);
  const thing = nouns.demonstrative(random.pick(["这", "那"]), random.pick(things));
  return { thing, quality: random.pick(qualities) };
}

/** What things and people are like. */
export const qualities: readonly Pattern[] = [
  {
    name: "quality of a thing",
    weight: 6,
    make(random) {
      const { thing, quality } = thingWithQuality(random);
      const draw = random.next();
      if (draw < 0.2)
        return statement(`${thing.zh}${negatedAdjective(quality)}`, `${thing.en} is not ${quality.en}`);
      if (draw < 0.4 && canBeTooMuch(quality))
        return statement(`${thing.zh}太${quality.zh}了`, `${thing.en} is too ${quality.en}`);
      const degree = random.pick(degrees);
      return statement(`${thing.zh}${degree.zh}${quality.zh}`, `${thing.en} is ${degree.en} ${quality.en}`);
    },
  },
  {
    name: "how somebody is",
    weight: 5,
    make(random) {
      const who = someone(random);
      const draw = random.next();
      if (draw < 0.1) {
        const all = random.pick([we, they]);
        return chance(random, 0.8)
          ? statement(`${who.zh}很好`, affirm(who, "present", "be good"))
          : statement(`${all.zh}都很好`, affirm(all, "present", "be all good"));
      }
      const quality = random.pick(draw < 0.5 ? traits : moods);
      const isMood = draw >= 0.5;
      const when = isMood && chance(random, 0.5) ? random.pick(["今天", "昨天"]) : "";
      const tense = when === "昨天" ? "past" : "present";
      const whenEn = when === "" ? "" : when === "今天" ? "today" : "yesterday";
      const flavour = random.below(4);
      if (flavour === 0) {
        return statement(
          `${who.zh}${when}不${quality.zh}`,
          words(negate(who, tense, `be ${quality.en}`), whenEn),
        );
      }
      if (flavour === 1 && isMood) {
        return statement(
          `${who.zh}${when}有点儿${quality.zh}`,
          words(affirm(who, tense, `be a little ${quality.en}`), whenEn),
        );
      }
      const degree = random.pick(degrees);
      return statement(
        `${who.zh}${when}${degree.zh}${quality.zh}`,
        words(affirm(who, tense, `be ${degree.en} ${quality.en}`), whenEn),
      );
    },
  },
  {
    name: "two qualities with 又",
    weight: 3,
    make(random) {
      const { things, qualities } = random.pick(describables.filter((group) => group.qualities.length > 2));
      const thing = nouns.demonstrative(random.pick(["这", "那"]), random.pick(things));
      const [one, other] = inTheSameVein(random, qualities);
      return statement(
        `${thing.zh}又${one.zh}又${other.zh}`,
        `${thing.en} is both ${one.en} and ${other.en}`,
      );
    },
  },
  {
    name: "pointing at people",
    weight: 2,
    make(random) {
      const stranger = random.pick(strangers);
      const pointer = random.pick([phrase("这个", "this"), phrase("那个", "that")]);
      if (chance(random, 0.5)) {
        const degree = random.pick(degrees);
        const trait = random.pick(traits);
        return statement(
          `${pointer.zh}${stranger.zh}${degree.zh}${trait.zh}`,
          `${pointer.en} ${stranger.en} is ${degree.en} ${trait.en}`,
        );
      }
      const who = relativeWho(random, stranger);
      return statement(`${pointer.zh}${stranger.zh}是${who.zh}`, `${pointer.en} ${stranger.en} is ${who.en}`);
    },
  },
  {
    name: "weather",
    weight: 7,
    make(random) {
      const quality = random.pick(weather);
      const town = random.pick(places.farAway);
      const season = random.pick(seasons);
      const degree = random.pick(degrees);
      switch (random.below(8)) {
        case 0:
          return chance(random, 0.8)
            ? statement(
                `${town.zh}的${season.zh}${degree.zh}${season.quality.zh}`,
                `${season.en} in ${town.en} is ${degree.en} ${season.quality.en}`,
              )
            : statement(
                `${town.zh}的${season.zh}不${season.quality.zh}`,
                `${season.en} in ${town.en} is not ${season.quality.en}`,
              );
        case 1:
          return statement(
            `今天${town.zh}${degree.zh}${quality.zh}`,
            `it is ${degree.en} ${quality.en} in ${town.en} today`,
          );
        case 2:
          return statement(
            `昨天${town.zh}${degree.zh}${quality.zh}`,
            `it was ${degree.en} ${quality.en} in ${town.en} yesterday`,
          );
        case 3:
          return statement(
            `${town.zh}的天气越来越${quality.zh}了`,
            `the weather in ${town.en} is getting ${gettingMore(quality.en)}`,
          );
        case 4: {
          const fall = random.pick([phrase("雨", "rain"), phrase("雪", "snow")]);
          const [when, whenEn] = random.pick([
            ["明天", "tomorrow"],
            ["后天", "the day after tomorrow"],
            ["下个星期", "next week"],
            ["今天晚上", "this evening"],
            ["这个周末", "this weekend"],
          ] as const);
          const where = chance(random, 0.7);
          const placeZh = where ? town.zh : "";
          const placeEn = where ? town.at : "";
          return chance(random, 0.6)
            ? statement(`${when}${placeZh}会下${fall.zh}`, words("it will", fall.en, placeEn, whenEn))
            : statement(`${when}${placeZh}不会下${fall.zh}`, words("it will not", fall.en, placeEn, whenEn));
        }
        case 5: {
          const fall = random.pick([phrase("雨", "rain"), phrase("雪", "snow")]);
          return chance(random, 0.5)
            ? statement(`${town.zh}在下${fall.zh}`, `it is ${fall.en}ing ${town.at}`)
            : statement(`昨天${town.zh}没下${fall.zh}`, `it did not ${fall.en} ${town.at} yesterday`);
        }
        case 6: {
          let other = random.pick(places.farAway);
          while (other === town) other = random.pick(places.farAway);
          return statement(
            `${town.zh}的${season.zh}比${other.zh}${season.quality.zh}`,
            `${season.en} in ${town.en} is ${comparative(season.quality.en)} than in ${other.en}`,
          );
        }
        default: {
          const much = chance(random, 0.5);
          const where = chance(random, 0.6) ? town : phrase("", "");
          return statement(
            `${where.zh}今天比昨天${quality.zh}${much ? "得多" : ""}`,
            words(
              "today is",
              much ? "much" : "",
              comparative(quality.en),
              "than yesterday",
              where.en === "" ? "" : `in ${where.en}`,
            ),
          );
        }
      }
    },
  },
];

function gettingMore(quality: string): string {
  return `${comparative(quality)} and ${comparative(quality)}`;
}
