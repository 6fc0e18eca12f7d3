import { describe, expect, it } from "vitest";
import {
  type CheckOptions,
  type CorpusReport,
  type CorpusToCheck,
  checkCorpora,
} from "../../../src/data/check/check.ts";
import { loadCorpus } from "../../../src/data/corpus.ts";
import { learnTokenizer } from "../../../src/text/tokenizerKinds.ts";
import { oneLine } from "../../io/oneLine.ts";
import { temporaryDirectory } from "../../io/temporaryDirectory.ts";
import { corpus } from "./files.ts";

const root = temporaryDirectory();
const FINE = Array.from({ length: 20 }, (_, i) => `the source number ${i}\tthe target number ${i}`);

async function check(lines: readonly string[] | Uint8Array, options?: CheckOptions): Promise<CorpusReport> {
  const report = await checkCorpora([{ path: corpus(root, { "t.tsv": lines }), part: "train" }], options);
  return report.corpora[0]!;
}

/** Findings as `kind line detail`. */
function shown({ findings }: Pick<CorpusReport, "findings">): string[] {
  return findings.flatMap(({ kind, examples }) =>
    examples.map(({ line, detail }) => `${kind} ${line} ${detail}`),
  );
}

describe("a corpus with nothing wrong", () => {
  it("has no findings, and its numbers are right", async () => {
    const report = await check([...FINE, "", ""]);
    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({ rows: 20, pairs: 20, lengthRatio: { median: 1, factor: 3 } });
    expect(report.source).toEqual({
      script: "Latin",
      scripts: { Latin: 20 },
      unit: "words",
      total: 80,
      lengths: { least: 4, median: 4, mean: 4, percentile99: 4, most: 4 },
      histogram: Array.from({ length: 10 }, (_, i) => ({ from: i + 1, to: i + 1, count: i === 3 ? 20 : 0 })),
      vocabulary: 23,
      unknown: null,
    });
  });

  it("is measured in characters where there are no spaces, or single words only", async () => {
    const { source, target } = await check(["我很好。\tone", "你好吗？\tthree", "他很好。\tfive"]);
    expect([source.unit, source.lengths.median]).toEqual(["characters", 4]);
    expect([target.unit, target.lengths.median]).toEqual(["characters", 4]);
    expect([source.vocabulary, target.vocabulary]).toEqual([8, 9]);
  });
});

describe("errors", () => {
  it.each<[what: string, line: string | Uint8Array, findings: string[]]>([
    ["a missing tab", "no tab", ["columns 21 1 column instead of 2"]],
    ["a third column", "a\tb\tc", ["columns 21 3 columns instead of 2"]],
    ["an empty source", " \tb c d", ["empty 21 the source is empty"]],
    ["an empty target", "b c d\t", ["empty 21 the target is empty"]],
    ["a blank line", "", ["empty 21 the source is empty", "empty 21 the target is empty"]],
    ["invalid UTF-8", Buffer.from("caf\xe9 au lait\tcoffee", "latin1"), ["encoding 21 invalid UTF-8"]],
    ["a NUL byte", "a b c\0\td e f", ["encoding 21 a NUL byte in the source"]],
  ])("%s is one, and a training stops at it", async (_, line, findings) => {
    const before = Buffer.from(FINE.map((pair) => `${pair}\n`).join(""));
    const content = Buffer.concat([
      before,
      Buffer.from(line),
      Buffer.from("\nthe last one\tis fine again\n"),
    ]);
    const report = await check(content);
    expect(shown(report)).toEqual(findings);
    expect(new Set(report.findings.map(({ severity }) => severity))).toEqual(new Set(["error"]));
    expect(oneLine(() => loadCorpus(report.path))).toContain("t.tsv:21: ");
  });

  it("are lines that one file has and the other not", async () => {
    const path = corpus(root, { "p.en": ["a b c", "d e f", "g h i"], "p.de": ["A B C"] }, "p");
    const languages = { source: "en", target: "de" };
    const report = await checkCorpora([{ path, part: "train" }], { languages });
    expect(report.corpora[0]!.findings).toMatchObject([
      { kind: "uneven", count: 2, examples: [{ file: `${path}.de`, line: 2, text: "d e f" }, { line: 3 }] },
    ]);
    expect([report.errors, report.warnings]).toEqual([2, 0]);
  });

  it("is a corpus without a pair", async () => {
    expect(shown(await check([]))).toEqual(["no-pairs undefined no pair of sentences"]);
    expect(shown(await check(["a"]))).toContain("no-pairs undefined no pair of sentences");
  });
});

