import { open } from "node:fs/promises";
import { fileSystemError, XformerError } from "../errors.ts";
import { linesFrom } from "../io/lines.ts";

/** A line to be translated. */
export interface InputRow {
  readonly source: string;
  /** What its translation begins with, if the input says so. */
  readonly prefix: string | undefined;
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
  for await (const { source } of openRows(file, undefined, onInvalid)) yield source;
}

/**
 * As {@link openLines}, with a prefix from another column.
 *
 * @param prefixColumn which column has it, from 2 on; then every input is a table
 * @throws XformerError IO when the file cannot be read, DATA for a line without that column
 */
export async function* openRows(
  file: string | undefined,
  prefixColumn: number | undefined,
  onInvalid: (line: number) => void,
): AsyncGenerator<InputRow, void, undefined> {
  const isTable = prefixColumn !== undefined || (file?.endsWith(".tsv") ?? false);
  const bytes = file === undefined ? process.stdin : bytesOf(file);
  let number = 0;
  for await (const line of linesFrom(bytes, onInvalid)) {
    number++;
    const columns = isTable ? line.split("\t") : [line];
    const prefix = prefixColumn === undefined ? undefined : columns[prefixColumn - 1];
    if (prefixColumn !== undefined && prefix === undefined && line !== "") {
      throw new XformerError("DATA", `there is no column ${prefixColumn}`, {
        ...{ file: file ?? "standard input", line: number },
        hint: "Separate columns with one tab each.",
      });
    }
    yield { source: columns[0]!, prefix };
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
