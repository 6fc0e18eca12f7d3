import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { XformerError } from "../errors.ts";
import { type KernelBuild, preferredBuild } from "../kernels/load.ts";
import type { ModelConfig } from "../model/config.ts";
import { Control, type Job } from "./control.ts";
import { createReplica, type Replica, type ReplicaSeed } from "./replica.ts";

/** Does an item of a job on the replica of the thread it runs on. */
export type Perform = (replica: Replica, job: Job, item: number) => void;

/** What a worker thread is started with. */
export interface WorkerSeed extends ReplicaSeed {
  readonly control: number;
}

/** How long the main thread is deaf to the death of a worker, in milliseconds. */
const PATIENCE = 200;

/**
 * Replicas of one model on several threads over one memory. The main thread is one of them; the others are
 * started when there is first something to share. Which thread does an item never changes its result.
 */
export class ReplicaPool {
  readonly main: Replica;
  readonly build: KernelBuild;
  readonly threads: number;
  readonly #control: Control;
  readonly #perform: Perform;
  readonly #workers: Worker[] = [];
  #dead: string | undefined;
  #weights = 0;

  /**
   * @param perform does items on the main thread; `src/worker.ts` does the same on the others
   * @param threads how many, the main thread included; by default one a core
   * @param profiled whether the main thread keeps a profile
   */
  constructor(config: ModelConfig, perform: Perform, threads = availableParallelism(), profiled = false) {
    this.build = preferredBuild();
    this.threads = threads;
    this.main = createReplica(config, this.build, profiled);
    this.#control = new Control(this.main.workbench.memory);
    this.#perform = perform;
  }

  /**
   * Does all items of a job. One job at a time: the next one has to wait until this one's promise is settled.
   *
   * @throws XformerError when a worker thread has died
   */
  async run<J extends Job>(job: J): Promise<void> {
    const wanted = Math.min(this.threads, job.items) - 1;
    if (wanted > 0 && this.#workers.length === 0) await this.#start();
    this.#control.post(job);
    try {
      this.#control.takeItems(job, (item) => this.#perform(this.main, job, item));
    } finally {
      // Even when this thread has failed: the others must not be left with a job that is overwritten by the next.
      await this.#allArrived();
    }
    const failure = this.#control.failure ?? this.#dead;
    if (failure !== undefined) throw failed(failure);
  }

  /** Waits for the workers to run out of items, and hears when one of them dies. */
  async #allArrived(): Promise<void> {
    const finished = performance.now();
    while (this.#dead === undefined && !this.#control.allArrived(this.#workers.length, PATIENCE)) {
      await setImmediate(); // lets the death of a worker be heard
    }
    this.main.workbench.profile?.waited((performance.now() - finished) / 1000);
  }

  /** Which weights the model has: a number that rises when they change. */
  get weights(): number {
    return this.#weights;
  }

  /** Call when parameters have changed: what was made from the old ones is then made again. */
  weightsChanged(): void {
    this.#weights++;
  }

  /** Ends the worker threads and closes what this one has open. */
  async close(): Promise<void> {
    this.main.resources.close();
    this.#control.stop();
    for (const worker of this.#workers) worker.removeAllListeners("exit");
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
    this.#workers.length = 0;
  }

  async #start(): Promise<void> {
    const { model, workbench } = this.main;
    const seed: WorkerSeed = {
      build: this.build,
      memory: workbench.memory.wasm,
      config: model.config,
      parameters: model.parameters.pointer,
      control: this.#control.pointer,
    };
    // The built worker even when this file runs from src/, as under a test runner: threads take JavaScript only.
    const script = new URL("../../dist/worker.js", import.meta.url);
    const ready = Array.from({ length: this.threads - 1 }, () => this.#startOne(script, seed));
    await Promise.all(ready);
  }

  #startOne(script: URL, seed: WorkerSeed): Promise<void> {
    // Nothing is passed on from the command line: some of Node's flags mean another thing to a file.
    const worker = new Worker(script, { workerData: seed, execArgv: [] });
    this.#workers.push(worker);
    return new Promise((resolve, reject) => {
      const die = (reason: string): void => {
        this.#dead ??= reason;
        reject(failed(reason));
      };
      worker.once("message", () => {
        worker.unref(); // a worker that waits for jobs does not keep the program alive
        resolve();
      });
      worker.once("error", (error) => die(error.message));
      worker.once("exit", (code) => die(`it exited with code ${code}`));
    });
  }
}

function failed(reason: string): XformerError {
  return new XformerError("CONFIG", `a worker thread died: ${reason}`, {
    hint: "If memory ran out, use a smaller model, a smaller --batch-tokens or fewer --threads.",
  });
}
