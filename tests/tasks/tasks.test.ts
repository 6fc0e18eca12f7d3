import { describe, expect, it } from "vitest";
import { XformerError } from "../../src/errors.ts";
import { numberInWords } from "../../src/tasks/numbers.ts";
import { pronounce } from "../../src/tasks/sounds.ts";
import type { Pair } from "../../src/tasks/task.ts";
import { corpusFiles, findTask, makeSplits, tasks } from "../../src/tasks/tasks.ts";

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const WEEKDAYS = "Sun Mon Tue Wed Thu Fri Sat".split(" ");

function pairsOf(name: string, count = 2000, seed = 1): readonly Pair[] {
  return findTask(name).generate({ seed, count });
}

/** The whole numbers a date is written with, the day without its ordinal ending. */
function figuresIn(text: string): readonly number[] {
  return (text.match(/\d+/g) ?? []).map(Number);
}

describe.each(tasks.map((task) => [task.name, task] as const))("task %s", (_name, task) => {
  it("makes the same pairs from the same seed and others from another", () => {
    const pairs = task.generate({ seed: 3, count: 200 });
    expect(task.generate({ seed: 3, count: 200 })).toEqual(pairs);
    expect(task.generate({ seed: 4, count: 200 })).not.toEqual(pairs);
    expect(pairs).toHaveLength(200);
  });

  it("begins a larger corpus with the smaller one", () => {
    expect(task.generate({ seed: 5, count: 300 }).slice(0, 100)).toEqual(
      task.generate({ seed: 5, count: 100 }),
    );
  });

  it("cuts a corpus into parts of the sizes asked for, which share neither source nor target", () => {
    const splits = makeSplits(task, { seed: 1, train: 300, valid: 50, test: 40 });
    expect([splits.train.length, splits.valid.length, splits.test.length]).toEqual([300, 50, 40]);
    const all = [...splits.train, ...splits.valid, ...splits.test];
    expect(new Set(all.map((pair) => pair.source)).size).toBe(390);
    expect(new Set(all.map((pair) => pair.target)).size).toBe(390);
  });

  it("writes one line a sentence, both sides of a part in step", () => {
    const splits = makeSplits(task, { seed: 1, train: 20, valid: 3, test: 2 });
    const files = new Map(corpusFiles(task, splits).map((file) => [file.name, file.content]));
    expect([...files.keys()].sort()).toEqual(
      ["train", "valid", "test"]
        .flatMap((part) => [`${part}.${task.sourceLang}`, `${part}.${task.targetLang}`])
        .sort(),
    );
    expect(files.get(`valid.${task.sourceLang}`)).toBe(
      splits.valid.map((pair) => `${pair.source}\n`).join(""),
    );
    expect(files.get(`train.${task.targetLang}`)?.split("\n")).toHaveLength(21);
  });
});

describe("findTask", () => {
  it("names the known tasks when asked for another", () => {
    expect(() => findTask("summarise")).toThrow(XformerError);
    try {
      findTask("summarise");
    } catch (error) {
      expect(error).toMatchObject({
        code: "USAGE",
        message: 'unknown task "summarise"',
        hint: "Choose one of reverse, copy, sort, dates, numbers, sounds, zh-en, zh-en-news.",
      });
    }
  });
});

describe("makeSplits", () => {
  it("says how many pairs there are when asked for too many", () => {
    expect(() => makeSplits(findTask("dates"), { seed: 1, train: 100_000, valid: 0, test: 0 })).toThrow(
      /task dates cannot make 100000 distinct pairs, only about 7\d{4}$/,
    );
  });

  it("refuses sizes that are not whole numbers", () => {
    expect(() => makeSplits(findTask("copy"), { seed: 1, train: 1.5, valid: 0, test: 0 })).toThrow(
      "train must be a whole number of pairs, not 1.5",
    );
    expect(() => makeSplits(findTask("copy"), { seed: 1, train: 1, valid: -1, test: 0 })).toThrow(
      XformerError,
    );
  });
});

describe("symbol tasks", () => {
  it("reverse says 3 to 12 symbols backwards", () => {
    for (const { source, target } of pairsOf("reverse")) {
      const symbols = source.split(" ");
      expect(symbols.length).toBeGreaterThanOrEqual(3);
      expect(symbols.length).toBeLessThanOrEqual(12);
      expect(target.split(" ").reverse()).toEqual(symbols);
    }
  });

  it("copy says them again", () => {
    for (const { source, target } of pairsOf("copy")) expect(target).toBe(source);
  });

  it("sort puts letters before digits, each in order", () => {
    for (const { source, target } of pairsOf("sort")) {
      expect(target.replaceAll(" ", "")).toMatch(/^[a-z]*[0-9]*$/);
      const letters = target.match(/[a-z]/g) ?? [];
      const digits = target.match(/[0-9]/g) ?? [];
      expect(letters).toEqual(letters.toSorted());
      expect(digits).toEqual(digits.toSorted());
      expect(target.split(" ").toSorted()).toEqual(source.split(" ").toSorted());
    }
  });
});

