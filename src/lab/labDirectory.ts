import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileSystemError } from "../errors.ts";
import { atomicWrite } from "../io/atomicWrite.ts";
import { makeDirectory } from "../io/makeDirectory.ts";
import { patiently } from "../io/patiently.ts";
import type { PaceMeasurement } from "./pace.ts";

/** What was measured once and stays so for a lab that goes on. */
export interface LabNotes {
  /** The threads and the first run of which the pace was measured, and what came out. */
  readonly pace?: PaceMeasurement & { readonly threads: number; readonly run: string };
  /** The steps that fitted into so many hours, of a plan with this digest. */
  readonly fitted?: { readonly hours: number; readonly plan: string; readonly steps: number };
}

/**
 * The directory of a lab: `data`, the corpora that were made; `runs`, a run directory each, with its `lab.json`;
 * `notes.json`, what was measured before; `results.json`, the table.
 */
export class LabDirectory {
  readonly path: string;
  readonly data: string;
  readonly runs: string;
  readonly cache: string;
  readonly results: string;
  readonly #notes: string;
  readonly #timing: string;

  /** @throws XformerError when it cannot be made */
  constructor(path: string) {
    this.path = path;
    this.data = join(path, "data");
    this.runs = join(path, "runs");
    this.cache = join(path, ".cache");
    this.results = join(path, "results.json");
    this.#notes = join(path, "notes.json");
    this.#timing = join(path, ".timing");
    try {
      makeDirectory(path);
    } catch (error) {
      throw fileSystemError(error, path);
    }
  }

  get notes(): LabNotes {
    if (!existsSync(this.#notes)) return {};
    try {
      return JSON.parse(readFileSync(this.#notes, "utf8")) as LabNotes;
    } catch (error) {
      if (error instanceof SyntaxError) return {}; // measured again
      throw fileSystemError(error, this.#notes);
    }
  }

  note(more: LabNotes): void {
    write(this.#notes, { ...this.notes, ...more });
  }

  writeResults(results: object): void {
    write(this.results, results);
  }

  /** Where a run goes that is only timed. */
  timing(number: number): string {
    return join(this.#timing, String(number));
  }

  /** Removes what was timed. */
  removeTiming(): void {
    patiently(() => rmSync(this.#timing, { recursive: true, force: true }));
  }
}

function write(file: string, content: object): void {
  atomicWrite(file, (write) => write(`${JSON.stringify(content, null, 2)}\n`));
}
