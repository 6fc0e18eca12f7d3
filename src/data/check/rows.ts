import { linesFrom, readChunks } from "../../io/lines.ts";
import type { CorpusFiles } from "../corpusPlace.ts";

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
 * Reads the rows of a corpus in chunks, refusing nothing but files that cannot be read. Only a chunk is in
 * memory. Blank rows at the end are no rows, as for `loadCorpus`; a blank one further up has two empty sides.
 *
 * @throws XformerError IO when a file cannot be read, DATA when a `.gz` file is not gzip
 */
export async function* readRows(files: CorpusFiles): AsyncGenerator<readonly Row[], void, undefined> {
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

async function* sideRows(files: CorpusFiles): AsyncGenerator<Row, void, undefined> {
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
  const onInvalid = (): void => {
    isUtf8 = false; // said just before the line is handed out
  };
  const lines = linesFrom(readChunks(file), onInvalid, file);
  for await (const text of lines) {
    yield { text, isUtf8 };
    isUtf8 = true;
  }
}
