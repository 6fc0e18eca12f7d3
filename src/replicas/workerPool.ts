import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { EncodedCorpus } from "../data/encodedCorpus.ts";
import { XformerError } from "../errors.ts";
import { packageFile } from "../io/packageFiles.ts";
import type { KernelSet, KernelSetName, Pointer } from "../kernels/kernels.ts";
import { chooseKernels, loadKernels } from "../kernels/load.ts";
import type { ModelConfig } from "../model/config.ts";
import { Heap } from "../tensor/heap.ts";
import { Control, type Job } from "./control.ts";
import { inTurns, type Jobs, type Pool, workOf } from "./pool.ts";
import { createReplica, type Replica } from "./replica.ts";

/** How a pool is to compute; results depend on none of it. */
export interface PoolOptions {
  /** How many threads, the main one included; by default one a core. */
  readonly threads?: number | undefined;
  /** By default the fastest that run here, or what XFORMER_KERNELS says. */
  readonly kernels?: KernelSetName | undefined;
  /** Whether the main thread keeps a profile. */
  readonly profiled?: boolean | undefined;
}

/** What a worker thread is started with. */
export interface WorkerSeed {
  readonly kernels: KernelSetName;
  readonly memory: WebAssembly.Memory;
  readonly config: ModelConfig;
  readonly parameters: Pointer;
  readonly packList: Pointer;
  readonly control: Pointer;
}

/** The replica of a worker thread, over the parameters of the main one. */
export function joinReplica({ kernels, memory, config, parameters, packList }: WorkerSeed): Replica {
  const parts = { config, kernels: loadKernels(kernels), heap: new Heap(memory), parametersAt: parameters };
  return createReplica({ ...parts, packList, openCorpus: EncodedCorpus.open });
}

/** How long the main thread is deaf to signals and to the death of a worker, in milliseconds. */
const PATIENCE = 25;

/**
 * A pool on several threads over one shared heap. The main thread is one of them; the others are started when there is
 * first something to share.
 */
export class WorkerPool implements Pool {
  readonly main: Replica;
  readonly kernels: KernelSet;
  /** Why faster kernels that there are cannot be used. */
  readonly warning: string | undefined;
  readonly threads: number;
  readonly #control: Control;
  readonly #jobs: Jobs;
  readonly #workers: Worker[] = [];
  #dead: string | undefined;
  #weightsVersion = 0;

  /**
   * @param jobs what there is to do on the main thread; `src/worker.ts` does the same on the others
   * @throws XformerError USAGE when the kernels asked for do not run here
   */
  constructor(config: ModelConfig, jobs: Jobs, options: PoolOptions = {}) {
    const { threads = availableParallelism(), profiled = false } = options;
    const { name, warning } = chooseKernels(options.kernels);
    this.kernels = loadKernels(name);
    this.warning = warning;
    this.threads = threads;
    const heap = Heap.shared();
    const { kernels } = this;
    this.main = createReplica({ config, kernels, heap, openCorpus: EncodedCorpus.open, profiled });
    this.#control = new Control(heap);
    this.#jobs = jobs;
  }

  /** @throws XformerError when a worker thread has died */
  async run<J extends Job>(job: J, signal?: AbortSignal): Promise<void> {
    const wanted = Math.min(this.threads, job.items) - 1;
    if (wanted > 0 && this.#workers.length === 0) await this.#start();
    const work = workOf(this.#jobs, job);
    signal?.throwIfAborted();
    const cancel = (): void => this.#control.cancel();
    this.#control.post(job);
    signal?.addEventListener("abort", cancel);
    try {
      const steps = this.#control.takeItems(job, (item) => work(this.main, job, item));
      await inTurns(steps, () => this.pause());
    } finally {
      // Even when this thread has failed: the others must not be left with a job that is overwritten by the next.
      await this.#allArrived();
      signal?.removeEventListener("abort", cancel);
    }
    const failure = this.#control.failure ?? this.#dead;
    if (failure !== undefined) throw failed(failure);
    signal?.throwIfAborted();
  }

  /** Waits for the workers to run out of items, and hears when one of them dies. */
  async #allArrived(): Promise<void> {
    const finished = performance.now();
    while (this.#dead === undefined && !this.#control.allArrived(this.#workers.length, PATIENCE)) {
      await this.pause();
    }
    this.main.workbench.profile?.waited((performance.now() - finished) / 1000);
  }

  get weightsVersion(): number {
    return this.#weightsVersion;
  }

  weightsChanged(): void {
    this.#weightsVersion++;
  }

  async pause(): Promise<void> {
    await setImmediate();
  }

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
      kernels: this.kernels.name,
      memory: workbench.heap.wasm,
      config: model.config,
      parameters: model.parameters.pointer,
      packList: workbench.packs.list,
      control: this.#control.pointer,
    };
    // The built worker even when this file runs from src/, as under a test runner: threads take JavaScript only.
    const script = packageFile("dist/worker.js");
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

/** A failure as a worker thread reports it: those that a user can mend keep all they say. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof XformerError)) return error instanceof Error ? error.message : String(error);
  const { code, message, file, line, hint } = error;
  return MENDABLE + JSON.stringify({ code, message, file, line, hint });
}

/** Begins the report of a failure that a user can mend. */
const MENDABLE = "XformerError";

function failed(reason: string): XformerError {
  if (reason.startsWith(MENDABLE) && reason.endsWith("}")) {
    const { code, message, ...place } = JSON.parse(reason.slice(MENDABLE.length)) as XformerError;
    return new XformerError(code, message, place);
  }
  return new XformerError("CONFIG", `a worker thread died: ${reason}`, {
    hint: "If memory ran out, use a smaller model, a smaller --batch-tokens or fewer --threads.",
  });
}
