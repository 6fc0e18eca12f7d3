import { Worker } from "node:worker_threads";
import type { StreamedToken } from "../decoding/tokenStream.ts";
import type { Translation } from "../decoding/translation.ts";
import { XformerError } from "../errors.ts";
import { packageFile } from "../io/packageFiles.ts";
import type { ComputingOptions } from "../loadedModel.ts";
import { tokenizerFromJSON } from "../text/tokenizerKinds.ts";
import type { CallOptions } from "./calls.ts";
import type { Engine } from "./engine.ts";
import {
  type Answer,
  errorOf,
  type Loaded,
  type ModelSeed,
  type Request,
  type SentPlace,
} from "./messages.ts";
import type { ModelPlace } from "./places.ts";

/** Number of the answers about the loading. */
const LOADING = 0;

/** A call that is waiting for its answer. */
interface Waiting extends CallOptions {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly onToken?: (token: StreamedToken) => void;
}

/** A call without its number. */
type Call = { [R in Request as R["call"]]: Pick<R, "call" | "args"> }[Request["call"]];

/** Loads models in a thread of their own, which has further threads to compute on: this one only waits for answers. */
export async function workerEngine(
  places: readonly ModelPlace[],
  options: ComputingOptions & CallOptions,
): Promise<Engine> {
  const { threads, kernels, signal, onProgress } = options;
  signal?.throwIfAborted();
  const seed: ModelSeed = { places: places.map(sent), threads, kernels };
  const line = new Line(new Worker(packageFile("dist/modelWorker.js"), { workerData: seed, execArgv: [] }));
  let loaded: Loaded;
  try {
    loaded = (await line.answer(LOADING, { signal, onProgress })) as Loaded;
  } catch (error) {
    await line.hangUp();
    throw error;
  }
  const { sourceTokenizer, targetTokenizer, ...known } = loaded;
  return {
    ...known,
    sourceTokenizer: tokenizerFromJSON(sourceTokenizer),
    targetTokenizer: tokenizerFromJSON(targetTokenizer),
    translate: (lines, { signal, ...decoding }) =>
      line.ask({ call: "translate", args: [lines, decoding] }, { signal }) as Promise<Translation[]>,
    score: (sources, targets, signal) =>
      line.ask({ call: "score", args: [[...sources], [...targets]] }, { signal }) as ReturnType<
        Engine["score"]
      >,
    evaluate: (pairs, settings, call) =>
      line.ask({ call: "evaluate", args: [pairs, settings] }, call) as ReturnType<Engine["evaluate"]>,
    trace: (source, target, signal) =>
      line.ask({ call: "trace", args: [source, target] }, { signal }) as ReturnType<Engine["trace"]>,
    stream: (text, { signal, ...decoding }) =>
      line.follow({ call: "stream", args: [text, decoding] }, signal) as ReturnType<Engine["stream"]>,
    close: async () => {
      await line.ask({ call: "close", args: [] });
      await line.hangUp();
    },
  };
}

function sent(place: ModelPlace): SentPlace {
  return place instanceof URL ? place.href : place;
}

/** The line to a thread: questions go, answers come. */
class Line {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #newest = LOADING;
  #dead: XformerError | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on("message", (answer: Answer) => this.#hear(answer));
    worker.on("error", (error) => this.#die(error.message, error));
    worker.on("exit", (code) => this.#die(`it exited with code ${code}`));
  }

  /** Asks for something and waits for the answer. */
  ask(call: Call, options: Omit<Waiting, "resolve" | "reject"> = {}): Promise<unknown> {
    options.signal?.throwIfAborted();
    const id = ++this.#newest;
    const answer = this.answer(id, options);
    if (this.#dead === undefined) this.#worker.postMessage({ id, ...call });
    return answer;
  }

  /** Waits for the answer of that number. */
  async answer(id: number, options: Omit<Waiting, "resolve" | "reject">): Promise<unknown> {
    if (this.#dead !== undefined) throw this.#dead;
    const { signal } = options;
    // The thread is told, and answers that it has stopped; while it loads it cannot listen, and need not stop by itself.
    const abort = (): void => {
      if (id === LOADING) this.#settle(id, ({ reject }) => reject(signal?.reason));
      else this.#worker.postMessage({ id, call: "abort" });
    };
    signal?.addEventListener("abort", abort);
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting.set(id, { ...options, resolve, reject });
        this.#worker.ref(); // whoever waits keeps the program alive, a model that is idle does not
      });
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Asks for something that comes bit by bit. */
  async *follow(
    call: Call,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<StreamedToken, unknown, undefined> {
    const tokens: StreamedToken[] = [];
    const left = new AbortController();
    const either = signal === undefined ? left.signal : AbortSignal.any([signal, left.signal]);
    let wake = (): void => {};
    let isDone = false;
    const onToken = (token: StreamedToken): void => {
      tokens.push(token);
      wake();
    };
    const answer = this.ask(call, { signal: either, onToken }).finally(() => {
      isDone = true;
      wake();
    });
    answer.catch(() => {}); // it is told below, when the tokens before it have been given
    try {
      for (;;) {
        const token = tokens.shift();
        if (token !== undefined) yield token;
        else if (isDone) return await answer;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    } finally {
      if (!isDone) left.abort();
    }
  }

  /** Ends the thread. */
  async hangUp(): Promise<void> {
    this.#dead = new XformerError("USAGE", "the model is closed", { hint: "Load it again." });
    await this.#worker.terminate();
  }

  #hear(answer: Answer): void {
    const { id } = answer;
    if (answer.type === "progress") this.#waiting.get(id)?.onProgress?.(answer.progress);
    else if (answer.type === "token") this.#waiting.get(id)?.onToken?.(answer.token);
    else if (answer.type === "done") this.#settle(id, ({ resolve }) => resolve(answer.value));
    else {
      this.#settle(id, ({ reject, signal }) =>
        reject(signal?.aborted ? signal.reason : errorOf(answer.failure)),
      );
    }
  }

  #settle(id: number, settle: (waiting: Waiting) => void): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#worker.unref();
    settle(waiting);
  }

  #die(reason: string, cause?: unknown): void {
    this.#dead ??= new XformerError("CONFIG", `the thread of the model died: ${reason}`, {
      hint: "If memory ran out, use a smaller model or fewer threads.",
      cause,
    });
    const dead = this.#dead;
    for (const id of [...this.#waiting.keys()]) this.#settle(id, ({ reject }) => reject(dead));
  }
}
