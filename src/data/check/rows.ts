import { createReadStream, existsSync } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { fileSystemError, XformerError } from "../../errors.ts";
import { linesFrom } from "../../io/lines.ts";
import type { Corpus, Languages } from "../corpus.ts";
import { findPrefixFiles } from "../prefix.ts";

/** One side of a row, as it stands in the file. */
export interface Text {
  readonly text: string;
  /** Whether its line was valid UTF-8; what was not is U+FFFD in `text`. */
  readonly isUtf8: boolean;
}

/** A line of a corpus, or the lines of the same number in its two files, whatever is wrong with it. */
export interface Row {
  /** One-based. */
  readonly line: number;
  /** Columns of the line of a table, where there are not two; the sides are missing then. */
  readonly columns?: number;
  /** Undefined where the file of this side has ended. */
  readonly source?: Text;
  readonly target?: Text;
}

/** Rows that are handed out together: few enough to forget, enough to make waiting for them cheap. */
const CHUNK = 1024;

/**
 * Finds the file or the two files of a corpus, compressed or not.
 *
 * @throws XformerError USAGE for a prefix without languages, DATA when a file does not exist
 */
export function corpusFiles(path: string, { source, target }: Languages): Corpus["files"] {
  if (isTable(path)) return { source: path, target: path };
  const [first, second] = [source, target].map((language) =>
    [`${path}.${language}`, `${path}.${language}.gz`].find(existsSync),
  );
  if (source && target && first !== undefined && second !== undefined) {
    return { source: first, target: second };
  }
  return findPrefixFiles(path, { source, target }); // it knows what to say
}

/**
 * Reads the rows of a corpus in chunks, refusing nothing but files that cannot be read. Only a chunk is in
 * memory. Blank rows at the end are no rows, as for `loadCorpus`; a blank one further up has two empty sides.
 *
 * @throws XformerError IO when a file cannot be read, DATA when a `.gz` file is not gzip
 */
export async function* readRows(files: Corpus["files"]): AsyncGenerator<readonly Row[], void, undefined> {
  const rows = files.source === files.target ? tableRows(files.source) : sideRows(files);
  let chunk: Row[] = [];
  let blank = 0;
  for await (const row of rows) {
    if (isBlankRow(row)) {
      blank++;
      continue;
    }
    for (; blank > 0; blank--) chunk.push({ line: row.line - blank, source: NOTHING, target: NOTHING });
    chunk.push(row);
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = [];
  }
  yield chunk;
}

const NOTHING: Text = { text: "", isUtf8: true };

function isTable(path: string): boolean {
  return /\.tsv(\.gz)?$/.test(path);
}

async function* tableRows(file: string): AsyncGenerator<Row, void, undefined> {
  let line = 0;
  for await (const { text, isUtf8 } of textLines(file)) {
    line++;
    const columns = text.trim() === "" ? ["", ""] : text.split("\t");
    const [source, target] = columns;
    if (columns.length === 2) {
      yield { line, source: { text: source!, isUtf8 }, target: { text: target!, isUtf8 } };
    } else {
      yield { line, columns: columns.length };
    }
  }
}

async function* sideRows(files: Corpus["files"]): AsyncGenerator<Row, void, undefined> {
  const sources = textLines(files.source);
  const targets = textLines(files.target);
  for (let line = 1; ; line++) {
    const source = await sources.next();
    const target = await targets.next();
    if (source.done && target.done) return;
    yield {
      line,
      ...(source.done ? {} : { source: source.value }),
      ...(target.done ? {} : { target: target.value }),
    };
  }
}

function isBlankRow({ columns, source, target }: Row): boolean {
  return columns === undefined && isBlank(source) && isBlank(target);
}

function isBlank(side: Text | undefined): boolean {
  return side === undefined || side.text.trim() === "";
}

async function* textLines(file: string): AsyncGenerator<Text, void, undefined> {
  let isUtf8 = true;
  try {
    const lines = linesFrom(bytesOf(file), () => {
      isUtf8 = false; // said just before the line is handed out
    });
    for await (const text of lines) {
      yield { text, isUtf8 };
      isUtf8 = true;
    }
  } catch (error) {
    throw asReadingError(error, file);
  }
}

function bytesOf(file: string): AsyncIterable<Uint8Array> {
  const bytes = createReadStream(file, { highWaterMark: 1 << 18 });
  // What goes wrong on the way is thrown where the last stream is read.
  return file.endsWith(".gz") ? pipeline(bytes, createGunzip({ chunkSize: 1 << 18 }), () => {}) : bytes;
}

function asReadingError(error: unknown, file: string): unknown {
  if (error instanceof Error && "code" in error && /^Z_/.test(String(error.code))) {
    return new XformerError("DATA", "this is not a whole gzip file", {
      file,
      hint: "Compress it again, or give it a name without .gz.",
      cause: error,
    });
  }
  return fileSystemError(error, file);
}
