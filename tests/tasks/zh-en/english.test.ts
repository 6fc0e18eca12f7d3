import { describe, expect, it } from "vitest";
import { counting, numeral, yearDigits } from "../../../src/tasks/zh-en/chinese.ts";
import {
  affirm,
  ask,
  comparative,
  inflect,
  negate,
  pluralise,
  superlative,
  withArticle,
} from "../../../src/tasks/zh-en/english.ts";

const she = { en: "she", agreement: "third" } as const;
const I = { en: "I", agreement: "I" } as const;
const they = { en: "they", agreement: "plural" } as const;

describe("English verbs", () => {
  it.each([
    ["read books", "reads books", "read books", "read books", "reading books"],
    ["study", "studies", "studied", "studied", "studying"],
    ["play the piano", "plays the piano", "played the piano", "played the piano", "playing the piano"],
    ["watch TV", "watches TV", "watched TV", "watched TV", "watching TV"],
    ["go home", "goes home", "went home", "gone home", "going home"],
    ["write a letter", "writes a letter", "wrote a letter", "written a letter", "writing a letter"],
    ["run", "runs", "ran", "run", "running"],
    ["chat", "chats", "chatted", "chatted", "chatting"],
    ["have lunch", "has lunch", "had lunch", "had lunch", "having lunch"],
  ])("inflects %s", (base, third, past, participle, ing) => {
    expect(inflect(base, "third")).toBe(third);
    expect(inflect(base, "past")).toBe(past);
    expect(inflect(base, "participle")).toBe(participle);
    expect(inflect(base, "ing")).toBe(ing);
  });

  it("makes statements, negations and questions", () => {
    expect(affirm(she, "present", "read books", "often")).toBe("she often reads books");
    expect(affirm(she, "perfect", "get up", "already")).toBe("she has already gotten up");
    expect(affirm(I, "present", "be a doctor", "also")).toBe("I am also a doctor");
    expect(negate(she, "present", "read books")).toBe("she does not read books");
    expect(negate(they, "past", "be at home")).toBe("they were not at home");
    expect(negate(they, "can", "swim")).toBe("they cannot swim");
    expect(ask(she, "past", "go home")).toBe("did she go home");
    expect(ask(I, "progressive", "run")).toBe("am I running");
    expect(ask(they, "present", "be hungry")).toBe("are they hungry");
  });
});

describe("English nouns and adjectives", () => {
  it.each([
    ["book", "books"],
    ["dictionary", "dictionaries"],
    ["glass", "glasses"],
    ["key", "keys"],
    ["child", "children"],
    ["peach", "peaches"],
  ])("one %s, two %s", (singular, plural) => {
    expect(pluralise(singular)).toBe(plural);
  });

  it.each([
    "an apple",
    "an hour",
    "an umbrella",
    "an email",
    "an old car",
    "a book",
    "a useful book",
    "a uniform",
  ])("says %s", (phrase) => {
    expect(withArticle(phrase.replace(/^an? /, ""))).toBe(phrase);
  });

  it.each([
    ["tall", "taller", "tallest"],
    ["big", "bigger", "biggest"],
    ["busy", "busier", "busiest"],
    ["cute", "cuter", "cutest"],
    ["expensive", "more expensive", "most expensive"],
  ])("compares %s", (adjective, more, most) => {
    expect(comparative(adjective)).toBe(more);
    expect(superlative(adjective)).toBe(most);
  });
});

describe("Chinese numerals", () => {
  it.each([
    [1, "一"],
    [10, "十"],
    [12, "十二"],
    [20, "二十"],
    [99, "九十九"],
    [100, "一百"],
    [105, "一百零五"],
    [110, "一百一十"],
    [500, "五百"],
  ])("writes %i", (value, characters) => {
    expect(numeral(value)).toBe(characters);
  });

  it("counts two with 两 and reads years digit by digit", () => {
    expect(counting(2)).toBe("两");
    expect(counting(12)).toBe("十二");
    expect(counting(200)).toBe("两百");
    expect(yearDigits(2024)).toBe("二〇二四");
  });
});
