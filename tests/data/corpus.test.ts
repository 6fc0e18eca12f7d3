import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { corpusFingerprint, type Languages, loadCorpus } from "../../src/data/corpus.ts";
import { oneLine } from "../io/oneLine.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";

const root = temporaryDirectory();
const zhEn: Languages = { source: "zh", target: "en" };

/** Writes files into a new directory and returns its path. */
function directoryWith(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(root, "case-"));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
  return directory;
}

describe("loadCorpus, two files", () => {
  it("completes a prefix by the languages", () => {
    const directory = directoryWith({
      "train.zh": "\uFEFF我很好。\r\n你好！\r\n",
      "train.en": "I am good.\nHello!",
    });
    const prefix = join(directory, "train");
    const corpus = loadCorpus(prefix, zhEn);
    expect(corpus.source).toEqual(["我很好。", "你好！"]);
    expect(corpus.target).toEqual(["I am good.", "Hello!"]);
    expect(corpus.files).toEqual({ source: `${prefix}.zh`, target: `${prefix}.en` });
  });

  it("does not take blank lines at the end for pairs", () => {
    const directory = directoryWith({ "train.zh": "一\n二\n\n", "train.en": "one\ntwo\n \n\n" });
    expect(loadCorpus(join(directory, "train"), zhEn).source).toEqual(["一", "二"]);
  });

  it("names both counts when they differ", () => {
    const prefix = join(directoryWith({ "train.zh": "一\n二\n三\n", "train.en": "one\n" }), "train");
    expect(oneLine(() => loadCorpus(prefix, zhEn))).toBe(
      `${prefix}.zh: 3 lines, but ${prefix}.en has 1 line. Give every line its translation on the same line of the other file.`,
    );
  });

  it("names the file and line of a blank side, at the end too", () => {
    const prefix = join(
      directoryWith({ "train.zh": "一\n\u3000\n三\n", "train.en": "one\ntwo\n \n" }),
      "train",
    );
    expect(oneLine(() => loadCorpus(prefix, zhEn))).toBe(
      `${prefix}.zh:2: the line is empty. Fill it in, or remove this line here and in ${prefix}.en.`,
    );
    expect(oneLine(() => loadCorpus(prefix, { source: "en", target: "zh" }))).toBe(
      `${prefix}.zh:2: the line is empty. Fill it in, or remove this line here and in ${prefix}.en.`,
    );
    writeFileSync(`${prefix}.zh`, "一\n二\n三\n");
    expect(oneLine(() => loadCorpus(prefix, zhEn))).toBe(
      `${prefix}.en:3: the line is empty. Fill it in, or remove this line here and in ${prefix}.zh.`,
    );
  });

  it("asks for the languages that are missing", () => {
    const prefix = join(directoryWith({}), "train");
    expect(oneLine(() => loadCorpus(prefix))).toBe(
      `${prefix}: a corpus is a .tsv file or a prefix of two files. For a prefix, give --source-lang and --target-lang too.`,
    );
    expect(oneLine(() => loadCorpus(prefix, { source: "zh" }))).toBe(
      `${prefix}: a corpus is a .tsv file or a prefix of two files. For a prefix, give --target-lang too.`,
    );
  });

  it("says which files it looked for and which there are", () => {
    const directory = directoryWith({ "train.zh": "", "train.fr": "", "train.tsv": "", "training.en": "" });
    const prefix = join(directory, "train");
    expect(oneLine(() => loadCorpus(prefix, zhEn))).toBe(
      `${prefix}: looked for train.zh and train.en, but train.en does not exist. Check the languages: the directory has train.fr, train.tsv.`,
    );
    expect(oneLine(() => loadCorpus(prefix, { source: "de", target: "it" }))).toBe(
      `${prefix}: looked for train.de and train.it, but neither exists. Check the languages: the directory has train.fr, train.tsv, train.zh.`,
    );
    for (const nowhere of [join(directory, "test"), join(directory, "none", "train")]) {
      expect(oneLine(() => loadCorpus(nowhere, zhEn))).toMatch(
        /: looked for \w+\.zh and \w+\.en, but neither exists\. Check the path and the languages\.$/,
      );
    }
  });

  it("does not take a directory for a prefix", () => {
    const directory = directoryWith({ "train.zh": "一\n", "train.en": "one\n" });
    for (const languages of [{}, zhEn]) {
      expect(oneLine(() => loadCorpus(directory, languages))).toBe(
        `${directory}: this is a directory, not a corpus. Name a .tsv file, or the prefix of two files, inside it.`,
      );
    }
  });
});

