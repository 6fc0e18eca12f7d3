import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { fileSystemError, XformerError } from "../errors.ts";
import { atomicWrite } from "../io/atomicWrite.ts";
import { makeDirectory } from "../io/makeDirectory.ts";
import { patiently } from "../io/patiently.ts";
import { refusePipe } from "../io/refusePipe.ts";
import type { DataConfig } from "./config.ts";
import type { PreparedCorpus } from "./prepare.ts";
import type { Sample } from "./samples.ts";
import type { ValidationRecord } from "./state.ts";

/** A line of `metrics.jsonl` about the steps since the one before. */
export interface LogRecord {
  readonly step: number;
  readonly epoch: number;
  /** Label-smoothed cross-entropy of a target token in nats, without dropout's share taken out. */
  readonly loss: number;
  readonly lr: number;
  readonly gradNorm: number;
  /** Source and target tokens, ENDs included, since the line before. */
  readonly sourceTokens: number;
  readonly targetTokens: number;
  /** Steps so far that changed nothing, for a loss or gradient that was not finite. */
  readonly skipped: number;
  /** Source and target tokens a second since the line before, of this session and without validating and saving. */
  readonly tokensPerSecond: number;
  /** Seconds of training so far, those of earlier sessions included. */
  readonly elapsedSeconds: number;
}

/** A line about a validation: some of its translations with it, which no checkpoint keeps. */
export interface LoggedValidation extends ValidationRecord {
  readonly samples?: readonly Sample[];
}

const FILES = [
  ...["config.json", "metrics.jsonl", "best.safetensors", "last.safetensors"],
  ...["average.safetensors", "checkpoints", "held-out", "train.pairs"],
] as const;

/** What the two files of held-out pairs end in where languages do not tell them apart. */
export const HELD_OUT_ENDINGS = { source: "source", target: "target" } as const;

/** What TensorBoard takes for a file of events: this, and anything behind it. */
const EVENTS = "events.out.tfevents.";

/** The names of the files in `checkpoints`. */
const CHECKPOINT = /^step-(\d+)\.safetensors$/;

/** The names of files that are being written: by {@link atomicWrite}, and of locks. */
const HALF_WRITTEN = /\.\d+\.tmp$|^run\.lock(\.takeover)*\.[\da-f-]{36}\.tmp$/;

/**
 * The directory of a run: `config.json`, `metrics.jsonl`, `best.safetensors` and `last.safetensors`, and where more
 * is kept `average.safetensors` and `checkpoints/step-000123.safetensors`. Pairs of the training files that are not
 * trained on lie in `held-out`, as those do: `held-out/test.tsv`, or `held-out/test.de` and `held-out/test.en`.
 */
export class RunDirectory {
  /** Where runs go when nobody says where. */
  static readonly DEFAULT = "runs";

  readonly path: string;
  readonly config: string;
  readonly best: string;
  readonly last: string;
  readonly average: string;
  readonly heldOut: string;
  /** The encoded training corpus, for a run that is trained elsewhere. */
  readonly pairs: string;
  /** The page about the run that is written at its end. */
  readonly report: string;
  readonly #checkpoints: string;
  readonly #metrics: string;

  constructor(path: string) {
    this.path = path;
    this.config = join(path, "config.json");
    this.best = join(path, "best.safetensors");
    this.last = join(path, "last.safetensors");
    this.average = join(path, "average.safetensors");
    this.heldOut = join(path, "held-out");
    this.pairs = join(path, "train.pairs");
    this.report = join(path, "report.html");
    this.#checkpoints = join(path, "checkpoints");
    this.#metrics = join(path, "metrics.jsonl");
  }

  /**
   * Makes the directory of a new run.
   *
   * @param out where; by default `runs/<corpus>-<n>` with the next free number
   * @param force whether a run may be there already; {@link clear} removes it
   * @throws XformerError when a run is there already, or the directory cannot be made
   */
  static create(out: string | undefined, corpus: string, force: boolean): RunDirectory {
    if (out === undefined) return new RunDirectory(nextFree(corpus));
    RunDirectory.refuseTaken(out, force);
    guarded(out, () => makeDirectory(out));
    return new RunDirectory(out);
  }

