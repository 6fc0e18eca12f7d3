import { XformerError } from "../../errors.ts";
import { dates } from "./dates.ts";
import { numbers } from "./numbers.ts";
import type { SplitSizes } from "./splits.ts";
import { copy, reverse, sort } from "./symbols.ts";
import type { Task } from "./task.ts";
import { zhEn } from "./zh-en/zh-en.ts";

export { corpusFiles, makeSplits, type SplitSizes } from "./splits.ts";
export type { Pair, Task } from "./task.ts";

/** Every task there is, in the order they are listed to the user. */
export const tasks: readonly Task[] = [reverse, copy, sort, dates, numbers, zhEn];

/** The seed and the sizes that `data/zh-en` was made with. */
export const bundledZhEn: SplitSizes = { seed: 2096, train: 10_000, valid: 500, test: 500 };

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
