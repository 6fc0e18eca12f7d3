import type { DecodingOptions } from "./decoding/options.ts";
import { Translator } from "./decoding/translator.ts";
import { perform } from "./jobs.ts";
import { ReplicaPool } from "./replicas/pool.ts";
import { type CheckpointDescription, loadCheckpoint, restore } from "./training/checkpoint.ts";

/** A model from a checkpoint, ready to translate and to score. */
export class TrainedModel {
  /** What the checkpoint says about itself. */
  readonly description: CheckpointDescription & { readonly file: string };
  readonly translator: Translator;

  constructor(description: CheckpointDescription & { readonly file: string }, translator: Translator) {
    this.description = description;
    this.translator = translator;
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
 * Loads a trained model.
 *
 * @param path a run directory (then its best model) or a checkpoint file
 * @param options.threads threads to compute on; by default one a core
 * @throws XformerError CHECKPOINT or IO naming the file and what is wrong with it
 *
 * @example
 * const model = await loadModel("runs/zh-en-1");
 * await model.translate("我很好。"); // "I am good."
 */
export async function loadModel(
  path: string,
  options: { readonly threads?: number | undefined } = {},
): Promise<TrainedModel> {
  const checkpoint = loadCheckpoint(path);
  const { tensors: _, ...description } = checkpoint;
  const pool = new ReplicaPool(checkpoint.model, perform, options.threads);
  restore(checkpoint, pool.main.model, pool.main.workbench.memory);
  pool.weightsChanged();
  const { sourceTokenizer, targetTokenizer, outputLimit } = checkpoint;
  return new TrainedModel(description, new Translator(pool, sourceTokenizer, targetTokenizer, outputLimit));
}
