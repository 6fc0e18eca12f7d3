import { readdirSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileSystemError, XformerError } from "../errors.ts";
import { isTsv, type Languages } from "./corpusPlace.ts";

/** The parts of a corpus, each as {@link locateCorpus} wants it, and the languages that their files end in. */
export interface CorpusFolder extends Languages {
  readonly train: string;
  readonly valid: string | undefined;
  readonly test: string | undefined;
}

/** What the parts may be called. */
const PARTS = { train: ["train"], valid: ["valid", "val", "dev"], test: ["test"] } as const;
/** Pairs of endings that say which side is the source. */
const SIDES = [
  ["src", "tgt"],
  ["src", "trg"],
  ["source", "target"],
] as const;

/**
 * Finds the parts of a corpus in a folder: `train`, `valid` and `test`, each a `.tsv` or two files that end in their
 * languages. Which of these is the source follows from the name of the folder, as in `zh-en`, or from their own, as
 * `src` and `tgt`.
 *
 * @param given the languages that are known already
 * @returns undefined when the path is not that of a folder
 * @throws XformerError DATA when there is nothing to train on, USAGE when it is not clear which side is which
 */
export function findCorpusFolder(path: string, given: Languages): CorpusFolder | undefined {
  if (!(statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false)) return undefined;
  const names = namesIn(path);
  const find = (part: keyof typeof PARTS): string | undefined => {
    const [stem] = PARTS[part].filter((name) => names.some((file) => file.startsWith(`${name}.`)));
    if (stem === undefined) return undefined;
    const table = names.find((file) => file.startsWith(`${stem}.`) && isTsv(file));
    return join(path, table ?? stem);
  };
  const train = find("train");
  if (train === undefined) {
    throw new XformerError("DATA", "there is nothing called train in this folder", {
      file: path,
      hint: "Name a .tsv file, or the prefix of two files, inside it.",
    });
  }
  const parts = { train, valid: find("valid"), test: find("test") };
  return { ...parts, ...(isTsv(train) ? given : sidesOf(path, names, given)) };
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path).sort();
  } catch (error) {
    throw fileSystemError(error, path);
  }
}

function sidesOf(path: string, names: readonly string[], { source, target }: Languages): Languages {
  const endings = names.flatMap((name) => /^train\.([^.]+)(?:\.gz)?$/.exec(name)?.[1] ?? []);
  const isThere = (language: string): boolean => endings.includes(language);
  const otherThan = (language: string): string | undefined =>
    endings.length === 2 && isThere(language) ? endings.find((ending) => ending !== language) : undefined;
  if (source !== undefined || target !== undefined)
    return { source: source ?? otherThan(target!), target: target ?? otherThan(source!) };
  const named = basename(resolve(path)).split(/[-_.]/);
  const pairs = [...named.slice(1).map((to, i) => [named[i]!, to] as const), ...SIDES];
  const pair = pairs.find(([from, to]) => isThere(from) && isThere(to));
  if (pair !== undefined) return { source: pair[0], target: pair[1] };
  throw new XformerError("USAGE", "it is not clear which side is the source", {
    file: path,
    hint: `Give --source-lang and --target-lang: there is ${endings.map((ending) => `train.${ending}`).join(", ")}.`,
  });
}
