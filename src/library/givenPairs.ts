import { createHash, randomUUID } from "node:crypto";
import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileSystemError, XformerError } from "../errors.ts";
import { AtomicFile } from "../io/atomicWrite.ts";
import { makeDirectory } from "../io/makeDirectory.ts";
import { patiently } from "../io/patiently.ts";
import { endedBy } from "./calls.ts";
import { eachPair, type PairStream } from "./pairs.ts";

/** A corpus: the path of one, or its pairs. */
export type CorpusPairs = string | PairStream;

/** Bytes that are written at a time. */
const CHUNK = 2 ** 16;

/**
 * Puts pairs where a run can read them as often as it needs to, and find them again when it is resumed: into a `.tsv`
 * that is known by its content.
 *
 * @param directory where such files are kept
 * @param name what messages call the pairs
 * @returns the path of the file
 * @throws XformerError DATA for what is no pair of lines, IO where the file system refuses; the reason of the signal
 */
export async function keepPairs(
  pairs: PairStream,
  directory: string,
  name: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const temporary = join(directory, `${randomUUID()}.tmp`);
  try {
    makeDirectory(directory);
    const digest = await writePairs(temporary, pairs, name, signal);
    const folder = join(directory, digest.slice(0, 16));
    makeDirectory(folder);
    const path = join(folder, "pairs.tsv");
    // What has this name has this content; another run may be reading it.
    if (existsSync(path)) rmSync(temporary, { force: true });
    else patiently(() => renameSync(temporary, path));
    return path;
  } catch (error) {
    rmSync(temporary, { force: true });
    throw fileSystemError(error, directory);
  }
}

async function writePairs(
  path: string,
  pairs: PairStream,
  name: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const hash = createHash("sha256");
  const file = new AtomicFile(path);
  try {
    let [text, number] = ["", 0];
    const flush = (): void => {
      hash.update(text);
      file.write(text);
      text = "";
    };
    for await (const { source, target } of endedBy(eachPair(pairs), signal)) {
      number++;
      refuseNoLine(source, "source", name, number);
      refuseNoLine(target, "target", name, number);
      text += `${source}\t${target}\n`;
      if (text.length > CHUNK) flush();
    }
    flush();
    if (number === 0) throw new XformerError("DATA", `${name} has no pairs`, { hint: "Give at least one." });
    file.commit();
    return hash.digest("hex");
  } catch (error) {
    file.discard();
    throw error;
  }
}

function refuseNoLine(text: string, side: string, name: string, line: number): void {
  const problem =
    text.trim() === "" ? "is empty" : /[\t\n\r\0]/.test(text) ? "is not one line without tabs" : undefined;
  if (problem === undefined) return;
  throw new XformerError("DATA", `the ${side} ${problem}`, {
    file: name,
    line,
    hint: problem === "is empty" ? "Leave the pair out." : "Put spaces there.",
  });
}
