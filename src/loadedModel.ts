import { type Partner, Translator } from "./decoding/translator.ts";
import { XformerError } from "./errors.ts";
import { JOBS } from "./jobs.ts";
import type { KernelSetName } from "./kernels/kernels.ts";
import { Transformer } from "./model/transformer.ts";
import { WorkerPool } from "./replicas/workerPool.ts";
import type { Heap } from "./tensor/heap.ts";
import { loadCheckpoint } from "./training/checkpoint.ts";
import { type Checkpoint, type CheckpointDescription, restore } from "./training/checkpointFormat.ts";

/** On what a model is to compute; results depend on none of it. */
export interface ComputingOptions {
  /** Threads to compute on; by default one a core. */
  readonly threads?: number | undefined;
  /** What computes; by default the fastest kernels that run here. */
  readonly kernels?: KernelSetName | undefined;
}

/** A model from a checkpoint, or an ensemble of several, in this process: what commands translate and score with. */
export class LoadedModel {
  /** What the (first) checkpoint says about itself. */
  readonly description: CheckpointDescription & { readonly file: string };
  readonly translator: Translator;
  /** Why it does not compute as fast as it could, if there is something that keeps it from that. */
  readonly warning: string | undefined;

  constructor(description: LoadedModel["description"], translator: Translator, warning?: string) {
    this.description = description;
    this.translator = translator;
    this.warning = warning;
  }

  /** Ends the model's threads; they would not keep the process alive, but hold on to memory. */
  close(): Promise<void> {
    return this.translator.close();
  }
}

/**
 * Loads a trained model, or several to be used as an ensemble: tokens then have the mean of the probabilities that
 * the models give them.
 *
 * @param path a run directory (then its best model) or a checkpoint file; or several
 * @throws XformerError CHECKPOINT or IO naming the file and what is wrong with it; CHECKPOINT when models of an
 *   ensemble have different target vocabularies
 */
export async function loadFiles(
  path: string | readonly string[],
  options: ComputingOptions = {},
): Promise<LoadedModel> {
  const [first, ...others] = [path].flat();
  if (first === undefined)
    throw new XformerError("USAGE", "no model is named", { hint: "Name at least one." });
  const started = startModel(loadCheckpoint(first), options);
  for (const other of others) started.join(loadCheckpoint(other)); // one at a time is in memory twice
  return started.finish();
}

/** A model to which others of its ensemble may be added before it is used. */
export interface StartedModel {
  /** @throws XformerError CHECKPOINT when it has another target vocabulary */
  join(checkpoint: Checkpoint): void;
  finish(): LoadedModel;
}

/** Makes room for a model, on as many threads as there are to be, and fills it from its checkpoint. */
export function startModel(checkpoint: Checkpoint, options: ComputingOptions = {}): StartedModel {
  const { tensors: _, ...description } = checkpoint;
  const pool = new WorkerPool(checkpoint.model, JOBS, options);
  const { heap } = pool.main.workbench;
  restore(checkpoint, pool.main.model, heap);
  const partners: Partner[] = [];
  return {
    join: (other) => void partners.push(partnerOf(other, description, heap)),
    finish: () => {
      pool.weightsChanged();
      const { sourceTokenizer, targetTokenizer } = description;
      const translator = new Translator(pool, sourceTokenizer, targetTokenizer, description, partners);
      return new LoadedModel(description, translator, pool.warning);
    },
  };
}

/** A further model of an ensemble, in the memory of the first. */
function partnerOf(checkpoint: Checkpoint, first: LoadedModel["description"], heap: Heap): Partner {
  const theirs = JSON.stringify(checkpoint.targetTokenizer.toJSON());
  if (theirs !== JSON.stringify(first.targetTokenizer.toJSON())) {
    throw new XformerError("CHECKPOINT", `its target vocabulary is not that of ${first.file}`, {
      file: checkpoint.file,
      hint: "Train the models of an ensemble on the same text with the same tokenizer, and different seeds.",
    });
  }
  const model = new Transformer(checkpoint.model, heap);
  restore(checkpoint, model, heap);
  return { model, sourceTokenizer: checkpoint.sourceTokenizer };
}
