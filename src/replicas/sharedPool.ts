import { XformerError } from "../errors.ts";
import type { KernelSet, Pointer } from "../kernels/kernels.ts";
import type { ModelConfig } from "../model/config.ts";
import { Heap } from "../tensor/heap.ts";
import { Control, doSteps, type Job } from "./control.ts";
import { inTurns, type Jobs, type Pool, workOf } from "./pool.ts";
import { createReplica, type Replica, type ReplicaParts } from "./replica.ts";

/** What a further thread is started with: where it finds what the first one has made. */
export interface ThreadSeed {
  readonly memory: WebAssembly.Memory;
  readonly config: ModelConfig;
  readonly parameters: Pointer;
  readonly packList: Pointer;
  readonly control: Pointer;
}

/** A further thread. */
export interface Thread {
  /** Settled when it can be given work; fails when it dies before. */
  readonly ready: Promise<void>;
  /** Ends it, whatever it is at. */
  end(): Promise<unknown> | undefined;
}

/** What a pool over one shared heap is made of. */
interface SharedPoolParts extends Omit<ReplicaParts, "heap"> {
  /** What there is to do; the other threads are told the same. */
  readonly jobs: Jobs;
  /** How many threads, the calling one included. */
  readonly threads: number;
}

/** How long the calling thread is deaf to messages and to the death of a thread, in milliseconds. */
const PATIENCE = 25;

/**
 * A pool on several threads over one shared heap. The calling thread is one of them; the others are started when there
 * is first something to share. How threads are had is left to where it runs.
 */
export abstract class SharedPool implements Pool {
  readonly main: Replica;
  readonly kernels: KernelSet;
  readonly threads: number;
  readonly #control: Control;
  readonly #jobs: Jobs;
  readonly #others: Thread[] = [];
  #dead: string | undefined;
  #weightsVersion = 0;

  constructor({ jobs, threads, ...parts }: SharedPoolParts) {
    const heap = Heap.shared();
    this.main = createReplica({ ...parts, heap });
    this.kernels = parts.kernels;
    this.threads = threads;
    this.#control = new Control(heap);
    this.#jobs = jobs;
  }

  /**
   * Starts a thread, which does {@link takeJobs}.
   *
   * @param die is told when it is no more, and why; gives the error for those who wait for it
   */
  protected abstract startThread(seed: ThreadSeed, die: (reason: string) => XformerError): Thread;

  abstract pause(): Promise<void>;

  /** @throws XformerError when a thread has died */
  async run<J extends Job>(job: J, signal?: AbortSignal): Promise<void> {
    const wanted = Math.min(this.threads, job.items) - 1;
    if (wanted > 0 && this.#others.length === 0) await this.#start();
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

  /** Waits for the others to run out of items, and hears when one of them dies. */
  async #allArrived(): Promise<void> {
    const finished = performance.now();
    while (this.#dead === undefined && !this.#control.allArrived(this.#others.length, PATIENCE)) {
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

  async close(): Promise<void> {
    this.main.resources.close();
    this.#control.stop();
    await Promise.all(this.#others.map((thread) => thread.end()));
    this.#others.length = 0;
  }

  async #start(): Promise<void> {
    const { model, workbench } = this.main;
    const seed: ThreadSeed = {
      memory: workbench.heap.wasm,
      config: model.config,
      parameters: model.parameters.pointer,
      packList: workbench.packs.list,
      control: this.#control.pointer,
    };
    const die = (reason: string): XformerError => {
      this.#dead ??= reason;
      return failed(reason);
    };
    for (let i = 1; i < this.threads; i++) this.#others.push(this.startThread(seed, die));
    await Promise.all(this.#others.map(({ ready }) => ready));
  }
}

/** A further thread's replica, over the parameters of the first one's. */
export function joinReplica(
  { memory, config, parameters, packList }: ThreadSeed,
  own: Pick<ReplicaParts, "kernels" | "openCorpus">,
): Replica {
  return createReplica({ ...own, config, heap: new Heap(memory), parametersAt: parameters, packList });
}

/**
 * A further thread's life: does items of jobs until it is sent home.
 *
 * @param ready called when no job can be missed any more
 */
export function takeJobs(replica: Replica, seed: ThreadSeed, jobs: Jobs, ready: () => void): void {
  const control = new Control(replica.workbench.heap, seed.control);
  let ticket = control.ticket;
  ready();
  for (let job = control.nextJob(ticket); job !== undefined; job = control.nextJob(ticket)) {
    const current = job;
    ticket = control.ticket;
    try {
      const work = workOf(jobs, current);
      doSteps(control.takeItems(current, (item) => work(replica, current, item)));
    } catch (error) {
      control.fail(describeFailure(error));
    }
    control.arrive();
  }
}

/** A failure as a thread reports it: those that a user can mend keep all they say. */
function describeFailure(error: unknown): string {
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
