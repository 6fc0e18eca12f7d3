import { affirm, negate } from "../english.ts";
import { activityFor, doings, everyday } from "../lexicon/activities.ts";
import { counted, someCount } from "../lexicon/nouns.ts";
import { someAdult, someone } from "../lexicon/people.ts";
import { cities, farAway } from "../lexicon/places.ts";
import * as times from "../lexicon/times.ts";
import { chance, type Pattern, statement, words } from "../phrase.ts";

/** Going somewhere, and how long things last. */
export const journeys: readonly Pattern[] = [
  {
    name: "journeys",
    weight: 5,
    make(random) {
      const who = someone(random);
      const where = random.pick(farAway);
      switch (random.below(4)) {
        case 0: {
          const when = random.pick(times.longPast);
          return statement(
            `${who.zh}${when.zh}去了${where.zh}`,
            words(affirm(who, "past", "go"), where.to, when.en),
          );
        }
        case 1: {
          const when = random.pick(times.longPast);
          return statement(
            `${who.zh}${when.zh}没去${where.zh}`,
            words(negate(who, "past", "go"), where.to, when.en),
          );
        }
        case 2: {
          const when = random.pick(times.longFuture);
          return statement(
            `${who.zh}${when.zh}要去${where.zh}`,
            words(affirm(who, "progressive", "go to go"), where.to, when.en),
          );
        }
        default: {
          const when = random.pick(times.longFuture);
          return statement(
            `${who.zh}打算${when.zh}去${where.zh}`,
            words(affirm(who, "present", "plan to go"), where.to, when.en),
          );
        }
      }
    },
  },
  {
    name: "duration",
    weight: 5,
    make(random) {
      const draw = random.next();
      if (draw < 0.55) {
        const who = someone(random);
        const doing = activityFor(random, who, everyday, (one) => one.lasting);
        const long = random.pick(times.hours);
        if (chance(random, 0.4)) {
          const when = random.pick(times.regular.slice(0, 4));
          return statement(
            `${who.zh}${when.zh}${doing.verb}${long.zh}${doing.object}`,
            words(affirm(who, "present", doing.en), "for", long.en, when.en),
          );
        }
        const when = random.pick(times.past.slice(0, 7));
        return statement(
          `${who.zh}${when.zh}${doing.verb}了${long.zh}${doing.object}`,
          words(affirm(who, "past", doing.en), "for", long.en, when.en),
        );
      }
      const who = someAdult(random);
      const long = random.pick(times.years);
      const where = random.pick(draw < 0.9 ? cities : farAway);
      const [zh, en] = random.pick([
        ["住", "live"],
        ["工作", "work"],
      ] as const);
      return statement(
        `${who.zh}在${where.zh}${zh}了${long.zh}`,
        words(affirm(who, "past", en), where.at, "for", long.en),
      );
    },
  },
  {
    name: "going somewhere to do something",
    weight: 4,
    make(random) {
      const who = someone(random);
      const doing = random.pick(doings.filter((one) => one.verb === "买" || one.verb === "借"));
      const where = doing.places[0]!;
      const thing = counted(someCount(random, 3), random.pick(doing.things));
      const purpose = `to ${doing.en} ${thing.en}`;
      if (chance(random, 0.5)) {
        const when = random.pick(times.past);
        return statement(
          `${who.zh}${when.zh}去${where.zh}${doing.verb}了${thing.zh}`,
          words(affirm(who, "past", "go"), where.to, purpose, when.en),
        );
      }
      const when = random.pick(times.future);
      return statement(
        `${who.zh}${when.zh}要去${where.zh}${doing.verb}${thing.zh}`,
        words(affirm(who, "progressive", "go to go"), where.to, purpose, when.en),
      );
    },
  },
];
