// Our greedy translation, as `xformer translate` does it: from text to text, in batches over all threads, with a cache of
// keys and values. `translation.py` decodes with the same weights.
import { Translator } from "../../dist/decoding/translator.js";
import { readSafetensors } from "../../dist/io/safetensors.js";
import { JOBS } from "../../dist/jobs.js";
import { WorkerPool } from "../../dist/replicas/workerPool.js";
import { restore } from "../../dist/training/checkpointFormat.js";
import { modelConfig, vocabularyOf } from "../sizes.mjs";
import { serve } from "./serve.mjs";

await serve(({ size, threads, weights, lines, maxLength }) => {
  const pool = new WorkerPool(modelConfig(size, 0), JOBS, { threads });
  restore({ ...readSafetensors(weights), file: weights }, pool.main.model, pool.main.workbench.heap);
  pool.weightsChanged();
  const tokenizer = vocabularyOf(size);
  const translator = new Translator(pool, tokenizer, tokenizer, { outputLimit: 1 });
  return async () => {
    const translations = await translator.translate(lines, { maxLength, longLines: "keep" });
    return translations.map(({ text }) => text);
  };
});
