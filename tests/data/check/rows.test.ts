import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type Row, readRows } from "../../../src/data/check/rows.ts";
import { type Languages, locateCorpus } from "../../../src/data/corpusPlace.ts";
import { temporaryDirectory } from "../../io/temporaryDirectory.ts";
import { corpus } from "./files.ts";

const root = temporaryDirectory();

async function rowsOf(path: string, languages: Languages = {}): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const chunk of readRows(locateCorpus(path, languages).files)) rows.push(...chunk);
  return rows;
}

/** Rows as `line source | target`. */
async function shown(path: string, languages?: Languages): Promise<string[]> {
  const rows = await rowsOf(path, languages);
  return rows.map(({ line, columns, source, target }) =>
    columns === undefined
      ? `${line} ${source?.text ?? "-"} | ${target?.text ?? "-"}`
      : `${line} ${columns} columns`,
  );
}

const ENGLISH_GERMAN = { source: "en", target: "de" };

describe("rows of a table", () => {
  it("keep their numbers, whatever is wrong with them", async () => {
    const path = corpus(root, { "t.tsv": "\ufeffa\tb\r\nc\nd\te\tf\n\n \t\n\tg\nh\ti" });
    expect(await shown(path)).toEqual([
      "1 a | b",
      "2 1 columns",
      "3 3 columns",
      "4  | ",
      "5  | ",
      "6  | g",
      "7 h | i",
    ]);
  });

  it("end before the blank ones at the end", async () => {
    expect(await shown(corpus(root, { "t.tsv": "a\tb\n\n\t\n  \n" }))).toEqual(["1 a | b"]);
    expect(await shown(corpus(root, { "t.tsv": "" }))).toEqual([]);
    expect(await shown(corpus(root, { "t.tsv": "\n\n" }))).toEqual([]);
  });

  it("say when they are not UTF-8", async () => {
    const path = corpus(root, { "t.tsv": Buffer.from("a\tb\n\xff\td\ne\tf\n", "latin1") });
    const rows = await rowsOf(path);
    expect(rows.map(({ source }) => source?.isUtf8)).toEqual([true, false, true]);
    expect(rows[1]?.source?.text).toBe("\ufffd");
  });

  it("come in chunks, none of them lost", async () => {
    const lines = Array.from({ length: 3000 }, (_, i) => `${i + 1}\tx`);
    const path = corpus(root, { "t.tsv": lines });
    const sizes: number[] = [];
    for await (const chunk of readRows(locateCorpus(path).files)) sizes.push(chunk.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1024);
    const rows = await rowsOf(path);
    expect(rows.map(({ line, source }) => `${line}` === source?.text)).toEqual(new Array(3000).fill(true));
  });
});

describe("rows of two files", () => {
  it("go on where one of them has ended", async () => {
    const path = corpus(root, { "p.en": "a\n\nc\nd\n\n", "p.de": "A\nB\n" }, "p");
    expect(await shown(path, ENGLISH_GERMAN)).toEqual(["1 a | A", "2  | B", "3 c | -", "4 d | -"]);
  });

  it("are read compressed as well", async () => {
    const files = { "p.en": "a\nb\n", "p.de.gz": gzipSync("A\nB\n") };
    expect(await shown(corpus(root, files, "p"), ENGLISH_GERMAN)).toEqual(["1 a | A", "2 b | B"]);
    expect(await shown(corpus(root, { "t.tsv.gz": gzipSync("a\tA\n") }))).toEqual(["1 a | A"]);
  });

  it.each([
    ["nothing of gzip", Buffer.from("a\tb\n")],
    ["half of it", gzipSync("a\tb\n".repeat(1000)).subarray(0, 40)],
  ])("are refused where a .gz holds %s", async (_, content) => {
    const path = corpus(root, { "t.tsv.gz": content });
    await expect(rowsOf(path)).rejects.toMatchObject({
      code: "DATA",
      file: path,
      message: "this is not a gzip file, or it is damaged",
    });
  });

  it("are refused where a file is not there", async () => {
    const path = corpus(root, { "p.en": "a\n" }, "p");
    await expect(rowsOf(path, ENGLISH_GERMAN)).rejects.toThrow(
      "looked for p.en and p.de, but p.de does not exist",
    );
    await expect(rowsOf(path)).rejects.toMatchObject({ code: "USAGE" });
    await expect(rowsOf(`${path}.tsv`)).rejects.toMatchObject({ code: "IO" });
  });
});
