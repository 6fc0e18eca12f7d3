import { join } from "node:path";
import { expect, it } from "vitest";
import { findCorpusFolder } from "../../src/data/corpusFolder.ts";
import { oneLine } from "../io/oneLine.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { writeFiles } from "../support/cli.ts";

const root = temporaryDirectory();

/** A folder with these files, all of them empty. */
function folder(name: string, ...files: readonly string[]): string {
  writeFiles(join(root, name), Object.fromEntries(files.map((file) => [file, ""])));
  return join(root, name);
}

it("the parts are found by their names, as tables or by their languages", () => {
  const tables = folder("tables", "train.tsv.gz", "dev.tsv", "notes.txt");
  expect(findCorpusFolder(tables, {})).toEqual({
    train: join(tables, "train.tsv.gz"),
    valid: join(tables, "dev.tsv"),
    test: undefined,
  });
  const texts = folder("toy", "train.src", "train.tgt", "valid.src", "valid.tgt", "test.src", "test.tgt");
  expect(findCorpusFolder(texts, {})).toEqual({
    train: join(texts, "train"),
    valid: join(texts, "valid"),
    test: join(texts, "test"),
    source: "src",
    target: "tgt",
  });
});

it("the source is named by the folder or by the flags, and otherwise asked for", () => {
  expect(findCorpusFolder(folder("zh-en", "train.en", "train.zh.gz"), {})).toMatchObject({
    source: "zh",
    target: "en",
  });
  const unclear = folder("pairs", "train.de", "train.en");
  expect(findCorpusFolder(unclear, { target: "de" })).toMatchObject({ source: "en", target: "de" });
  expect(oneLine(() => findCorpusFolder(unclear, {}))).toBe(
    `${unclear}: it is not clear which side is the source. ` +
      "Give --source-lang and --target-lang: there is train.de, train.en.",
  );
});

it("what is no folder is for others; a folder without a corpus is refused", () => {
  expect(findCorpusFolder(join(root, "nowhere"), {})).toBeUndefined();
  expect(findCorpusFolder(join(folder("one", "pairs.tsv"), "pairs.tsv"), {})).toBeUndefined();
  expect(oneLine(() => findCorpusFolder(join(root, "one"), {}))).toBe(
    `${join(root, "one")}: there is nothing called train in this folder. ` +
      "Name a .tsv file, or the prefix of two files, inside it.",
  );
});
