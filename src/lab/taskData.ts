import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileSystemError } from "../errors.ts";
import { atomicWrite } from "../io/atomicWrite.ts";
import { makeDirectory } from "../io/makeDirectory.ts";
import { corpusFiles, findTask, makeSplits, usualSizes } from "../tasks/tasks.ts";
import type { TaskOptions } from "./axes.ts";

/** A corpus that was made of a toy task; parts without pairs are null. */
export interface TaskData {
  readonly train: string;
  readonly valid: string | null;
  readonly test: string | null;
  readonly source: string;
  readonly target: string;
}

/**
 * Makes the data of a task in a folder of their own, or finds them there.
 *
 * @param folder where the folders of all tasks are
 * @throws XformerError when the task has not as many pairs, or the file system refuses
 */
export function makeTaskData(options: TaskOptions, folder: string): TaskData {
  const task = findTask(options.name);
  const { seed, train, valid, test, lengths } = { ...usualSizes(task), ...options };
  const digest = createHash("sha256").update(JSON.stringify([seed, train, valid, test, lengths]));
  const place = join(folder, `${task.name}-${train}-${digest.digest("hex").slice(0, 8)}`);
  const files = corpusFiles(task, makeSplits(task, { seed, train, valid, test, lengths }));
  try {
    makeDirectory(place);
    for (const { name, content } of files.filter((file) => file.content !== "")) {
      const file = join(place, name);
      if (existsSync(file) && readFileSync(file, "utf8") === content) continue;
      atomicWrite(file, (write) => write(content));
    }
  } catch (error) {
    throw fileSystemError(error, place);
  }
  const part = (name: string, pairs: number): string | null => (pairs === 0 ? null : join(place, name));
  return {
    train: join(place, "train"),
    valid: part("valid", valid),
    test: part("test", test),
    source: task.sourceLang,
    target: task.targetLang,
  };
}
