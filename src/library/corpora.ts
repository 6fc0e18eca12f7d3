import {
  type CheckReport,
  type CheckOptions as CheckSettings,
  type CorpusToCheck,
  checkCorpora,
} from "../data/check/check.ts";
import { readCorpus } from "../data/corpus.ts";
import type { Languages } from "../data/corpusPlace.ts";
import { streamLines } from "../io/lines.ts";
import type { SplitSizes } from "../tasks/task.ts";
import { findTask, makeSplits, type Splits, type TaskName, usualSizes } from "../tasks/tasks.ts";
import type { CallOptions } from "./calls.ts";
import type { Pair } from "./pairs.ts";

/** How to check corpora. */
export interface CheckOptions extends Omit<CheckSettings, "onRows">, CallOptions {}

/**
 * Looks for what is wrong with corpora, line by line, and goes on whatever it meets; each is also held against those
 * before it.
 *
 * @param corpora the path of a corpus, or several with what they are for
 * @throws XformerError USAGE, IO or DATA when a corpus is not there or cannot be read at all; the reason of the signal
 *
 * @example
 * const { errors, corpora: [report] } = await check("pairs.tsv");
 * for (const { kind, count, examples } of report!.findings) console.log(kind, count, examples[0]?.line);
 */
export function check(
  corpora: string | readonly CorpusToCheck[],
  { signal, onProgress, ...options }: CheckOptions = {},
): Promise<CheckReport> {
  return checkCorpora(typeof corpora === "string" ? [{ path: corpora, part: "train" }] : corpora, {
    ...options,
    onRows: (done) => {
      signal?.throwIfAborted();
      onProgress?.({ unit: "lines", done, total: undefined });
    },
  });
}

/**
 * The pairs of a corpus, as they are read.
 *
 * @param path a `.tsv` of two columns, or a prefix that the languages complete; each file possibly with `.gz`
 * @throws XformerError USAGE, IO or DATA with file and line, when the reading comes to it
 *
 * @example
 * for await (const { source, target } of pairsOf("data/zh-en/test", { source: "zh", target: "en" })) use(source, target);
 */
export async function* pairsOf(
  path: string,
  languages: Languages = {},
): AsyncGenerator<Pair, void, undefined> {
  for await (const pairs of readCorpus(path, languages))
    yield* pairs.map(({ source, target }) => ({ source, target }));
}

/**
 * The lines of a text file, as they are read; of one that ends in `.gz`, unpacked.
 *
 * @throws XformerError IO when the file cannot be read, DATA with its line for what is not UTF-8
 */
export async function* linesOf(path: string): AsyncGenerator<string, void, undefined> {
  for await (const lines of streamLines(path)) yield* lines;
}

/** A corpus that was made. */
export interface ToyData extends Splits {
  readonly sourceLanguage: string;
  readonly targetLanguage: string;
}

/**
 * Makes a corpus, the same for the same seed: sequences to reverse, copy or sort, dates, numbers, Chinese sentences.
 *
 * @param sizes where they are to differ from 10,000, 500 and 500 pairs of seed 1 (of `zh-en`, from the bundled corpus)
 * @throws XformerError USAGE for a task that there is not, or that has not as many pairs
 *
 * @example
 * const { train: pairs, valid } = makeData("dates", { train: 2000, valid: 100 });
 */
export function makeData(task: TaskName, sizes: Partial<SplitSizes> = {}): ToyData {
  const found = findTask(task);
  const splits = makeSplits(found, { ...usualSizes(found), ...sizes });
  return { ...splits, sourceLanguage: found.sourceLang, targetLanguage: found.targetLang };
}
