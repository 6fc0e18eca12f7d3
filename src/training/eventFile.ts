import { appendFileSync, writeFileSync } from "node:fs";
import { fileSystemError } from "../errors.ts";
import type { LoggedValidation, LogRecord } from "./runDirectory.ts";
import { restartEvent, scalarsEvent, scalarsOf, versionEvent } from "./tensorboardEvents.ts";

/**
 * A file of events for TensorBoard. Each session of a run has one of its own, which goes on where the one before was
 * left: TensorBoard reads all of a directory, one after the other, and drops what a later one says again.
 */
export class EventFile {
  readonly #path: string;
  readonly #now: () => number;

  /**
   * @param path where it is to be; nothing may be there
   * @param resumedAt the step that the run goes on from; 0 for a new one
   * @param now seconds since 1970
   * @throws XformerError IO when it cannot be written
   */
  constructor(path: string, resumedAt: number, now = () => Date.now() / 1000) {
    this.#path = path;
    this.#now = now;
    this.#guarded(() => writeFileSync(path, versionEvent(now()), { flag: "wx" }));
    if (resumedAt > 0) this.#append(restartEvent(now(), resumedAt + 1));
  }

  /** Adds what a line of `metrics.jsonl` says. */
  append(record: LogRecord | LoggedValidation): void {
    this.#append(scalarsEvent(this.#now(), record.step, scalarsOf(record)));
  }

  #append(bytes: Uint8Array): void {
    this.#guarded(() => appendFileSync(this.#path, bytes));
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      throw fileSystemError(error, this.#path);
    }
  }
}
