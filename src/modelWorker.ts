// The entry point of the thread that a model is loaded in with `worker: true`: does what it is asked, and tells.
import { parentPort, workerData } from "node:worker_threads";
import type { CallOptions } from "./library/calls.ts";
import type { Engine } from "./library/engine.ts";
import { loadEngine } from "./library/loadModel.ts";
import {
  type Abort,
  type Answer,
  failureOf,
  type Loaded,
  type ModelSeed,
  type Request,
} from "./library/messages.ts";

const { places, ...options } = workerData as ModelSeed;
/** What ends the calls under way. */
const calls = new Map<number, AbortController>();

const post = (answer: Answer): void => parentPort!.postMessage(answer);

/** Does a call, and answers. */
async function answer(id: number, work: (call: CallOptions) => Promise<unknown>): Promise<void> {
  const controller = new AbortController();
  calls.set(id, controller);
  try {
    const onProgress: CallOptions["onProgress"] = (progress) => post({ id, type: "progress", progress });
    post({ id, type: "done", value: await work({ signal: controller.signal, onProgress }) });
  } catch (error) {
    post({ id, type: "failed", failure: failureOf(error) });
  } finally {
    calls.delete(id);
  }
}

function perform(engine: Engine, request: Request, call: CallOptions): Promise<unknown> {
  const { signal } = call;
  switch (request.call) {
    case "translate":
      return engine.translate(request.args[0], { ...request.args[1], signal });
    case "score":
      return engine.score(...request.args, signal);
    case "trace":
      return engine.trace(...request.args, signal);
    case "evaluate":
      return engine.evaluate(...request.args, call);
    case "stream":
      return follow(engine, request, signal);
    case "close":
      return engine.close();
  }
}

async function follow(
  engine: Engine,
  { id, args }: Request & { readonly call: "stream" },
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const stream = engine.stream(args[0], { ...args[1], signal });
  for (;;) {
    const { done, value } = await stream.next();
    if (done) return value;
    post({ id, type: "token", token: value });
  }
}

void answer(0, async ({ onProgress }): Promise<Loaded> => {
  const engine = await loadEngine(places, { ...options, onProgress });
  parentPort!.on("message", (request: Request | Abort) => {
    if (request.call === "abort") calls.get(request.id)?.abort();
    else void answer(request.id, (call) => perform(engine, request, call));
  });
  const { description, warning, linesAtATime } = engine;
  return {
    description,
    warning,
    linesAtATime,
    sourceTokenizer: engine.sourceTokenizer.toJSON(),
    targetTokenizer: engine.targetTokenizer.toJSON(),
  };
});
