import type { DecodingOptions } from "./decoding/options.ts";
import { type Partner, Translator } from "./decoding/translator.ts";
import { XformerError } from "./errors.ts";
import { JOBS } from "./jobs.ts";
import type { KernelSetName } from "./kernels/kernels.ts";
import { Transformer } from "./model/transformer.ts";
import { WorkerPool } from "./replicas/workerPool.ts";
import type { Heap } from "./tensor/heap.ts";
import { loadCheckpoint } from "./training/checkpoint.ts";
import { type CheckpointDescription, restore } from "./training/checkpointFormat.ts";

/** A model from a checkpoint, ready to translate and to score. */
export class TrainedModel {
  /** What the checkpoint says about itself. */
  readonly description: CheckpointDescription & { readonly file: string };
  readonly translator: Translator;
  /** Why it does not compute as fast as it could, if there is something that keeps it from that. */
  readonly warning: string | undefined;

  constructor(
    description: CheckpointDescription & { readonly file: string },
    translator: Translator,
    warning?: string,
  ) {
    this.description = description;
    this.translator = translator;
    this.warning = warning;
  }

  /** Translates one line; an empty one when it holds no token. */
  async translate(line: string, options: DecodingOptions = {}): Promise<string> {
    const [translation] = await this.translateAll([line], options);
    return translation!;
  }

  /** Translates lines, one for one and in order; greedily unless options say otherwise. */
  async translateAll(lines: readonly string[], options: DecodingOptions = {}): Promise<string[]> {
    const translations = await this.translator.translate(lines, options);
    return translations.map(({ text }) => text);
  }

  /** Ends the model's threads; they would not keep the process alive, but hold on to memory. */
  close(): Promise<void> {
    return this.translator.pool.close();
  }
}

/**
 * Loads a trained model, or several to be used as an ensemble: tokens then have the mean of the probabilities that
 * the models give them.
 *
 * @param path a run directory (then its best model) or a checkpoint file; or several
 * @param options.threads threads to compute on; by default one a core
 * @param options.kernels what computes; by default the fastest kernels that run here
 * @throws XformerError CHECKPOINT or IO naming the file and what is wrong with it; CHECKPOINT when models of an
 *   ensemble have different target vocabularies
 *
 * @example
 * const model = await loadModel("runs/zh-en-1");
 * await model.translate("我很好。"); // "I am good."
 */
export async function loadModel(
  path: string | readonly string[],
  options: { readonly threads?: number | undefined; readonly kernels?: KernelSetName | undefined } = {},
): Promise<TrainedModel> {
  const [first, ...others] = [path].flat();
  if (first === undefined)
    throw new XformerError("USAGE", "no model is named", { hint: "Name at least one." });
  const checkpoint = loadCheckpoint(first);
  const { tensors: _, ...description } = checkpoint;
  const pool = new WorkerPool(checkpoint.model, JOBS, options);
  const { heap } = pool.main.workbench;
  restore(checkpoint, pool.main.model, heap);
  const partners = others.map((other) => loadPartner(other, description, heap));
  pool.weightsChanged();
  const { sourceTokenizer, targetTokenizer } = checkpoint;
  const translator = new Translator(pool, sourceTokenizer, targetTokenizer, checkpoint, partners);
  return new TrainedModel(description, translator, pool.warning);
}

/** A further model of an ensemble, in the memory of the first. */
function loadPartner(path: string, first: TrainedModel["description"], heap: Heap): Partner {
  const checkpoint = loadCheckpoint(path);
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
