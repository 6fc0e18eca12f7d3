import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { fileSystemError, XformerError } from "../errors.ts";
import { refusePipe } from "../io/refusePipe.ts";

/** Where each side of a corpus is read from; the same file twice for a `.tsv`. */
export interface CorpusFiles {
  readonly source: string;
  readonly target: string;
}

/** Where a corpus is, before it is read. */
export interface CorpusPlace {
  /** A short name for run directories and tables, made from the path. */
  readonly name: string;
  readonly files: CorpusFiles;
}

/** The file endings of the two sides, for example `{ source: "zh", target: "en" }`. */
export interface Languages {
  readonly source?: string | undefined;
  readonly target?: string | undefined;
}

/**
 * Finds the files of a parallel corpus: one `.tsv` file of two columns, or two files of as many lines named by
 * a prefix and the two languages. Each file may be packed, its name then ends in `.gz`.
 *
 * @param path `train.tsv`, or `data/zh-en/train` for `data/zh-en/train.zh` and `data/zh-en/train.en`
 * @param languages needed for a prefix only
 * @throws XformerError "USAGE" for a prefix without languages, "DATA" when a file of a prefix does not exist
 */
export function locateCorpus(path: string, languages: Languages = {}): CorpusPlace {
  const files = isTsv(path) ? { source: path, target: path } : findPrefixFiles(path, languages);
  refusePipe(files.source);
  refusePipe(files.target);
  return { name: corpusName(path), files };
}

/** Whether a path is that of a table of two columns, not a prefix. */
export function isTsv(path: string): boolean {
  return /\.tsv(\.gz)?$/.test(path);
}

/** `data/zh-en/train` is called zh-en, `scan/simple.train.tsv` simple, `pairs.tsv.gz` pairs. */
function corpusName(path: string): string {
  const stem = basename(path).replace(/\.tsv(\.gz)?$/, "");
  const withoutPart = stem.replace(/(^|[._-])(train|valid|val|dev|test)$/, "");
  return withoutPart || basename(dirname(resolve(path))) || stem;
}

/** How many file names a hint lists at most. */
const MAX_NAMES = 6;

/**
 * Finds the two files that a prefix and two languages name; each may be packed, with `.gz` after its language.
 *
 * @param prefix `data/zh-en/train` for `data/zh-en/train.zh` and `data/zh-en/train.en.gz`
 * @throws XformerError "USAGE" when a language was not given, "DATA" when a file does not exist, with what
 *   there is instead
 */
function findPrefixFiles(prefix: string, languages: Languages): CorpusFiles {
  try {
    if (!languages.source || !languages.target) throw needsLanguages(prefix, languages);
    const files = { source: `${prefix}.${languages.source}`, target: `${prefix}.${languages.target}` };
    const missing = [files.source, files.target].filter((file) => plainOrPacked(file) === undefined);
    if (missing.length > 0) throw filesMissing(prefix, [files.source, files.target], missing);
    return { source: plainOrPacked(files.source)!, target: plainOrPacked(files.target)! };
  } catch (error) {
    throw fileSystemError(error, prefix); // a directory that may not be listed
  }
}

/** The file itself, or else the same packed, whichever there is. */
function plainOrPacked(file: string): string | undefined {
  return [file, `${file}.gz`].find((path) => existsSync(path));
}

function needsLanguages(prefix: string, languages: Languages): XformerError {
  if (isDirectory(prefix)) return isDirectoryError(prefix);
  const flags = [
    ...(languages.source ? [] : ["--source-lang"]),
    ...(languages.target ? [] : ["--target-lang"]),
  ];
  const names = filesWithPrefix(prefix);
  const found = names.length === 0 ? "" : `; the directory has ${listed(names)}`;
  return new XformerError("USAGE", "a corpus is a .tsv file or a prefix of two files", {
    file: prefix,
    hint: `For a prefix, give ${flags.join(" and ")} too${found}.`,
  });
}

function filesMissing(prefix: string, wanted: readonly string[], missing: readonly string[]): XformerError {
  if (isDirectory(prefix)) return isDirectoryError(prefix);
  const names = wanted.map((file) => basename(file));
  const others = filesWithPrefix(prefix).filter((name) => !names.includes(name));
  const found =
    missing.length === wanted.length ? "neither exists" : `${basename(missing[0]!)} does not exist`;
  return new XformerError("DATA", `looked for ${names.join(" and ")}, but ${found}`, {
    file: prefix,
    hint:
      others.length === 0
        ? "Check the path and the languages."
        : `Check the languages: the directory has ${listed(others)}.`,
  });
}

function listed(names: readonly string[]): string {
  return [...names.slice(0, MAX_NAMES), ...(names.length > MAX_NAMES ? ["..."] : [])].join(", ");
}

function isDirectoryError(path: string): XformerError {
  return new XformerError("DATA", "this is a directory, not a corpus", {
    file: path,
    hint: "Name a .tsv file, or the prefix of two files, inside it.",
  });
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function filesWithPrefix(prefix: string): string[] {
  const directory = dirname(prefix);
  if (!isDirectory(directory)) return [];
  return readdirSync(directory)
    .filter((name) => name.startsWith(`${basename(prefix)}.`))
    .sort();
}
