import { createHash } from "node:crypto";
import { basename, dirname, resolve } from "node:path";
import { XformerError } from "../errors.ts";
import { readLines } from "../io/lines.ts";
import { findPrefixFiles } from "./prefix.ts";

/** Sentence pairs: line i of `target` translates line i of `source`; no side of a pair is blank. */
export interface Corpus {
  /** A short name for run directories and tables, made from the path. */
  readonly name: string;
  readonly source: readonly string[];
  readonly target: readonly string[];
  /** Where each side was read from; the same file twice for a `.tsv`. */
  readonly files: { readonly source: string; readonly target: string };
}

/** The file endings of the two sides, for example `{ source: "zh", target: "en" }`. */
export interface Languages {
  readonly source?: string | undefined;
  readonly target?: string | undefined;
}

/**
 * Reads a parallel corpus: one `.tsv` file of two columns, or two files of as many lines named by a prefix
 * and the two languages. Blank lines at the end are no pairs.
 *
 * @param path `train.tsv`, or `data/zh-en/train` for `data/zh-en/train.zh` and `data/zh-en/train.en`
 * @param languages needed for a prefix only
 * @throws XformerError "USAGE" for a prefix without languages, "IO" when a file cannot be read, "DATA" with
 *   file and line when the content is not a corpus
 */
export function loadCorpus(path: string, languages: Languages = {}): Corpus {
  const isTsv = path.endsWith(".tsv");
  const files = isTsv ? { source: path, target: path } : findPrefixFiles(path, languages);
  const { source, target } = isTsv ? readColumns(path) : readSides(files);
  if (source.length === 0) {
    const hint = "Put at least one pair of sentences in it.";
    throw new XformerError("DATA", "the corpus is empty", { file: path, hint });
  }
  return { name: corpusName(path), source, target, files };
}

/**
 * A fingerprint of the pairs and their order, whatever the files are called: a run is resumed only on the
 * data it was started with.
 *
 * @returns SHA-256 in hexadecimal
 */
export function corpusFingerprint(corpus: Pick<Corpus, "source" | "target">): string {
  const hash = createHash("sha256");
  for (const [i, source] of corpus.source.entries()) hash.update(JSON.stringify([source, corpus.target[i]]));
  return hash.digest("hex");
}

interface Sides {
  readonly source: readonly string[];
  readonly target: readonly string[];
}

function readColumns(file: string): Sides {
  const rows = readLines(file);
  while (isBlank(rows.at(-1))) rows.pop();
  const source: string[] = [];
  const target: string[] = [];
  for (const [i, row] of rows.entries()) {
    const columns = row === "" ? [] : row.split("\t");
    const [left, right] = columns;
    const line = i + 1;
    if (columns.length !== 2 || left === undefined || right === undefined) {
      const problem = `expected 2 tab-separated columns, found ${columns.length}`;
      throw new XformerError("DATA", problem, {
        file,
        line,
        hint: "Separate source and target with one tab.",
      });
    }
    if (isBlank(left) || isBlank(right)) {
      const problem = `the ${isBlank(left) ? "source" : "target"} is empty`;
      throw new XformerError("DATA", problem, { file, line, hint: "Fill it in or remove the line." });
    }
    source.push(left);
    target.push(right);
  }
  return { source, target };
}

function readSides(files: Corpus["files"]): Sides {
  const source = readLines(files.source);
  const target = readLines(files.target);
  // A blank line ends the corpus only where the other side has ended too or is blank as well.
  let pairs = Math.max(source.length, target.length);
  while (pairs > 0 && isBlank(source[pairs - 1] ?? "") && isBlank(target[pairs - 1] ?? "")) pairs--;
  source.splice(pairs);
  target.splice(pairs);
  if (source.length !== target.length) {
    throw new XformerError("DATA", `${linesCount(source)}, but ${files.target} has ${linesCount(target)}`, {
      file: files.source,
      hint: "Give every line its translation on the same line of the other file.",
    });
  }
  for (let i = 0; i < pairs; i++) {
    if (isBlank(source[i])) throw emptyLine(files.source, files.target, i + 1);
    if (isBlank(target[i])) throw emptyLine(files.target, files.source, i + 1);
  }
  return { source, target };
}

function emptyLine(file: string, otherFile: string, line: number): XformerError {
  const hint = `Fill it in, or remove this line here and in ${otherFile}.`;
  return new XformerError("DATA", "the line is empty", { file, line, hint });
}

/** `data/zh-en/train` is called zh-en, `scan/simple.train.tsv` simple, `pairs.tsv` pairs. */
function corpusName(path: string): string {
  const stem = basename(path, ".tsv");
  const withoutPart = stem.replace(/(^|[._-])(train|valid|val|dev|test)$/, "");
  return withoutPart || basename(dirname(resolve(path))) || stem;
}

function isBlank(text: string | undefined): boolean {
  return text?.trim() === "";
}

function linesCount(lines: readonly string[]): string {
  return lines.length === 1 ? "1 line" : `${lines.length} lines`;
}
