import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { EncodedCorpus } from "../data/encodedCorpus.ts";
import type { XformerError } from "../errors.ts";
import { packageFile } from "../io/packageFiles.ts";
import type { KernelSetName } from "../kernels/kernels.ts";
import { chooseKernels, loadKernels } from "../kernels/load.ts";
import type { ModelConfig } from "../model/config.ts";
import type { Jobs } from "./pool.ts";
import { SharedPool, type Thread, type ThreadSeed } from "./sharedPool.ts";

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
export interface WorkerSeed extends ThreadSeed {
  readonly kernels: KernelSetName;
}

/** A pool on worker threads of Node. */
export class WorkerPool extends SharedPool {
  /** Why faster kernels that there are cannot be used. */
  readonly warning: string | undefined;

  /**
   * @param jobs what there is to do on the main thread; `src/worker.ts` does the same on the others
   * @throws XformerError USAGE when the kernels asked for do not run here
   */
  constructor(config: ModelConfig, jobs: Jobs, options: PoolOptions = {}) {
    const { threads = availableParallelism(), profiled = false } = options;
    const { name, warning } = chooseKernels(options.kernels);
    super({ config, kernels: loadKernels(name), openCorpus: EncodedCorpus.open, profiled, jobs, threads });
    this.warning = warning;
  }

  async pause(): Promise<void> {
    await setImmediate();
  }

  protected startThread(seed: ThreadSeed, die: (reason: string) => XformerError): Thread {
    const workerData: WorkerSeed = { ...seed, kernels: this.kernels.name };
    // The built worker even when this file runs from src/, as under a test runner: threads take JavaScript only. Nothing
    // is passed on from the command line: some of Node's flags mean another thing to a file.
    const worker = new Worker(packageFile("dist/worker.js"), { workerData, execArgv: [] });
    const ready = new Promise<void>((resolve, reject) => {
      worker.once("message", () => {
        worker.unref(); // a worker that waits for jobs does not keep the program alive
        resolve();
      });
      worker.once("error", (error) => reject(die(error.message)));
      worker.once("exit", (code) => reject(die(`it exited with code ${code}`)));
    });
    const end = (): Promise<number> => {
      worker.removeAllListeners("exit");
      return worker.terminate();
    };
    return { ready, end };
  }
}
