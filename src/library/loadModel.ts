import { XformerError } from "../errors.ts";
import { type ComputingOptions, startModel } from "../loadedModel.ts";
import type { CallOptions } from "./calls.ts";
import type { Engine } from "./engine.ts";
import { localEngine } from "./localEngine.ts";
import { type ModelPlace, readCheckpoint } from "./places.ts";
import { type TrainedModel, trainedModel } from "./trainedModel.ts";
import { workerEngine } from "./workerEngine.ts";

/** How a model is loaded. */
export interface LoadOptions extends ComputingOptions, CallOptions {
  /**
   * Whether the model computes in threads of its own only, so that the calling thread stays free for timers, requests
   * and input; else the calling thread computes too, and takes turns with what waits for it every 25 ms.
   */
  readonly worker?: boolean | undefined;
}

/**
 * Loads a trained model, or several to be used as an ensemble: tokens then have the mean of the probabilities that
 * the models give them.
 *
 * @param place a run directory, a checkpoint file, a URL or bytes; or several
 * @throws XformerError CHECKPOINT or IO naming the place and what is wrong with it; CHECKPOINT when models of an
 *   ensemble have different target vocabularies; the reason of `options.signal` when it aborts
 *
 * @example
 * await using model = await loadModel("runs/zh-en-1", { worker: true });
 * const { text } = await model.translate("我很好。"); // I am good.
 */
export async function loadModel(
  place: ModelPlace | readonly ModelPlace[],
  options: LoadOptions = {},
): Promise<TrainedModel> {
  const places = (Array.isArray(place) ? place : [place]) as readonly ModelPlace[];
  return trainedModel(await (options.worker ? workerEngine(places, options) : loadEngine(places, options)));
}

/** Loads models to compute with them in this thread and those of its pool. */
export async function loadEngine(
  [first, ...others]: readonly ModelPlace[],
  { threads, kernels, ...call }: LoadOptions,
): Promise<Engine> {
  if (first === undefined)
    throw new XformerError("USAGE", "no model is named", { hint: "Name at least one." });
  const started = startModel(await readCheckpoint(first, call), { threads, kernels });
  for (const other of others) started.join(await readCheckpoint(other, call)); // one at a time is in memory twice
  const { translator, description, warning } = started.finish();
  return localEngine(translator, description, description.file, warning);
}