  /** The run in {@link DEFAULT} whose model was written last. */
  static newest(): string | undefined {
    const written = (path: string): number => {
      const { best, last } = new RunDirectory(path);
      return Math.max(0, ...[best, last].filter(existsSync).map((file) => statSync(file).mtimeMs));
    };
    const runs = RunDirectory.DEFAULT;
    return guarded(runs, () => (existsSync(runs) ? readdirSync(runs) : []))
      .map((name) => join(runs, name))
      .filter((path) => written(path) > 0)
      .sort((a, b) => written(a) - written(b) || (a < b ? -1 : 1))
      .at(-1);
  }

  /**
   * Looks for a run in a directory.
   *
   * @returns its files, which `force` allows to be there
   * @throws XformerError when there is one and `force` is not set
   */
  static refuseTaken(out: string, force: boolean): string[] {
    const taken = [...FILES.filter((name) => existsSync(join(out, name))), ...eventFilesIn(out)];
    if (taken.length === 0 || force) return taken;
    throw new XformerError("IO", "a run is in this directory already", {
      file: out,
      hint: "Choose another --out, go on with --resume, or overwrite it with --force.",
    });
  }

  /**
   * Removes the run that is there already.
   *
   * @throws XformerError when there is one and `force` is not set
   */
  clear(force: boolean): void {
    const taken = RunDirectory.refuseTaken(this.path, force).map((name) => join(this.path, name));
    // A report alone makes no run: it may be about another one.
    for (const file of taken.length > 0 && existsSync(this.report) ? [...taken, this.report] : taken)
      guarded(file, () => patiently(() => rmSync(file, { recursive: true })));
    this.removeHalfWritten();
  }

