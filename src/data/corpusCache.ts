import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileSystemError, XformerError } from "../errors.ts";
import { makeDirectory } from "../io/makeDirectory.ts";
import { patiently } from "../io/patiently.ts";
import { EncodedCorpus } from "./encodedCorpus.ts";
import type { Footer } from "./encodedCorpusFile.ts";
import { type EncodedCorpusLimits, EncodedCorpusWriter } from "./encodedCorpusWriter.ts";

/** A file is written to all the time; one that was not for so many milliseconds has lost its writer. */
const ABANDONED_AFTER = 3_600_000;

/** A directory of encoded corpora, each known by the hash of all that its ids depend on. */
export class CorpusCache {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Opens what was written for a key, and reads all of it to be sure of it.
   *
   * @param onDamage told of a file that is there and cannot be relied on
   * @returns undefined when there is nothing that can be relied on: it is to be written anew
   */
  open(name: string, key: string, onDamage: (error: XformerError) => void): EncodedCorpus | undefined {
    const file = this.#file(name, key);
    if (!existsSync(file)) return undefined;
    let corpus: EncodedCorpus | undefined;
    try {
      corpus = EncodedCorpus.open(file);
      corpus.verify();
      if (corpus.key === key) return corpus;
    } catch (error) {
      // Whether it is damaged or closed to us: it is written anew, which tells if that cannot be.
      if (!(error instanceof XformerError)) throw error;
      onDamage(error);
    }
    corpus?.close();
    return undefined;
  }

  /**
   * Writes an encoded corpus, or leaves no trace of it.
   *
   * @param name begins the name of the file, for those who look into the directory
   * @param fill adds the pairs, and tells what they are
   * @throws XformerError IO where the file system refuses, and whatever `fill` throws
   */
  async write(
    name: string,
    key: string,
    limits: EncodedCorpusLimits,
    fill: (writer: EncodedCorpusWriter) => Promise<Pick<Footer, "statistics" | "fingerprint">>,
  ): Promise<EncodedCorpus> {
    this.#prepareDirectory();
    const file = this.#file(name, key);
    const writer = new EncodedCorpusWriter(file, limits);
    try {
      writer.finish({ ...(await fill(writer)), key });
    } catch (error) {
      writer.discard();
      throw error;
    }
    return EncodedCorpus.open(file);
  }

  #file(name: string, key: string): string {
    return join(this.#directory, `${name}-${key.slice(0, 16)}.pairs`);
  }

  /** Makes the directory, and removes what writers that were killed left in it: it may be large. */
  #prepareDirectory(): void {
    try {
      makeDirectory(this.#directory);
      for (const name of readdirSync(this.#directory)) {
        const file = join(this.#directory, name);
        const stats = /\.pairs\.\d+\.tmp$/.test(name) ? statSync(file, { throwIfNoEntry: false }) : undefined;
        if (stats !== undefined && Date.now() - stats.mtimeMs > ABANDONED_AFTER)
          patiently(() => rmSync(file, { force: true }));
      }
    } catch (error) {
      throw fileSystemError(error, this.#directory);
    }
  }
}
