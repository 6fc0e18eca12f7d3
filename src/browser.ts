import "./globals.ts";
import { DECODING_JOBS } from "./decoding/decodingJobs.ts";
import { Translator } from "./decoding/translator.ts";
import { crc32 } from "./io/crc32.ts";
import { relaxed, strict } from "./kernels/embedded.js";
import { supportsRelaxedSimd, webAssemblySet } from "./kernels/webAssemblySet.ts";
import type { CallOptions } from "./library/calls.ts";
import { fetchBytes } from "./library/fetchBytes.ts";
import { localEngine } from "./library/localEngine.ts";
import { type TrainedModel, trainedModel } from "./library/trainedModel.ts";
import { SinglePool } from "./replicas/pool.ts";
import { parseCheckpoint, restore } from "./training/checkpointFormat.ts";

export type { Link } from "./decoding/alignments.ts";
export type { DecodingOptions } from "./decoding/options.ts";
export type { PairScore } from "./decoding/scorer.ts";
export type { StreamedToken } from "./decoding/tokenStream.ts";
export type { Attention, TranslatedHypothesis, Translation } from "./decoding/translation.ts";
export { type ErrorCode, type ErrorPlace, XformerError } from "./errors.ts";
export type { CallOptions, Progress, Results } from "./library/calls.ts";
export type { ModelDescription } from "./library/engine.ts";
export type { Evaluation, EvaluationOptions } from "./library/evaluation.ts";
export type { Pair, PairColumns, PairStream, ReferencePair, Stream } from "./library/pairs.ts";
export type { TrainedModel, TranslateOptions } from "./library/trainedModel.ts";

/**
 * Loads a model in a page, or wherever there is WebAssembly with SIMD and nothing else: it computes on the calling
 * thread, and gives way to the page every 25 ms. In a Web Worker the page stays free altogether.
 *
 * @param place the bytes of a checkpoint, or where to fetch them
 * @throws XformerError CHECKPOINT or IO saying what is wrong with it; the reason of `options.signal` when it aborts
 *
 * @example
 * import { loadModel } from "xformer/browser";
 *
 * const model = await loadModel(new URL("/models/best.safetensors", location.href));
 * const { text } = await model.translate("我很好。");
 */
export async function loadModel(
  place: URL | ArrayBuffer | Uint8Array,
  options: CallOptions = {},
): Promise<TrainedModel> {
  const { bytes, name } = await bytesAt(place, options);
  const checkpoint = parseCheckpoint(bytes, name, crc32);
  const build = supportsRelaxedSimd() ? "relaxed" : "strict";
  const pool = new SinglePool(
    checkpoint.model,
    webAssemblySet(build, decoded(build === "relaxed" ? relaxed : strict)),
    DECODING_JOBS,
    pause,
  );
  restore(checkpoint, pool.main.model, pool.main.workbench.heap);
  pool.weightsChanged();
  const { sourceTokenizer, targetTokenizer } = checkpoint;
  const translator = new Translator(pool, sourceTokenizer, targetTokenizer, checkpoint);
  return trainedModel(localEngine(translator, checkpoint, name));
}

async function bytesAt(place: URL | ArrayBuffer | Uint8Array, options: CallOptions) {
  if (place instanceof URL) return fetchBytes(place, options);
  return { bytes: place instanceof Uint8Array ? place : new Uint8Array(place), name: "bytes" };
}

function decoded(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** What is used of a message port, which Node's types and the DOM's describe differently. */
interface Port {
  onmessage: () => void;
  postMessage(message: unknown): void;
  close(): void;
}

/** Lets the page have its turn: timers of a page wait at least 4 ms, messages do not. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel() as unknown as Record<"port1" | "port2", Port>;
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