describe("warnings", () => {
  it.each<[what: string, line: string, finding: string]>([
    ["a pair that occurs again", FINE[4]!, "duplicate 21 as line 5"],
    ["a source with another target", "the source number 6\tsomething else", "other-target 21 as line 7"],
    ["a target that is too long", `one\t${"word ".repeat(12)}`, "length-ratio 21 1 word to 12 words"],
    ["a source that is too long", `${"word ".repeat(12)}\tone two`, "length-ratio 21 12 words to 2 words"],
    [
      "another script",
      "привет всему миру\thello to the world",
      "script 21 the source is Cyrillic, not Latin",
    ],
    ["what cannot be seen", "zero\u200b width\tzero width", "characters 21 source: zero-width U+200B"],
  ])("%s is one, and no more", async (_, line, finding) => {
    const report = await check([...FINE, line]);
    expect(shown(report)).toEqual([finding]);
    expect(report.findings[0]!.severity).toBe("warning");
  });

  it("have as many examples as wanted, and all of them are counted", async () => {
    const lines = [...FINE, ...FINE];
    expect((await check(lines, { limit: 2 })).findings).toMatchObject([
      { kind: "duplicate", count: 20, examples: [{ line: 21 }, { line: 22 }] },
    ]);
    expect((await check(lines, { limit: 0 })).findings).toMatchObject([{ count: 20, examples: [] }]);
    expect((await check(lines)).findings[0]!.examples).toHaveLength(5);
  });

  it("cut long texts, and never through a character", async () => {
    const lines = [`${"😀".repeat(5000)}\ta b`, `a${"😀".repeat(5000)}\ta b`];
    const report = await check([...lines, ...lines]);
    const texts = report.findings[0]!.examples.map(({ text }) => text!);
    expect(texts.map((text) => text.length)).toEqual([203, 202]);
    expect(texts.some((text) => /\p{Surrogate}/u.test(text))).toBe(false);
  });
});

it("pairs and sources of one corpus are looked for in those before", async () => {
  const train = corpus(root, { "train.tsv": FINE });
  const valid = corpus(root, { "valid.tsv": ["something\tnew", FINE[2]!] });
  const test = corpus(root, { "test.tsv": ["the source number 9\tanother target", "something\tnew"] });
  const corpora: CorpusToCheck[] = [
    { path: train, part: "train" },
    { path: valid, part: "valid" },
    { path: test, part: "test" },
  ];
  const report = await checkCorpora(corpora);
  expect(report.corpora.map(shown)).toEqual([
    [],
    [`seen-pair 2 as ${train}:3`],
    [`seen-pair 2 as ${valid}:1`, `seen-source 1 as ${train}:10`],
  ]);
  expect([report.errors, report.warnings]).toEqual([0, 3]);
});

it("a tokenizer counts lengths in its tokens, and what it does not know", async () => {
  const tokenizer = learnTokenizer(["a b c d"], { kind: "word" });
  const unknownWords = (_: unknown, line: string): string[] => line.split(" ").filter((word) => word > "d");
  const { source, target } = await check(["a b c\ta x", "a y d\tb x z", "a b d\ta b"], {
    tokenizers: { source: tokenizer, target: tokenizer },
    unknownWords,
  });
  expect(source).toMatchObject({ unit: "tokens", total: 9, unknown: { tokens: 1, rate: 1 / 9 } });
  expect(source.unknown!.words).toEqual([{ word: "y", lines: 1 }]);
  expect(target.unknown).toEqual({
    tokens: 3,
    rate: 3 / 7,
    words: [
      { word: "x", lines: 2 },
      { word: "z", lines: 1 },
    ],
  });
});
