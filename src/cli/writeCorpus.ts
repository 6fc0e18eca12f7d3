import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileSystemError, XformerError } from "../errors.ts";
import { atomicWrite } from "../io/atomicWrite.ts";

/**
 * Writes the files of a corpus into a directory, which is made when it is not there.
 *
 * @param force whether files that are there may be overwritten
 * @throws XformerError when one is there and may not, or the file system refuses
 */
export function writeCorpus(
  directory: string,
  files: readonly { readonly name: string; readonly content: string }[],
  force: boolean,
): void {
  const taken = files.map(({ name }) => join(directory, name)).find((file) => existsSync(file));
  if (taken !== undefined && !force) {
    throw new XformerError("IO", "this file is there already", {
      file: taken,
      hint: "Choose another --out, or overwrite it with --force.",
    });
  }
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    throw fileSystemError(error, directory);
  }
  for (const { name, content } of files) atomicWrite(join(directory, name), (write) => write(content));
}
