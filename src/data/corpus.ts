import { createHash, type Hash } from "node:crypto";
import { XformerError } from "../errors.ts";
import { readText, streamLines, type TextLines } from "../io/lines.ts";
import { type CorpusFiles, type CorpusPlace, isTsv, type Languages, locateCorpus } from "./corpusPlace.ts";
import { ColumnPairing, type SentencePair, SidePairing } from "./pairing.ts";

/** Sentence pairs: line i of `target` translates line i of `source`. */
export interface Pairs {
  readonly source: readonly string[];
  readonly target: readonly string[];
}

/** Pairs to measure a model on, with what they are made of where that is several corpora, one behind the other. */
export interface PairsByCorpus extends Pairs {
  readonly parts?: readonly { readonly name: string; readonly pairs: number }[] | undefined;
}

/** The pairs of a corpus, of which no side is blank, and where they came from. */
export interface Corpus extends CorpusPlace, Pairs {}

/**
 * Reads a parallel corpus into memory. Blank lines at the end are no pairs.
 *
 * @param path as for {@link locateCorpus}
 * @throws XformerError "USAGE" for a prefix without languages, "IO" when a file cannot be read, "DATA" with
 *   file and line when the content is not a corpus
 */
export function loadCorpus(path: string, languages: Languages = {}): Corpus {
  const place = locateCorpus(path, languages);
  const pairs = isTsv(path) ? loadColumns(path) : loadSides(place.files);
  if (pairs.length === 0) throw emptyCorpus(path);
  return { ...place, ...sidesOf(pairs) };
}

function sidesOf(pairs: readonly SentencePair[]): Pairs {
  return { source: pairs.map(({ source }) => source), target: pairs.map(({ target }) => target) };
}

/** The pairs of a table whose rows may have more columns, with what these have. */
export interface Table extends Corpus {
  readonly further: readonly (readonly string[])[];
}

/**
 * Reads a `.tsv` with two or more columns into memory.
 *
 * @throws XformerError as {@link loadCorpus}
 */
export function loadTable(path: string): Table {
  const pairs = loadColumns(path, true);
  if (pairs.length === 0) throw emptyCorpus(path);
  return { ...locateCorpus(path), ...sidesOf(pairs), further: pairs.map(({ further = [] }) => further) };
}

/**
 * Reads a parallel corpus as {@link loadCorpus} does, some thousand pairs at a time, so that memory does not
 * grow with it.
 *
 * @param path as for {@link locateCorpus}
 * @throws XformerError the same as {@link loadCorpus}, when the reading comes to it
 *
 * @example
 * for await (const pairs of readCorpus("train.tsv.gz")) {
 *   for (const { source, target, line } of pairs) check(source, target, line);
 * }
 */
export async function* readCorpus(
  path: string,
  languages: Languages = {},
): AsyncGenerator<readonly SentencePair[], void, undefined> {
  const { files } = locateCorpus(path, languages);
  let isEmpty = true;
  for await (const pairs of isTsv(path) ? streamColumns(path) : streamSides(files)) {
    if (pairs.length === 0) continue;
    isEmpty = false;
    yield pairs;
  }
  if (isEmpty) throw emptyCorpus(path);
}

/** Takes the fingerprint of pairs that stream by: the same for the same pairs, whatever the files are called. */
export class CorpusHash {
  readonly #hash: Hash = createHash("sha256");
  #waiting = "";

  add(source: string, target: string): void {
    this.#waiting += JSON.stringify([source, target]);
    if (this.#waiting.length > 2 ** 16) this.#flush(); // a call for each pair would take longer than the hashing
  }

  /** @returns SHA-256 in hexadecimal; nothing can be added afterwards */
  digest(): string {
    this.#flush();
    return this.#hash.digest("hex");
  }

  #flush(): void {
    this.#hash.update(this.#waiting);
    this.#waiting = "";
  }
}

function loadColumns(file: string, hasFurther = false): SentencePair[] {
  const { lines, fault } = readText(file);
  const pairs = new ColumnPairing(file, hasFurther).take(lines);
  if (fault !== undefined) throw fault;
  return pairs;
}

async function* streamColumns(file: string): AsyncGenerator<SentencePair[], void, undefined> {
  const pairing = new ColumnPairing(file);
  for await (const rows of streamLines(file)) yield pairing.take(rows);
}

function loadSides(files: CorpusFiles): SentencePair[] {
  const source = readText(files.source);
  const target = readText(files.target);
  const pairing = new SidePairing(files);
  const pairs = takeAll(pairing, source.lines, target.lines, Math.min(readable(source), readable(target)));
  const fault = readable(source) <= readable(target) ? source.fault : target.fault;
  if (fault !== undefined) throw fault;
  pairing.end();
  return pairs;
}

/** Lines until one that is not text; without end when there is none. */
function readable({ lines, fault }: TextLines): number {
  return fault === undefined ? Number.POSITIVE_INFINITY : lines.length;
}

/** The two files in step, so that faults come in the order of their lines, the source's first. */
async function* streamSides(files: CorpusFiles): AsyncGenerator<SentencePair[], void, undefined> {
  const pairing = new SidePairing(files);
  const source = new Side(files.source);
  const target = new Side(files.target);
  try {
    for (;;) {
      await source.fill();
      await target.fill();
      const lines = Math.min(source.waiting, target.waiting) || Math.max(source.waiting, target.waiting);
      if (lines === 0) break;
      yield takeAll(pairing, source.remove(lines), target.remove(lines), lines);
    }
  } finally {
    await source.close();
    await target.close();
  }
  pairing.end();
}

/** The lines of one file as they are needed. */
class Side {
  readonly #blocks: AsyncGenerator<string[], void, undefined>;
  #lines: readonly string[] = [];
  #taken = 0;

  constructor(file: string) {
    this.#blocks = streamLines(file);
  }

  /** Lines that are at hand; after {@link fill} none means that the file has ended. */
  get waiting(): number {
    return this.#lines.length - this.#taken;
  }

  async fill(): Promise<void> {
    if (this.waiting > 0) return;
    this.#lines = (await this.#blocks.next()).value ?? [];
    this.#taken = 0;
  }

  remove(count: number): readonly string[] {
    const lines = this.#lines.slice(this.#taken, this.#taken + count);
    this.#taken = Math.min(this.#taken + count, this.#lines.length);
    return lines;
  }

  async close(): Promise<void> {
    await this.#blocks.return();
  }
}

function takeAll(
  pairing: SidePairing,
  source: readonly string[],
  target: readonly string[],
  limit: number,
): SentencePair[] {
  const pairs: SentencePair[] = [];
  const lines = Math.min(limit, Math.max(source.length, target.length));
  for (let i = 0; i < lines; i++) {
    const pair = pairing.take(source[i], target[i]);
    if (pair !== undefined) pairs.push(pair);
  }
  return pairs;
}

function emptyCorpus(path: string): XformerError {
  const hint = "Put at least one pair of sentences in it.";
  return new XformerError("DATA", "the corpus is empty", { file: path, hint });
}
