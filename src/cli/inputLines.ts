import { open } from "node:fs/promises";
import { fileSystemError } from "../errors.ts";
import { linesFrom } from "../io/lines.ts";

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
  const isTable = file?.endsWith(".tsv") ?? false;
  const bytes = file === undefined ? process.stdin : bytesOf(file);
  for await (const line of linesFrom(bytes, onInvalid)) yield isTable ? line.split("\t", 1)[0]! : line;
}

async function* bytesOf(file: string): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    const handle = await open(file);
    for await (const chunk of handle.createReadStream()) yield chunk;
  } catch (error) {
    throw fileSystemError(error, file);
  }
}
