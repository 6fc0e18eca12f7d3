import { existsSync, realpathSync } from "node:fs";
import { resolve } from "node:path";
import { XformerError } from "../../errors.ts";
import { AtomicFile } from "../../io/atomicWrite.ts";
import { type CorpusFiles, isTsv } from "../corpusPlace.ts";
import type { FilterConfig, FilterName } from "./filterConfig.ts";
import { PairFilter } from "./judge.ts";
import { type Row, readRows } from "./rows.ts";
import { pairOf, type Survey } from "./survey.ts";

/** A corpus that was written without what is wrong with it. */
export interface FixedCorpus {
  readonly files: CorpusFiles;
  /** Pairs that are left. */
  readonly pairs: number;
  /** Rows that were left out: those that are errors, and those that were filtered, by the first reason. */
  readonly leftOut: Readonly<Partial<Record<FilterName | "errors", number>>>;
}

/** Where a cleaned corpus goes. */
export interface FixTarget {
  /** A `.tsv`, or a prefix, as the corpus is; by default its own with `.clean` in it. */
  readonly output?: string | undefined;
  /** Whether files that are there may be overwritten; those of the corpus never are. */
  readonly force?: boolean | undefined;
}

/**
 * Names the files of a cleaned corpus.
 *
 * @param path of the corpus as it was given
 * @throws XformerError USAGE for an output of the other form or one of the corpus's own files, IO when a file is there
 */
export function cleanFiles(path: string, files: CorpusFiles, { output, force }: FixTarget): CorpusFiles {
  const isTable = files.source === files.target;
  const place = output ?? (isTable ? path.replace(/\.tsv(\.gz)?$/, ".clean.tsv") : `${path}.clean`);
  if (isTable !== isTsv(place) || place.endsWith(".gz")) {
    const hint = isTable ? "Name a .tsv file." : "Name a prefix of two files, without their languages.";
    throw new XformerError("USAGE", `--output: ${place} has not the form of ${path}`, { hint });
  }
  const endingOf = (file: string): string => file.slice(path.length).replace(/\.gz$/, "");
  const clean = isTable
    ? { source: place, target: place }
    : { source: `${place}${endingOf(files.source)}`, target: `${place}${endingOf(files.target)}` };
  const own = [files.source, files.target].map((file) => realpathSync(file));
  for (const file of [clean.source, clean.target]) {
    if (own.includes(existsSync(file) ? realpathSync(file) : resolve(file))) {
      const hint = "Choose another --output.";
      throw new XformerError("USAGE", "the corpus itself is never overwritten", { file, hint });
    }
    if (!existsSync(file) || force) continue;
    const hint = "Choose another --output, or overwrite it with --force.";
    throw new XformerError("IO", "this file is there already", { file, hint });
  }
  return clean;
}

/**
 * Writes a corpus without the rows that stop a training and those that are filtered. Only a few rows are in memory at a
 * time; what is there is replaced when all is written.
 *
 * @throws XformerError IO where the file system refuses, DATA when no pair is left
 */
export async function fixCorpus(
  files: CorpusFiles,
  survey: Survey,
  config: FilterConfig,
  clean: CorpusFiles,
): Promise<FixedCorpus> {
  const filter = new PairFilter(config, survey);
  const isTable = clean.source === clean.target;
  const outputs = (isTable ? [clean.source] : [clean.source, clean.target]).map(
    (file) => new AtomicFile(file),
  );
  let [pairs, errors] = [0, 0];
  try {
    for await (const rows of readRows(files)) {
      const kept = rows.flatMap((row) => {
        const pair = isError(row) ? undefined : pairOf(row);
        if (pair === undefined) errors++;
        return pair !== undefined && filter.keeps(pair) ? [pair] : [];
      });
      pairs += kept.length;
      const sides = isTable
        ? [kept.map(({ source, target }) => `${source}\t${target}\n`)]
        : [kept.map(({ source }) => `${source}\n`), kept.map(({ target }) => `${target}\n`)];
      for (const [i, lines] of sides.entries()) outputs[i]!.write(lines.join(""));
    }
    if (pairs === 0) {
      const hint = "Leave some of the filters out.";
      throw new XformerError("DATA", "no pair would be left", { file: files.source, hint });
    }
    for (const output of outputs) output.commit();
  } catch (error) {
    for (const output of outputs) output.discard();
    throw error;
  }
  return { files: clean, pairs, leftOut: { ...(errors === 0 ? {} : { errors }), ...filter.counts } };
}

/** Whether a training would stop at a row that has two sides. */
function isError({ source, target }: Row): boolean {
  return [source, target].some((side) => side !== undefined && (!side.isUtf8 || side.text.includes("\0")));
}
