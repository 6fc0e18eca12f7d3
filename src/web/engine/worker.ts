import { crc32 } from "../../io/crc32.ts";
import type { KernelSet } from "../../kernels/kernels.ts";
import { supportsRelaxedSimd, webAssemblySet } from "../../kernels/webAssemblySet.ts";
import { parseCheckpoint } from "../../training/checkpointFormat.ts";
import type { Answered, Asked, Builds, LessonEvent, Plan, Questions, WorkshopFacts } from "../protocol.ts";
import { Explorer } from "./explorer.ts";
import { Workshop } from "./workshop.ts";

// The engine of a page: answers one question after the other, in a thread of its own.

let kernels: KernelSet | undefined;
let explorer: Explorer | undefined;
let workshop: Workshop | undefined;

function post(answered: Answered, transfer: Transferable[] = []): void {
  self.postMessage(answered, { transfer });
}

function chooseKernels({ relaxed, strict }: Builds): string {
  const name = supportsRelaxedSimd() ? "relaxed" : "strict";
  kernels = webAssemblySet(name, new Uint8Array(name === "relaxed" ? relaxed : strict));
  return name;
}

async function begin(plan: Plan): Promise<WorkshopFacts> {
  await workshop?.close();
  const tell = (event: LessonEvent): void => post({ event });
  workshop = new Workshop(plan, there(kernels), tell);
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
      explorer = new Explorer(
        parseCheckpoint(new Uint8Array(takes.model), "the model of this page", crc32),
        there(kernels),
      );
      return explorer.facts;
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
    case "changeRate":
      await there(workshop).changeRate(takes.learningRate);
      return null;
    case "checkpoint":
      return there(workshop).checkpoint().buffer;
  }
}

self.addEventListener("message", ({ data }: MessageEvent<Asked>) => {
  const { id } = data;
  answer(data).then(
    (gives) => post({ id, gives }),
    (error: unknown) => post({ id, error: error instanceof Error ? error.message : String(error) }),
  );
});
