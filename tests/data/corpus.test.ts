import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CorpusHash, loadCorpus, readCorpus } from "../../src/data/corpus.ts";
import type { Languages } from "../../src/data/corpusPlace.ts";
import type { SentencePair } from "../../src/data/pairing.ts";
import { oneLine, oneLineAsync } from "../io/oneLine.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";

const root = temporaryDirectory();
const zhEn: Languages = { source: "zh", target: "en" };

/** Writes files into a new directory and returns its path. */
function directoryWith(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(root, "case-"));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), content);
  }
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
    writeFileSync(`${prefix}.de`, "a\n");
    writeFileSync(`${prefix}.en`, "a\n");
    expect(oneLine(() => loadCorpus(prefix))).toContain(
      "give --source-lang and --target-lang too; the directory has train.de, train.en.",
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

/** What readCorpus hands out, and how it ends. */
async function collect(path: string, languages?: Languages) {
  const pairs: SentencePair[] = [];
  const error = await oneLineAsync(async () => {
    for await (const some of readCorpus(path, languages)) pairs.push(...some);
  });
  return { pairs, error };
}

/** Whether both ways of reading agree: the same pairs in the same lines, or the same error. */
async function expectAgreement(path: string, languages?: Languages): Promise<void> {
  const streamed = await collect(path, languages);
  const error = oneLine(() => loadCorpus(path, languages));
  expect(streamed.error).toBe(error);
  if (error !== "no error") return;
  const loaded = loadCorpus(path, languages);
  expect(streamed.pairs).toEqual(
    loaded.source.map((source, i) => ({ source, target: loaded.target[i], line: i + 1 })),
  );
}

describe("readCorpus", () => {
  /** Lines with everything that may be wrong with them. */
  const anyLine = fc.constantFrom(
    "a",
    "b c",
    "",
    " ",
    "\u3000",
    "x\ty",
    "\t",
    "x\t",
    "\ty",
    "x\ty\tz",
    "\0",
    "\xff",
  );
  const anyText = fc
    .tuple(fc.array(anyLine, { maxLength: 6 }), fc.constantFrom("", "\n", "\n\n"))
    .map(([lines, end]) => Buffer.from(lines.join("\n") + end, "latin1"));

  it("gives the pairs or the error of loadCorpus, whatever is in the files", async () => {
    const directory = directoryWith({});
    await fc.assert(
      fc.asyncProperty(anyText, anyText, async (source, target) => {
        writeFileSync(join(directory, "x.zh"), source);
        writeFileSync(join(directory, "x.en"), target);
        writeFileSync(join(directory, "x.tsv"), source);
        await expectAgreement(join(directory, "x"), zhEn);
        await expectAgreement(join(directory, "x.tsv"));
      }),
      { numRuns: 300 },
    );
  });

  it("does so in files of many chunks, the lines of one side longer than those of the other", async () => {
    const source = Array.from({ length: 4000 }, (_, i) => `source number ${i} ${"long ".repeat(i % 99)}`);
    const target = source.map((_, i) => `${i}`);
    const prefix = join(directoryWith({}), "x");
    const write = () => {
      writeFileSync(`${prefix}.zh`, source.join("\n"));
      writeFileSync(`${prefix}.en.gz`, gzipSync(target.join("\n")));
    };
    write();
    expect((await collect(prefix, zhEn)).pairs).toHaveLength(4000);
    await expectAgreement(prefix, zhEn);
    target[3900] = " ";
    write();
    await expectAgreement(prefix, zhEn);
    expect((await collect(prefix, zhEn)).error).toMatch(/\.en\.gz:3901: the line is empty/);
    source.splice(100, 1);
    write();
    await expectAgreement(prefix, zhEn);
    expect((await collect(prefix, zhEn)).error).toMatch(/3999 lines, but .* has 4000 lines/);
    source.splice(30, 1, "\0");
    write();
    await expectAgreement(prefix, zhEn);
    expect((await collect(prefix, zhEn)).error).toMatch(/\.zh:31: a NUL byte/);
  });

  it("fails as loadCorpus does where there is no corpus", async () => {
    const directory = directoryWith({ "x.zh": "" });
    for (const path of [join(directory, "x"), join(directory, "none.tsv"), directory]) {
      await expectAgreement(path, zhEn);
      await expectAgreement(path);
    }
  });
});

describe("a packed corpus", () => {
  const text = { zh: "一\n二\n", en: "one\ntwo\n", tsv: "一\tone\n二\ttwo\n" };

  it("is what it is unpacked", async () => {
    const directory = directoryWith({
      "a/train.zh": text.zh,
      "a/train.en": text.en,
      "a/train.tsv": text.tsv,
    });
    const packed = join(directoryWith({}), "a", "train");
    mkdirSync(join(packed, ".."));
    for (const [ending, content] of Object.entries(text)) {
      writeFileSync(`${packed}.${ending}.gz`, gzipSync(content));
    }
    const plain = join(directory, "a", "train");
    const { files, ...corpus } = loadCorpus(packed, zhEn);
    expect(files).toEqual({ source: `${packed}.zh.gz`, target: `${packed}.en.gz` });
    expect(corpus).toEqual({ name: "a", source: ["一", "二"], target: ["one", "two"] });
    expect({ ...corpus, files: loadCorpus(plain, zhEn).files }).toEqual(loadCorpus(plain, zhEn));
    expect(loadCorpus(`${packed}.tsv.gz`).target).toEqual(corpus.target);
    expect(loadCorpus(`${packed}.tsv.gz`).name).toBe("a");
    for (const [path, languages] of [[packed, zhEn], [`${packed}.tsv.gz`]] as const) {
      expect((await collect(path, languages)).pairs).toEqual((await collect(plain, zhEn)).pairs);
    }
  });

  it("gives way to a plain file of the same name", () => {
    const directory = directoryWith({ "x.zh": text.zh, "x.en": text.en });
    writeFileSync(join(directory, "x.zh.gz"), gzipSync("old\n"));
    expect(loadCorpus(join(directory, "x"), zhEn).source).toEqual(["一", "二"]);
  });

  it("says what is wrong with its content, by the lines of the text", () => {
    const file = join(directoryWith({}), "x.tsv.gz");
    writeFileSync(file, gzipSync("a\tb\nc\n"));
    expect(oneLine(() => loadCorpus(file))).toBe(
      `${file}:2: expected 2 tab-separated columns, found 1. Separate source and target with one tab.`,
    );
  });
});

describe("CorpusHash", () => {
  function fingerprint(...pairs: (readonly [source: string, target: string])[]): string {
    const hash = new CorpusHash();
    for (const [source, target] of pairs) hash.add(source, target);
    return hash.digest();
  }

  it("is SHA-256 of the pairs as JSON", () => {
    // printf '["a","c"]["b","d"]' | sha256sum
    expect(fingerprint(["a", "c"], ["b", "d"])).toBe(
      "eda6acaddd99676c9fdb298fbf0a12ab97b5bb86c692ca5982fca9a84b7e1a0c",
    );
    const long = "x".repeat(50_000);
    const expected = createHash("sha256").update(`["${long}","a"]`.repeat(3)).digest("hex");
    expect(fingerprint([long, "a"], [long, "a"], [long, "a"])).toBe(expected);
  });

  it("differs when a character, the order or a boundary differs", () => {
    const all = [
      fingerprint(["a", "c"], ["b", "d"]),
      fingerprint(["a", "c"], ["B", "d"]),
      fingerprint(["b", "d"], ["a", "c"]),
      fingerprint(["c", "a"], ["d", "b"]),
      fingerprint(["a", "c"]),
      fingerprint(["a\tc", ""], ["b", "d"]),
    ];
    expect(new Set(all).size).toBe(all.length);
  });
});
