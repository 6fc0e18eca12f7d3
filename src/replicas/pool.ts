import type { KernelSet } from "../kernels/kernels.ts";
import type { ModelConfig } from "../model/config.ts";
import { Heap } from "../tensor/heap.ts";
import { doItems, type Job, type Steps } from "./control.ts";
import { createReplica, type Replica } from "./replica.ts";

/**
 * Does an item of a job on the replica of the thread it runs on: at once, or as {@link Steps} when it takes so long
 * that others have to have their turn meanwhile, or that nobody may want it any more before it is done.
 */
export type Perform<J extends Job = Job> = (replica: Replica, job: J, item: number) => unknown;

/** What there is to do for threads, by the kind of job. */
export type Jobs = Readonly<Record<string, Perform<never>>>;

/**
 * What a job asks for.
 *
 * @throws Error for a kind that is not in the table
 */
export function workOf(jobs: Jobs, job: Job): Perform {
  const work = jobs[job.kind];
  if (work === undefined) throw new Error(`there is no job ${job.kind}`);
  return work as Perform;
}

/** How long the calling thread works before it lets others have their turn, in milliseconds. */
const TURN = 25;

/** Does steps, with a pause now and then. */
export async function inTurns(steps: Steps<void>, pause: () => Promise<void>): Promise<void> {
  let began = performance.now();
  for (const _ of steps) {
    if (performance.now() - began < TURN) continue;
    await pause();
    began = performance.now();
  }
}

/**
 * Replicas of one model, on as many threads as there are. Which thread does an item never changes its result: whoever
 * has work for replicas sees this, and neither threads nor Node.
 */
export interface Pool {
  /** The replica of the calling thread. */
  readonly main: Replica;
  /** Which kernels compute. */
  readonly kernels: Pick<KernelSet, "name" | "level">;
  /** How many threads share the work, the calling one included. */
  readonly threads: number;
  /** Which weights the model has: a number that rises when they change. */
  readonly weightsVersion: number;
  /** Call when parameters have changed: what was made from the old ones is then made again. */
  weightsChanged(): void;
  /**
   * Does all items of a job. One job at a time: the next has to wait until this one's promise is settled.
   *
   * @param signal drops the job when it aborts, after the steps under way
   * @throws the reason of the signal
   */
  run<J extends Job>(job: J, signal?: AbortSignal): Promise<void>;
  /** Lets what waits for this thread have its turn: signals, timers, input. */
  pause(): Promise<void>;
  /** Ends the threads and closes what is open. */
  close(): Promise<void>;
}

/** A pool of the calling thread alone, over a heap of its own: what there is where threads are not to be had. */
export class SinglePool implements Pool {
  readonly main: Replica;
  readonly kernels: KernelSet;
  readonly threads = 1;
  readonly #jobs: Jobs;
  readonly #pause: () => Promise<void>;
  #weightsVersion = 0;

  /**
   * @param jobs what there is to do
   * @param pause lets others have their turn; by default nobody waits
   */
  constructor(
    config: ModelConfig,
    kernels: KernelSet,
    jobs: Jobs,
    pause: () => Promise<void> = () => Promise.resolve(),
  ) {
    const openCorpus = (file: string): never => {
      throw new Error(`there are no files here: ${file}`);
    };
    this.main = createReplica({ config, kernels, heap: Heap.unshared(), openCorpus });
    this.kernels = kernels;
    this.#jobs = jobs;
    this.#pause = pause;
  }

  get weightsVersion(): number {
    return this.#weightsVersion;
  }

  weightsChanged(): void {
    this.#weightsVersion++;
  }

  async run<J extends Job>(job: J, signal?: AbortSignal): Promise<void> {
    const work = workOf(this.#jobs, job);
    let next = 0;
    const isCancelled = (): boolean => signal?.aborted ?? false;
    const perform = (item: number): unknown => work(this.main, job, item);
    await inTurns(
      doItems(job, () => next++, isCancelled, perform),
      this.#pause,
    );
    signal?.throwIfAborted();
  }

  pause(): Promise<void> {
    return this.#pause();
  }

  async close(): Promise<void> {
    this.main.resources.close();
  }
}
