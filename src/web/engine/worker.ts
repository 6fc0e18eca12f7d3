import { supportsRelaxedSimd, webAssemblySet } from "../../kernels/webAssemblySet.ts";
import { parseCheckpoint } from "../../training/checkpointFormat.ts";
import type { Answered, Asked, ModelFacts, Questions } from "../protocol.ts";
import { crc32 } from "./crc32.ts";
import { Explorer } from "./explorer.ts";

let explorer: Explorer | undefined;

function load({ model, relaxed, strict }: Questions["load"]["takes"]): ModelFacts {
  const name = supportsRelaxedSimd() ? "relaxed" : "strict";
  const kernels = webAssemblySet(name, new Uint8Array(name === "relaxed" ? relaxed : strict));
  explorer = new Explorer(parseCheckpoint(new Uint8Array(model), "the model of this page", crc32), kernels);
  return explorer.facts;
}

function answer({ name, takes }: Asked): Questions[keyof Questions]["gives"] {
  if (name === "load") return load(takes);
  if (explorer === undefined) throw new Error("no model is loaded yet");
  switch (name) {
    case "walk":
      return explorer.walk(takes);
    case "trace":
      return explorer.trace(takes);
    case "beam":
      return explorer.beam(takes);
    case "embeddings":
      return explorer.embeddings(takes);
    case "neighbours":
      return explorer.neighbours(takes);
    case "map":
      return explorer.map(takes);
    case "positions":
      return explorer.positions(takes);
    case "lesson":
      return explorer.lesson(takes);
  }
}

self.addEventListener("message", ({ data }: MessageEvent<Asked>) => {
  const { id } = data;
  let answered: Answered;
  try {
    answered = { id, gives: answer(data) };
  } catch (error) {
    answered = { id, error: error instanceof Error ? error.message : String(error) };
  }
  self.postMessage(answered);
});
