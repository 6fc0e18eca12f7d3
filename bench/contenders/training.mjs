// Our training step, on the same sentences as `training.py`: dropout 0.1 wherever nn.Transformer drops (embeddings,
// sublayers, attention weights, inside the feed-forward network), label smoothing 0.1, clipping, Adam.
import { JOBS } from "../../dist/jobs.js";
import { layOut } from "../../dist/model/batch.js";
import { WorkerPool } from "../../dist/replicas/workerPool.js";
import { Arena } from "../../dist/tensor/heap.js";
import { DEFAULT_TRAINING } from "../../dist/training/config.js";
import { cutShards } from "../../dist/training/feed.js";
import { TrainingStep } from "../../dist/training/step.js";
import { modelConfig } from "../sizes.mjs";
import { serve } from "./serve.mjs";

const SPECIAL = { bosId: 1, eosId: 2 };
const RATE = 1e-4;

await serve(({ size, threads, batches }) => {
  const pool = new WorkerPool(modelConfig(size, 0.1), JOBS, { threads });
  pool.main.model.initialise(1);
  const training = { ...DEFAULT_TRAINING, labelSmoothing: 0.1, clipNorm: 1 };
  const step = new TrainingStep(pool, training);
  const pairs = batches.map((batch) =>
    batch.map(([source, target], index) => ({
      source: Int32Array.from(source),
      target: Int32Array.from(target),
      index,
    })),
  );
  const { heap } = pool.main.workbench;
  const arena = new Arena(heap);
  const share = (batch) => {
    const weights = batch.map(({ source, target }) => source.length + target.length + 2);
    const cuts = cutShards(weights, step.shards);
    return { shards: cuts.map((cut) => layOut(heap, arena, batch.slice(...cut), SPECIAL)), next: null };
  };
  let steps = 0;
  return async () => {
    const batch = share(pairs[steps % pairs.length]);
    steps++;
    await step.take([batch], steps, { update: steps, rate: RATE });
    arena.release();
  };
});
