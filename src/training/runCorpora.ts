import { existsSync } from "node:fs";
import { join } from "node:path";
import { loadCorpus, type Pairs, type PairsByCorpus } from "../data/corpus.ts";
import type { CorpusFiles } from "../data/corpusPlace.ts";
import type { HoldOut } from "../data/heldOut.ts";
import { type CorpusEntry, type DataConfig, entriesOf } from "./config.ts";
import { HELD_OUT_ENDINGS, type RunDirectory } from "./runDirectory.ts";
import { languagesOf } from "./settings/resolve.ts";
import { type CorpusToPrepare, distinctNames, joinPairs } from "./trainingText.ts";

/** The validation and test pairs that have files of their own. */
export interface GivenCorpora {
  readonly validation: GivenCorpus | null;
  readonly test: GivenCorpus | null;
}

/** Pairs of files, the first of which errors can name. */
export interface GivenCorpus extends PairsByCorpus {
  readonly files: CorpusFiles;
}

/** Reads the pairs that a run is measured on, as far as they have files of their own. */
export function loadCorpora(data: DataConfig): GivenCorpora {
  return { validation: loadGiven(data, data.valid), test: loadGiven(data, data.test) };
}

function loadGiven(data: DataConfig, corpora: DataConfig["valid"]): GivenCorpus | null {
  if (corpora === null) return null;
  const loaded = entriesOf(corpora).map((entry) => {
    const { tag } = entry;
    const asRead = loadCorpus(entry.path, languagesOf(data, entry));
    const corpus = entry.reverse ? { ...asRead, source: asRead.target, target: asRead.source } : asRead;
    const source = tag === null ? corpus.source : corpus.source.map((line) => `${tag} ${line}`);
    return { ...corpus, source, path: entry.path, tag };
  });
  const names = distinctNames(loaded);
  return {
    ...joinPairs(loaded.map((corpus, i) => ({ ...corpus, name: names[i]! })))!,
    files: loaded[0]!.files,
  };
}

/** What is kept out of a corpus: its own splits, or those of all. */
export function askedHoldOut({ validSplit, testSplit }: DataConfig, { valid, test }: CorpusEntry): HoldOut {
  return { valid: valid ?? validSplit, test: test ?? testSplit };
}

/** The corpora that a run is trained on, and what is kept out of each. */
export function corporaToTrainOn(
  data: DataConfig,
  holdOutOf: (data: DataConfig, entry: CorpusEntry) => HoldOut = askedHoldOut,
): CorpusToPrepare[] {
  return entriesOf(data.train).map((entry) => ({
    path: entry.path,
    languages: languagesOf(data, entry),
    holdOut: holdOutOf(data, entry),
    tag: entry.tag,
    reverse: entry.reverse,
    weight: entry.weight,
  }));
}

/** Pairs that a run was not trained on, and what they were for. */
export interface UnseenPairs extends Pairs {
  readonly from: "test" | "valid";
}

/**
 * The pairs that a run is tested on, or else those that it is validated on; null where it has neither.
 *
 * @throws XformerError when their files are not there any more
 */
export function unseenPairs(directory: RunDirectory, data: DataConfig): UnseenPairs | null {
  for (const from of ["test", "valid"] as const) {
    const pairs = loadGiven(data, data[from]) ?? loadHeldOut(directory, data, from);
    if (pairs !== null) return { source: pairs.source, target: pairs.target, from };
  }
  return null;
}

function loadHeldOut({ heldOut }: RunDirectory, data: DataConfig, part: "test" | "valid"): Pairs | null {
  const prefix = join(heldOut, part);
  if (existsSync(`${prefix}.tsv`)) return loadCorpus(`${prefix}.tsv`);
  const endings = [{ source: data.sourceLanguage, target: data.targetLanguage }, HELD_OUT_ENDINGS];
  const languages = endings.find(({ source }) => source !== "" && existsSync(`${prefix}.${source}`));
  return languages === undefined ? null : loadCorpus(prefix, languages);
}
