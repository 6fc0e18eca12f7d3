import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { writeFiles } from "../../support/cli.ts";

let corpora = 0;

/** Writes the files of a corpus into a directory of its own; gives the path of one of them or of a prefix. */
export function corpus(
  root: string,
  files: Readonly<Record<string, string | readonly string[] | Uint8Array>>,
  name = Object.keys(files)[0]!,
): string {
  const directory = mkdtempSync(join(root, `${corpora++}-`));
  writeFiles(directory, files);
  return join(directory, name);
}