  /**
   * Refuses to go on where something else than a file has the name of one: to open a pipe waits for ever.
   *
   * @throws XformerError IO naming it
   */
  refuseStrange(): void {
    for (const file of [this.config, this.#metrics, this.best, this.last, join(this.path, "run.lock")]) {
      const stats = guarded(file, () => statSync(file, { throwIfNoEntry: false }));
      if (stats === undefined || stats.isFile()) continue;
      throw new XformerError("IO", "this is not a file", { file, hint: "Remove it, or begin a new run." });
    }
  }

  /** Where the checkpoint of a step is kept. */
  checkpoint(step: number): string {
    return join(this.#checkpoints, `step-${String(step).padStart(6, "0")}.safetensors`);
  }

  /** The steps whose checkpoints are kept, in their order. */
  checkpointSteps(): number[] {
    const names = existsSync(this.#checkpoints) ? readdirSync(this.#checkpoints) : [];
    const steps = names.flatMap((name) => CHECKPOINT.exec(name)?.[1] ?? []);
    return steps.map(Number).sort((a, b) => a - b);
  }

  /** Makes room for {@link checkpoint}s. */
  makeCheckpoints(): void {
    guarded(this.#checkpoints, () => makeDirectory(this.#checkpoints));
  }

  /** Removes every kept checkpoint but those of these steps. */
  keepCheckpoints(steps: readonly number[]): void {
    for (const step of this.checkpointSteps()) {
      const file = this.checkpoint(step);
      if (!steps.includes(step)) guarded(file, () => patiently(() => rmSync(file)));
    }
  }

  /** Removes what a process that was killed was writing; nobody may be writing now. */
  removeHalfWritten(): void {
    for (const directory of [this.path, this.#checkpoints].filter(existsSync)) {
      for (const name of readdirSync(directory)) {
        const file = join(directory, name);
        if (HALF_WRITTEN.test(name)) guarded(file, () => patiently(() => rmSync(file)));
      }
    }
  }

  /** Writes the configuration of the run, as `toConfigFile` gives it. */
  writeConfig(config: object): void {
    atomicWrite(this.config, (write) => write(`${JSON.stringify(config, null, 2)}\n`));
  }

  /** Writes the pairs that are not trained on, in the form of the training files. */
  writeHeldOut({ heldOut, corpora }: PreparedCorpus, { sourceLanguage, targetLanguage }: DataConfig): void {
    const hasLanguages = sourceLanguage !== "" && targetLanguage !== "" && sourceLanguage !== targetLanguage;
    const areTables = corpora.every(({ files }) => files.source === files.target);
    for (const part of ["valid", "test"] as const) {
      const { [part]: pairs } = heldOut;
      if (pairs === null) continue;
      guarded(this.heldOut, () => mkdirSync(this.heldOut, { recursive: true }));
      const write = (ending: string, lines: readonly string[]): void =>
        atomicWrite(join(this.heldOut, `${part}.${ending}`), (write) =>
          write(lines.map((line) => `${line}\n`).join("")),
        );
      if (areTables) {
        write(
          "tsv",
          pairs.source.map((source, i) => `${source}\t${pairs.target[i]}`),
        );
      } else {
        write(hasLanguages ? sourceLanguage : HELD_OUT_ENDINGS.source, pairs.source);
        write(hasLanguages ? targetLanguage : HELD_OUT_ENDINGS.target, pairs.target);
      }
    }
  }

  /** Copies an encoded corpus to {@link pairs}. */
  keepPairs(encoded: string): void {
    guarded(this.pairs, () => {
      const beside = `${this.pairs}.${process.pid}.tmp`;
      copyFileSync(encoded, beside);
      patiently(() => renameSync(beside, this.pairs));
    });
  }

  /** Where a session's events for TensorBoard go: files are read in the order of their names. */
  nextEventFile(): string {
    const session = String(eventFilesIn(this.path).length + 1).padStart(4, "0");
    return join(this.path, `${EVENTS}${session}.xformer`);
  }

  /** Adds a line to `metrics.jsonl`. */
  append(record: LogRecord | LoggedValidation): void {
    guarded(this.#metrics, () => appendFileSync(this.#metrics, `${JSON.stringify(record)}\n`));
  }

  /**
   * The lines of `metrics.jsonl` that are whole; none where there is no such file.
   *
   * @throws XformerError IO when it cannot be read, DATA for a pipe
   */
  records(): readonly object[] {
    refusePipe(this.#metrics);
    if (!existsSync(this.#metrics)) return [];
    const lines = guarded(this.#metrics, () => readFileSync(this.#metrics, "utf8")).split("\n");
    return lines.flatMap((line) => parseRecord(line) ?? []);
  }

  /**
   * Drops the metrics past a step, which a run that goes on from there writes again.
   *
   * @returns the seconds the run had taken by then
   */
  rewindMetrics(step: number): number {
    if (!existsSync(this.#metrics)) return 0;
    const lines = guarded(this.#metrics, () => readFileSync(this.#metrics, "utf8")).split("\n");
    let elapsedSeconds = 0;
    const kept = lines.filter((line) => {
      const record = parseRecord(line);
      if (record === undefined || record.step > step) return false;
      if (isSeconds(record.elapsedSeconds)) elapsedSeconds = record.elapsedSeconds;
      return true;
    });
    atomicWrite(this.#metrics, (write) => write(kept.map((line) => `${line}\n`).join("")));
    return elapsedSeconds;
  }
}

function eventFilesIn(path: string): string[] {
  return guarded(path, () => {
    const isThere = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
    return isThere ? readdirSync(path).filter((name) => name.startsWith(EVENTS)) : [];
  });
}

function isSeconds(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

/** A line of the metrics; none for the last line of a run that was cut off while writing it. */
function parseRecord(line: string): { readonly step: number; readonly elapsedSeconds?: unknown } | undefined {
  try {
    const record: unknown = JSON.parse(line);
    return typeof record === "object" &&
      record !== null &&
      "step" in record &&
      typeof record.step === "number"
      ? (record as { step: number; elapsedSeconds?: unknown })
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Makes `runs/<corpus>-<n>` with the first n that nobody has; two runs that start at once get two. */
function nextFree(corpus: string): string {
  const runs = RunDirectory.DEFAULT;
  return guarded(runs, () => {
    makeDirectory(runs);
    for (let n = 1; ; n++) {
      const path = join(runs, `${corpus}-${n}`);
      try {
        mkdirSync(path);
        return path;
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
      }
    }
  });
}

function guarded<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw fileSystemError(error, file);
  }
}
