import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { fileSystemError, XformerError } from "../errors.ts";
import type { Languages } from "./corpus.ts";

/** How many file names a hint lists at most. */
const MAX_NAMES = 6;

/**
 * Finds the two files that a prefix and two languages name; each may be packed, with `.gz` after its language.
 *
 * @param prefix `data/zh-en/train` for `data/zh-en/train.zh` and `data/zh-en/train.en.gz`
 * @throws XformerError "USAGE" when a language was not given, "DATA" when a file does not exist, with what
 *   there is instead
 */
export function findPrefixFiles(prefix: string, languages: Languages): { source: string; target: string } {
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