describe("dates", () => {
  const pairs = pairsOf("dates", 5000);

  it("gives valid ISO 8601 dates from 1900 to 2099", () => {
    for (const { target } of pairs) {
      expect(target).toMatch(/^(19|20)\d\d-\d\d-\d\d$/);
      expect(new Date(`${target}T00:00:00Z`).toISOString().slice(0, 10)).toBe(target);
    }
  });

  it("writes the same year, month, day and weekday in the source", () => {
    let weekdays = 0;
    for (const { source, target } of pairs) {
      const date = new Date(`${target}T00:00:00Z`);
      const figures = figuresIn(source);
      expect(figures).toContain(date.getUTCFullYear());
      expect(figures).toContain(date.getUTCDate());
      const month = MONTHS.findIndex((name) => new RegExp(`\\b${name}`).test(source));
      if (month === -1) expect(figures).toContain(date.getUTCMonth() + 1);
      else expect(month).toBe(date.getUTCMonth());
      const weekday = WEEKDAYS.findIndex((name) => new RegExp(`\\b${name}`).test(source));
      if (weekday === -1) continue;
      weekdays++;
      expect(weekday).toBe(date.getUTCDay());
    }
    expect(weekdays).toBeGreaterThan(500);
  });

  it("never writes day and month in figures where they could be swapped, but for year-first dates", () => {
    for (const { source } of pairs) {
      const parts = /^(\d{1,2})[/.](\d{1,2})[/.]\d{4}$/.exec(source);
      if (parts !== null) expect(Math.max(Number(parts[1]), Number(parts[2]))).toBeGreaterThan(12);
    }
  });

  it.each(["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "23rd", "31st"])(
    "knows the ordinal %s",
    (ordinal) => {
      expect(pairs.some((pair) => new RegExp(`\\b${ordinal}\\b`).test(pair.source))).toBe(true);
    },
  );

  it("knows no wrong ordinals", () => {
    for (const { source } of pairs) expect(source).not.toMatch(/\b(1[123](st|nd|rd)|[123]th|2[123]th)\b/);
  });
});

describe("numbers", () => {
  it.each([
    [0, "zero"],
    [7, "seven"],
    [13, "thirteen"],
    [40, "forty"],
    [99, "ninety-nine"],
    [100, "one hundred"],
    [805, "eight hundred five"],
    [1234, "one thousand two hundred thirty-four"],
    [10_000, "ten thousand"],
    [1_000_001, "one million one"],
    [20_300_019, "twenty million three hundred thousand nineteen"],
    [
      999_999_999,
      "nine hundred ninety-nine million nine hundred ninety-nine thousand nine hundred ninety-nine",
    ],
  ])("says %i", (value, words) => {
    expect(numberInWords(value)).toBe(words);
  });

  it("reads what is written, with and without commas, in every magnitude", () => {
    const pairs = pairsOf("numbers", 3000);
    const digits = new Map<number, number>();
    for (const { source, target } of pairs) {
      expect(source).toMatch(/^(\d+|\d{1,3}(,\d{3})+)$/);
      const value = Number(source.replaceAll(",", ""));
      expect(target).toBe(numberInWords(value));
      digits.set(String(value).length, (digits.get(String(value).length) ?? 0) + 1);
    }
    for (let length = 3; length <= 9; length++) expect(digits.get(length)).toBeGreaterThan(100);
    expect(pairs.some((pair) => pair.source.includes(","))).toBe(true);
    expect(pairs.some((pair) => /^\d{5,}$/.test(pair.source))).toBe(true);
  });
});

describe("sounds", () => {
  it.each([
    ["scoccia", "S K O1 CCH A"],
    ["sciame", "SH A1 M E"],
    ["gnocchi", "NY O1 KK I"],
    ["foglia", "F O1 LY A"],
    ["gelato", "JH E L A1 T O"],
    ["ghiro", "G I1 R O"],
    ["quasi", "K W A1 Z I"],
    ["pizza", "P I1 TTS A"],
    ["rosso", "R O1 SS O"],
    ["sandalo", "S A N D A1 L O"],
  ])("says %s", (word, phonemes) => {
    expect(pronounce(word)).toBe(phonemes);
  });

  it("has spellings without spaces, phonemes with them, and one stress in each word", () => {
    for (const { source, target } of pairsOf("sounds")) {
      expect(source).toMatch(/^[a-z]{4,}$/);
      expect(target).toBe(pronounce(source));
      expect(target.split(" ").filter((sound) => sound.endsWith("1"))).toHaveLength(1);
      expect(target).toMatch(/^(?:[A-Z]{1,3}1?(?: |$))+$/);
    }
  });
});
