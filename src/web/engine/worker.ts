import { crc32 } from "../../io/crc32.ts";
import { supportsRelaxedSimd, webAssemblySet } from "../../kernels/webAssemblySet.ts";
import { parseCheckpoint } from "../../training/checkpointFormat.ts";
import type {
  Answered,
  Asked,
  Builds,
  LessonEvent,
  ModelFacts,
  Plan,
  Questions,
  WorkshopFacts,
} from "../protocol.ts";
import { Explorer } from "./explorer.ts";
import { type Build, createPool, joinPool, type WebSeed } from "./webPool.ts";
import { Workshop } from "./workshop.ts";

// The engine of a page: answers one question after the other, in a thread of its own. Where it may have several it is
// also what runs on the others.

/** The kernels that compute, and on how many threads they may. */
let computing: { readonly build: Build; readonly threads: number } | undefined;
let explorer: Explorer | undefined;
let workshop: Workshop | undefined;

function post(answered: Answered, transfer: Transferable[] = []): void {
  self.postMessage(answered, { transfer });
}

function chooseKernels({ relaxed, strict, threads }: Builds): string {
  const name = supportsRelaxedSimd() ? "relaxed" : "strict";
  const build = { name, bytes: new Uint8Array(name === "relaxed" ? relaxed : strict) } as const;
  computing = { build, threads };
  return name;
}

function load({ model }: Questions["load"]["takes"]): ModelFacts {
  const { build } = there(computing);
  const checkpoint = parseCheckpoint(new Uint8Array(model), "the model of this page", crc32);
  explorer = new Explorer(checkpoint, webAssemblySet(build.name, build.bytes));
  return explorer.facts;
}

async function begin(plan: Plan): Promise<WorkshopFacts> {
  await workshop?.close();
  const tell = (event: LessonEvent): void => post({ event });
  const { build, threads } = there(computing);
  workshop = new Workshop(plan, (config) => createPool(config, build, threads), tell);
  return workshop.facts;
}

/** What a question before this one has made. */
function there<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Error("nothing is loaded yet");
  return thing;
}

async function answer({ name, takes }: Asked): Promise<Questions[keyof Questions]["gives"]> {
  switch (name) {
    case "kernels":
      return chooseKernels(takes);
    case "load":
      return load(takes);
    case "walk":
      return there(explorer).walk(takes);
    case "trace":
      return there(explorer).trace(takes);
    case "beam":
      return there(explorer).beam(takes);
    case "embeddings":
      return there(explorer).embeddings(takes);
    case "neighbours":
      return there(explorer).neighbours(takes);
    case "map":
      return there(explorer).map(takes);
    case "positions":
      return there(explorer).positions(takes);
    case "lesson":
      return there(explorer).lesson(takes);
    case "begin":
      return begin(takes);
    case "go":
      there(workshop).go(takes.steps);
      return null;
    case "hold":
      there(workshop).hold();
      return null;
    case "change":
      await there(workshop).change(takes);
      return null;
    case "checkpoint":
      return (await there(workshop).checkpoint()).buffer;
  }
}

let answered: Promise<void> = Promise.resolve();

self.addEventListener("message", ({ data }: MessageEvent<Asked | { readonly join: WebSeed }>) => {
  if ("join" in data) {
    joinPool(data.join);
    return;
  }
  const { id } = data;
  answered = answered
    .then(() => answer(data))
    .then(
      (gives) => post({ id, gives }),
      (error: unknown) => post({ id, error: error instanceof Error ? error.message : String(error) }),
    );
});
