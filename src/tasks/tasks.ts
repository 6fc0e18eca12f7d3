import { XformerError } from "../errors.ts";
import { dates } from "./dates.ts";
import { numbers } from "./numbers.ts";
import { sounds } from "./sounds.ts";
import { copy, reverse, sort } from "./symbols.ts";
import type { Pair, SplitSizes, Task } from "./task.ts";
import { zhEn } from "./zh-en/zh-en.ts";
import { zhEnNews } from "./zh-en-news.ts";

/** A task by its name. */
export type TaskName = "reverse" | "copy" | "sort" | "dates" | "numbers" | "zh-en" | "zh-en-news";

/** Every task there is, in the order they are listed to the user. */
export const tasks: readonly Task[] = [reverse, copy, sort, dates, numbers, sounds, zhEn, zhEnNews];

/** The seed and the sizes of a corpus when nothing else is said. */
export function usualSizes(task: Task): SplitSizes {
  return task.sizes ?? { seed: 1, train: 10_000, valid: 500, test: 500 };
}

/**
 * Finds a task by its name.
 *
 * @throws XformerError (USAGE) if there is none, naming those there are
 */
export function findTask(name: string): Task {
  const task = tasks.find((one) => one.name === name);
  if (task !== undefined) return task;
  const known = tasks.map((one) => one.name).join(", ");
  throw new XformerError("USAGE", `unknown task ${JSON.stringify(name)}`, {
    hint: `Choose one of ${known}.`,
  });
}

/** A corpus in three parts; no source and no target occurs twice, within a part or across parts. */
export interface Splits {
  readonly train: readonly Pair[];
  readonly valid: readonly Pair[];
  readonly test: readonly Pair[];
}

/**
 * Makes a corpus and cuts it in three.
 *
 * Held-out pairs are those the task finds fit to hold out, as far as there are enough of them.
 *
 * @throws XformerError (USAGE) if a size is not a whole number, or the task does not have that many pairs or these lengths
 */
export function makeSplits(task: Task, sizes: SplitSizes): Splits {
  for (const part of ["train", "valid", "test"] as const) {
    if (Number.isSafeInteger(sizes[part]) && sizes[part] >= 0) continue;
    throw new XformerError("USAGE", `${part} must be a whole number of pairs, not ${sizes[part]}`);
  }
  checkLengths(task, sizes.lengths);
  const { seed, lengths } = sizes;
  const pairs = task.generate({ seed, lengths, count: sizes.train + sizes.valid + sizes.test });
  const isFit = task.fitToHoldOut?.(pairs) ?? (() => true);
  // The last resort comes last: when too few are fit, the rest is taken from the end.
  const candidates = [...pairs.filter(isFit), ...pairs.filter((pair) => !isFit(pair)).reverse()];
  const heldOut = candidates.slice(0, sizes.valid + sizes.test);
  const isHeldOut = new Set(heldOut);
  return {
    train: pairs.filter((pair) => !isHeldOut.has(pair)),
    valid: heldOut.slice(0, sizes.valid),
    test: heldOut.slice(sizes.valid),
  };
}

function checkLengths(task: Task, lengths: SplitSizes["lengths"]): void {
  if (lengths === undefined) return;
  if (!task.hasLengths) {
    const known = tasks.filter(({ hasLengths }) => hasLengths).map(({ name }) => name);
    throw new XformerError("USAGE", `the task ${task.name} has no lengths to choose`, {
      hint: `Leave them out, or choose one of ${known.join(", ")}.`,
    });
  }
  const [shortest, longest] = lengths;
  if (Number.isSafeInteger(shortest) && Number.isSafeInteger(longest) && shortest >= 1 && shortest <= longest)
    return;
  throw new XformerError("USAGE", `lengths from ${shortest} to ${longest} are none`, {
    hint: "Give the shortest, 1 or more, and the longest.",
  });
}

/**
 * The files of a corpus, one sentence a line: `train.zh`, `train.en`, `valid.zh`, ...
 *
 * @returns names without a directory, with their content in full
 */
export function corpusFiles(
  task: Task,
  splits: Splits,
): ReadonlyArray<{ readonly name: string; readonly content: string }> {
  const lines = (sentences: readonly string[]): string =>
    sentences.map((sentence) => `${sentence}\n`).join("");
  return (["train", "valid", "test"] as const).flatMap((part) => [
    { name: `${part}.${task.sourceLang}`, content: lines(splits[part].map((pair) => pair.source)) },
    { name: `${part}.${task.targetLang}`, content: lines(splits[part].map((pair) => pair.target)) },
  ]);
}