describe("loadCorpus, one .tsv", () => {
  const tsv = (content: string) => join(directoryWith({ "train.tsv": content }), "train.tsv");

  it("reads two columns, whatever the languages", () => {
    const path = tsv("walk\tWALK\r\njump twice\tJUMP JUMP\r\n\r\n");
    const corpus = loadCorpus(path, zhEn);
    expect(corpus.source).toEqual(["walk", "jump twice"]);
    expect(corpus.target).toEqual(["WALK", "JUMP JUMP"]);
    expect(corpus.files).toEqual({ source: path, target: path });
  });

  it.each([
    ["a\tb\nc\n", 2, 1],
    ["a\tb\tc\n", 1, 3],
    ["a\tb\n\nc\td\n", 2, 0],
  ])("names file and line where there are not two columns: %j", (content, line, found) => {
    const path = tsv(content);
    expect(oneLine(() => loadCorpus(path))).toBe(
      `${path}:${line}: expected 2 tab-separated columns, found ${found}. Separate source and target with one tab.`,
    );
  });

  it.each([
    ["a\tb\n \td\n", 2, "source"],
    ["a\tb\nc\t\nd\te\n", 2, "target"],
  ])("names file, line and side of an empty side: %j", (content, line, side) => {
    const path = tsv(content);
    expect(oneLine(() => loadCorpus(path))).toBe(
      `${path}:${line}: the ${side} is empty. Fill it in or remove the line.`,
    );
  });

  it("explains an empty corpus, a missing file, a directory and bytes that are not text", () => {
    for (const content of ["", "\n", "\uFEFF"]) {
      const path = tsv(content);
      expect(oneLine(() => loadCorpus(path))).toBe(
        `${path}: the corpus is empty. Put at least one pair of sentences in it.`,
      );
    }
    const missing = join(root, "missing.tsv");
    expect(oneLine(() => loadCorpus(missing))).toBe(`${missing}: no such file or directory. Check the path.`);
    const directory = join(root, "directory.tsv");
    mkdirSync(directory);
    expect(oneLine(() => loadCorpus(directory))).toBe(
      `${directory}: this is a directory, a file is needed. Name a file inside it.`,
    );
    const binary = tsv("a\tb\nc\t\0\n");
    expect(oneLine(() => loadCorpus(binary))).toBe(
      `${binary}:2: a NUL byte in a text file. Check that this is a text file in UTF-8.`,
    );
  });
});

describe("the name of a corpus", () => {
  it.each([
    ["zh-en/train.tsv", "zh-en"],
    ["scan/simple.train.tsv", "simple"],
    ["scan/my_dev.tsv", "my"],
    ["pairs.tsv", "pairs"],
    ["restrain.tsv", "restrain"],
  ])("%s is called %s", (path, name) => {
    const file = join(directoryWith({}), path);
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, "a\tb\n");
    expect(loadCorpus(file).name).toBe(name);
  });
});

describe("corpusFingerprint", () => {
  const corpus = { source: ["a", "b"], target: ["c", "d"] };

  it("is the same for the same pairs in either form", () => {
    const directory = directoryWith({ "x.zh": "a\nb\n", "x.en": "c\nd\n", "y.tsv": "a\tc\nb\td\n" });
    const expected = corpusFingerprint(corpus);
    expect(expected).toMatch(/^[0-9a-f]{64}$/);
    expect(corpusFingerprint(loadCorpus(join(directory, "x"), zhEn))).toBe(expected);
    expect(corpusFingerprint(loadCorpus(join(directory, "y.tsv")))).toBe(expected);
  });

  it("differs when a character, the order or a boundary differs", () => {
    const others = [
      { source: ["a", "B"], target: ["c", "d"] },
      { source: ["b", "a"], target: ["d", "c"] },
      { source: ["c", "d"], target: ["a", "b"] },
      { source: ["a"], target: ["c"] },
      { source: ["a\tc", "b"], target: ["", "d"] },
    ];
    const fingerprints = new Set([corpus, ...others].map(corpusFingerprint));
    expect(fingerprints.size).toBe(others.length + 1);
  });
});
