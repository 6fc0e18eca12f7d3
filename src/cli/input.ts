import { open } from "node:fs/promises";
import { type Corpus, loadCorpus, loadTable } from "../data/corpus.ts";
import { isTsv } from "../data/corpusPlace.ts";
import { fileSystemError, XformerError } from "../errors.ts";
import { linesFrom } from "../io/lines.ts";
import type { CheckpointDescription } from "../training/checkpointFormat.ts";

/** A line to be translated. */
export interface InputRow {
  readonly source: string;
  /** What its translation begins with, if the input says so. */
  readonly prefix: string | undefined;
  /** What its translation has to contain, if the input says so. */
  readonly constraints: readonly string[];
}

/** Which columns a table of lines has behind the sources. */
export interface InputColumns {
  /** The column with prefixes, from 2 on. */
  readonly prefix?: number | undefined;
  /** Whether all others have constraints. */
  readonly constraints?: boolean;
}

/**
 * The lines of a file, or of standard input without one, as they come; of a `.tsv` its first column.
 *
 * @param onInvalid told the number of each line that is not UTF-8
 * @throws XformerError IO when the file cannot be read
 */
export async function* openLines(
  file: string | undefined,
  onInvalid: (line: number) => void,
): AsyncGenerator<string, void, undefined> {
  for await (const { source } of openRows(file, {}, onInvalid)) yield source;
}

/**
 * As {@link openLines}, with what other columns have; where they have anything, every input is a table.
 *
 * @throws XformerError IO when the file cannot be read, DATA for a line without that column
 */
export async function* openRows(
  file: string | undefined,
  { prefix: prefixColumn, constraints: hasConstraints = false }: InputColumns,
  onInvalid: (line: number) => void,
): AsyncGenerator<InputRow, void, undefined> {
  const isTable = prefixColumn !== undefined || hasConstraints || (file?.endsWith(".tsv") ?? false);
  const bytes = file === undefined ? process.stdin : bytesOf(file);
  let number = 0;
  for await (const line of linesFrom(bytes, onInvalid, file)) {
    number++;
    const columns = isTable ? line.split("\t") : [line];
    const prefix = prefixColumn === undefined ? undefined : columns[prefixColumn - 1];
    if (prefixColumn !== undefined && prefix === undefined && line !== "") {
      throw new XformerError("DATA", `there is no column ${prefixColumn}`, {
        file: file ?? "standard input",
        line: number,
        hint: "Separate columns with one tab each.",
      });
    }
    const constraints = hasConstraints
      ? columns.filter((_, i) => i > 0 && i !== (prefixColumn ?? 0) - 1)
      : [];
    yield { source: columns[0]!, prefix, constraints };
  }
}

async function* bytesOf(file: string): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    const handle = await open(file);
    for await (const chunk of handle.createReadStream()) yield chunk;
  } catch (error) {
    throw fileSystemError(error, file);
  }
}

/** The flags of a command that holds a model against pairs. */
export interface TestFlags {
  readonly model: string;
  readonly test: string;
  readonly sourceLang?: string;
  readonly targetLang?: string;
}

/** The pairs of `--test`; the languages of a prefix are the model's unless flags say otherwise. */
export function loadTestPairs(
  { test, sourceLang, targetLang }: Omit<TestFlags, "model">,
  { sourceLanguage, targetLanguage }: CheckpointDescription,
): Corpus {
  return loadCorpus(test, { source: sourceLang ?? sourceLanguage, target: targetLang ?? targetLanguage });
}

/**
 * The pairs of `--test` with the constraints of each line, which are its columns behind the reference.
 *
 * @throws XformerError USAGE for a prefix of two files, which has no columns
 */
export function loadConstrainedPairs(test: string): Corpus & { readonly constraints: readonly string[][] } {
  if (!isTsv(test)) {
    throw new XformerError("USAGE", `--constraints: they stand in a .tsv, and ${test} is none`, {
      hint: "Give one of source, reference, and a column for each constraint.",
    });
  }
  const { further, ...pairs } = loadTable(test);
  return { ...pairs, constraints: further.map((columns) => columns.filter((text) => text.trim() !== "")) };
}
