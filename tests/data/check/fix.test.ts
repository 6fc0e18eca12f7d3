import { existsSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type CheckOptions, checkCorpora } from "../../../src/data/check/check.ts";
import { type FilterConfig, NO_FILTER } from "../../../src/data/check/filterConfig.ts";
import { DEFAULT_TOKENIZER } from "../../../src/training/config.ts";
import { prepareCorpus } from "../../../src/training/prepare.ts";
import { oneLineAsync } from "../../io/oneLine.ts";
import { temporaryDirectory } from "../../io/temporaryDirectory.ts";

const root = temporaryDirectory();
const ALL: FilterConfig = { ...NO_FILTER, duplicates: true, identical: true, ratio: true, script: true };
const GOOD = Array.from(
  { length: 40 },
  (_, i) => `the ${i} old dogs sleep here\tles ${i} vieux chiens dorment ici`,
);
const LONG = "this one is much too long ".repeat(12).trim();
const BAD = [
  GOOD[3]!,
  "the same here and there\tthe same here and there",
  `${LONG}\tbref`,
  "the cat sleeps on the mat\tкошка спит на ковре здесь",
];
/** The reasons for {@link BAD}, one each. */
const REASONS = { ratio: 1, identical: 1, duplicates: 1, script: 1 };

function written(lines: readonly string[], name = "pairs.tsv"): string {
  const path = join(mkdtempSync(join(root, "case-")), name);
  writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
  return path;
}

async function fixed(
  path: string,
  filter = ALL,
  options: CheckOptions & { output?: string; force?: boolean } = {},
) {
  const { output, force, ...others } = options;
  const { corpora } = await checkCorpora([{ path, part: "train" }], {
    ...others,
    fix: { filter, output, force },
  });
  return corpora[0]!.fixed!;
}

describe("a corpus is written without what is wrong with it", () => {
  it("each pair left out for one reason, beside the corpus, which stays as it is", async () => {
    const path = written([...GOOD, ...BAD]);
    const before = readFileSync(path);
    const { files, pairs, leftOut } = await fixed(path);
    expect(files.source).toBe(path.replace(".tsv", ".clean.tsv"));
    expect([pairs, leftOut]).toEqual([40, REASONS]);
    expect(readFileSync(files.source, "utf8")).toBe(`${GOOD.join("\n")}\n`);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("what stops a training is left out whatever is filtered", async () => {
    const path = written([...GOOD, "no tab", "\tempty", "nul\0\tx", ...BAD]);
    const { pairs, leftOut } = await fixed(path, NO_FILTER);
    expect([pairs, leftOut]).toEqual([44, { errors: 3 }]);
  });

  it("two files stay in step, and keep their languages", async () => {
    const path = written([], "train");
    for (const [i, language] of ["en", "fr"].entries())
      writeFileSync(
        `${path}.${language}`,
        [...GOOD, ...BAD].map((line) => `${line.split("\t")[i]}\n`).join(""),
      );
    const { files } = await fixed(path, ALL, { languages: { source: "en", target: "fr" } });
    expect(files).toEqual({ source: `${path}.clean.en`, target: `${path}.clean.fr` });
    expect(readFileSync(files.target, "utf8").split("\n")).toHaveLength(41);
  });

  it("by the lengths that were asked for, in words or characters", async () => {
    const path = written(["aa\tb", "aaaa\tbb", "aaaaaa\tbbbbbb"]);
    const limits = { minLength: 2, maxLength: 4 };
    const { leftOut, files } = await fixed(path, { ...NO_FILTER, ...limits }, { lengths: limits });
    expect(leftOut).toEqual({ length: 2 });
    expect(readFileSync(files.source, "utf8")).toBe("aaaa\tbb\n");
    const { corpora } = await checkCorpora([{ path, part: "train" }], { lengths: limits });
    expect(corpora[0]!.findings.find(({ kind }) => kind === "length")).toMatchObject({ count: 2 });
  });

  it("of a source with several targets the first counts, if that is asked for", async () => {
    const rows = ["read\tR EH D", "reed\tR IY D", "read\tR IY D", "read\tR EH D", "red\tR EH D"];
    const path = written(rows);
    const { leftOut, files } = await fixed(path, { ...NO_FILTER, ambiguous: true, duplicates: true });
    expect(leftOut).toEqual({ duplicates: 1, ambiguous: 1 });
    expect(readFileSync(files.source, "utf8")).toBe(`${[rows[0], rows[1], rows[4]].join("\n")}\n`);
  });

  it("copies are left alone where most pairs are", async () => {
    const path = written(["a b\ta b", "c d\tc d", "e f\tf e"]);
    expect((await fixed(path)).leftOut).toEqual({});
  });

  it("never over the corpus itself, nor over another file unasked", async () => {
    const path = written([...GOOD, ...BAD]);
    const link = join(path, "..", "link.tsv");
    symlinkSync(path, link);
    for (const output of [path, link]) {
      expect(await oneLineAsync(() => fixed(path, ALL, { output, force: true }))).toBe(
        `${output}: the corpus itself is never overwritten. Choose another --output.`,
      );
    }
    const output = join(path, "..", "other.tsv");
    writeFileSync(output, "mine");
    expect(await oneLineAsync(() => fixed(path, ALL, { output }))).toContain("this file is there already");
    expect(readFileSync(output, "utf8")).toBe("mine");
    await fixed(path, ALL, { output, force: true });
    expect(readFileSync(output, "utf8")).not.toBe("mine");
    expect(await oneLineAsync(() => fixed(path, ALL, { output: "prefix" }))).toBe(
      `--output: prefix has not the form of ${path}. Name a .tsv file.`,
    );
  });

  it("not at all when nothing would be left", async () => {
    const path = written(["a\tb", "c\td"]);
    const filter = { ...NO_FILTER, minLength: 9 };
    expect(await oneLineAsync(() => fixed(path, filter))).toContain("no pair would be left");
    expect(existsSync(path.replace(".tsv", ".clean.tsv"))).toBe(false);
  });
});

describe("a training that filters", () => {
  const prepared = async (path: string, filter?: FilterConfig) => {
    const { corpus, corpora, heldOut } = await prepareCorpus({
      corpora: [{ path, languages: {}, holdOut: { valid: 3, test: 0 } }],
      ...{ languages: {}, tokenizer: DEFAULT_TOKENIZER, tied: false, maxLength: 100 },
      cacheDirectory: join(path, "..", ".cache"),
      ...(filter === undefined ? {} : { filter }),
    });
    corpus.close();
    return { fingerprint: corpus.fingerprint, valid: heldOut.valid, leftOut: corpora[0]!.leftOut };
  };

  it("trains on what a check would have written, and holds out of it", async () => {
    const path = written([...GOOD, ...BAD]);
    const { files } = await fixed(path);
    const [own, clean] = [await prepared(path, ALL), await prepared(files.source)];
    expect(own).toEqual({ ...clean, leftOut: REASONS });
    expect(clean.leftOut).toEqual({});
    expect((await prepared(path)).fingerprint).not.toBe(own.fingerprint);
  });

  it("says when nothing is left", async () => {
    const path = written(GOOD);
    expect(await oneLineAsync(() => prepared(path, { ...NO_FILTER, minLength: 50 }))).toBe(
      `${path}: the filters leave no pair to train on. Leave out some of the filters, or hold out fewer.`,
    );
  });
});
