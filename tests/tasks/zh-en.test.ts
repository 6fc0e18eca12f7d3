import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { corpusFiles, findTask, makeSplits } from "../../src/tasks/tasks.ts";
import { bundledZhEn, patterns, sentences } from "../../src/tasks/zh-en/zh-en.ts";

const task = findTask("zh-en");
const splits = makeSplits(task, bundledZhEn);
const heldOut = [...splits.valid, ...splits.test];
const all = [...splits.train, ...heldOut];

const segmenters = {
  zh: new Intl.Segmenter("zh", { granularity: "word" }),
  en: new Intl.Segmenter("en", { granularity: "word" }),
};

function wordsOf(language: "zh" | "en", sentence: string): readonly string[] {
  const segmenter = segmenters[language];
  return [...segmenter.segment(sentence)].map((part) => part.segment).filter((word) => word.trim() !== "");
}

function wordCounts(language: "zh" | "en", lines: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const word of lines.flatMap((line) => wordsOf(language, line))) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

describe("the bundled Chinese-English corpus", () => {
  it("is what the generator makes, byte for byte", () => {
    const files = corpusFiles(task, splits);
    expect(files).toHaveLength(6);
    for (const { name, content } of files) {
      const bundled = readFileSync(new URL(`../../data/zh-en/${name}`, import.meta.url));
      expect(bundled.equals(Buffer.from(content, "utf8")), name).toBe(true);
    }
  });

  it("has at least 6000 training, 500 validation and 500 test pairs", () => {
    expect(splits.train.length).toBeGreaterThanOrEqual(6000);
    expect(splits.valid.length).toBeGreaterThanOrEqual(500);
    expect(splits.test.length).toBeGreaterThanOrEqual(500);
  });

  it("repeats no source and no target, within a part or across parts", () => {
    expect(new Set(all.map((pair) => pair.source)).size).toBe(all.length);
    expect(new Set(all.map((pair) => pair.target)).size).toBe(all.length);
  });

  it.each([
    ["我很好。", "I am good."],
    ["我们在学习机器学习。", "We are studying machine learning."],
  ])("trains on %s / %s", (source, target) => {
    expect(splits.train).toContainEqual({ source, target });
  });

  it.each([
    ["zh", "source"],
    ["en", "target"],
  ] as const)("holds out no %s word that training has not seen", (language, side) => {
    const known = wordCounts(
      language,
      splits.train.map((pair) => pair[side]),
    );
    const met = wordCounts(
      language,
      heldOut.map((pair) => pair[side]),
    );
    const unknown = [...met.keys()].filter((word) => !known.has(word));
    expect(unknown).toEqual([]);
    const rare = [...met.keys()].filter((word) => known.get(word)! < 8);
    expect(rare.length / met.size, `seen fewer than 8 times: ${rare.join(" ")}`).toBeLessThan(0.05);
    expect(known.size).toBeGreaterThan(500);
    expect(known.size).toBeLessThan(1000);
  });

  it("has sentences of every family", () => {
    const families = new Map(all.map((pair) => [pair.source, ""]));
    for (const { source, pattern } of sentences(bundledZhEn.seed)) {
      if (families.get(source) === "") families.set(source, pattern);
      if (![...families.values()].includes("")) break;
    }
    const present = new Set(families.values());
    for (const { name } of patterns) expect(present, name).toContain(name);
  });

  it.each([
    ["time and place before the verb", /昨天.*在图书馆.*了/, /in the library.* yesterday/],
    ["relative clause", /买的.*很/, /^The \w+ .* bought .* is very/],
    ["吗", /吗？$/, /\?$/],
    ["什么", /什么？$/, /^What /],
    ["谁", /谁/, /^Who /],
    ["哪里", /哪里/, /^Where /],
    ["什么时候", /什么时候/, /^When /],
    ["为什么", /为什么/, /^Why /],
    ["怎么", /怎么/, /^How /],
    ["多少", /多少/, /^How /],
    ["几", /几/, /^How many /],
    ["把", /把.*(关上|打开)了。$/, / (closed|opened) the \w+\.$/],
    ["被", /被/, / was .* by /],
    ["不", /不/, / not /],
    ["没", /没/, / did not /],
    ["过", /去过/, / been to /],
    ["正在", /正在/, / (am|is|are) \w+ing /],
    ["dates", /二〇\S\S年\S+月\S+号/, /[A-Z]\w+ \d+, 20\d\d\.$/],
    ["prices", /块钱/, / yuan/],
    ["clock", /点半/, / half past /],
    ["ages", /岁/, / years old/],
    ["比", /比/, /(er|more \w+) than /],
    ["没有...那么", /没有.*那么/, / not as \w+ as /],
    ["最", /最/, / the (most |\w+est)/],
    ["们", /孩子们/, /[Tt]he children/],
    ["会", /会/, / (can|will|cannot) /],
    ["应该", /应该/, / should /],
    ["可以", /可以/, /[Mm]ay /],
    ["必须", /必须/, / must /],
    ["duration", /了两个小时/, / for two hours /],
    ["because", /因为.*所以/, /^Because /],
    ["if", /如果.*就/, /^If /],
    ["although", /虽然.*但是/, /^Although /],
    ["while", /一边.*一边/, / while \w+ing/],
    ["existence", /上有/, /^There (is|are) /],
    ["觉得", /觉得/, / thinks? /],
    ["请", /^请/, /^Please /],
    ["别", /^别/, /^Do not /],
    ["weather", /会下[雨雪]/, / will (not )?(rain|snow)/],
  ])("says %s", (_construction, chinese, english) => {
    const found = all.filter((pair) => chinese.test(pair.source) && english.test(pair.target));
    expect(found.length).toBeGreaterThanOrEqual(8);
  });

  it("is written cleanly on both sides", () => {
    const untidy = all.filter(
      ({ source, target }) =>
        !/^[\p{Script=Han}〇，]+[。？]$/u.test(source) ||
        !/^[A-Z][A-Za-z0-9 ,]*[.?]$/.test(target) ||
        / {2}| [,.?]|\ba [aeio]|\ban [^aeiouh]/.test(target) ||
        /\b(\w+) \1\b/.test(target) ||
        target.endsWith("?") !== source.endsWith("？"),
    );
    expect(untidy).toEqual([]);
  });

  it("is about as long as everyday speech", () => {
    const lengths = all.map((pair) => wordsOf("en", pair.target).length);
    const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
    expect(mean).toBeGreaterThan(6);
    expect(mean).toBeLessThan(10);
    expect(Math.max(...lengths)).toBeLessThan(30);
  });
});

describe("the zh-en grammar", () => {
  it("has one translation for a sentence, whichever family it came from", () => {
    const translations = new Map<string, string>();
    const conflicts: string[] = [];
    let drawn = 0;
    for (const { source, target } of sentences(99)) {
      const other = translations.get(source) ?? target;
      if (other !== target) conflicts.push(`${source} ${other} ${target}`);
      translations.set(source, target);
      if (++drawn === 60_000) break;
    }
    expect(conflicts).toEqual([]);
  });
});
