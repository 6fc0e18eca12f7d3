import type { XformerError } from "../../errors.ts";
import { JOBS } from "../../jobs.ts";
import { webAssemblySet, withSharedMemory } from "../../kernels/webAssemblySet.ts";
import type { ModelConfig } from "../../model/config.ts";
import { type Pool, SinglePool } from "../../replicas/pool.ts";
import {
  joinReplica,
  SharedPool,
  type Thread,
  type ThreadSeed,
  takeJobs,
} from "../../replicas/sharedPool.ts";
import { CorpusInHeap } from "./corpusInHeap.ts";
import { turn } from "./turn.ts";

/** A build of the kernels, for one thread. */
export interface Build {
  readonly name: "relaxed" | "strict";
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What a further thread of a page is started with. */
export interface WebSeed extends ThreadSeed {
  readonly build: Build;
}

/** More find nothing to do: a step of training has four shards, and as many of the next batch are laid out meanwhile. */
const MOST_THREADS = 8;

/** A pool for a page: over several threads where it may have them, else on the calling one. */
export function createPool(config: ModelConfig, build: Build, threads: number): Pool {
  return threads > 1
    ? new WebPool(config, build, Math.min(threads, MOST_THREADS))
    : new SinglePool(config, webAssemblySet(build.name, build.bytes), JOBS, turn);
}

/** A pool on workers of a page that is isolated from all other sites: only there memory may be shared. */
class WebPool extends SharedPool {
  readonly #build: Build;

  /** @param build for one thread; this pool shares its memory */
  constructor(config: ModelConfig, { name, bytes }: Build, threads: number) {
    const build = { name, bytes: withSharedMemory(bytes) };
    super({
      config,
      kernels: webAssemblySet(name, build.bytes),
      openCorpus: CorpusInHeap.open,
      jobs: JOBS,
      threads,
    });
    this.#build = build;
  }

  pause(): Promise<void> {
    return turn();
  }

  protected startThread(seed: ThreadSeed, die: (reason: string) => XformerError): Thread {
    // The engine's own program once more; what it is told first says what it is to be.
    const worker = new Worker(self.location.href);
    const join: WebSeed = { ...seed, build: this.#build };
    worker.postMessage({ join });
    const ready = new Promise<void>((resolve, reject) => {
      worker.addEventListener("message", () => resolve(), { once: true });
      worker.addEventListener("error", ({ message }) => reject(die(message)), { once: true });
    });
    return { ready, end: () => void worker.terminate() };
  }
}

/** The life of a further thread: it hears of nothing but jobs until it is ended. */
export function joinPool(seed: WebSeed): void {
  const { name, bytes } = seed.build;
  const own = { kernels: webAssemblySet(name, bytes), openCorpus: CorpusInHeap.open };
  takeJobs(joinReplica(seed, own), seed, JOBS, () => self.postMessage("ready"));
}
