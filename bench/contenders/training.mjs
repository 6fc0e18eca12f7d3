// Our training step, on the same sentences as `training.py`: dropout 0.1 wherever nn.Transformer drops (embeddings,
// sublayers, attention weights, inside the feed-forward network), label smoothing 0.1, clipping, Adam.
import { assembleBatch } from "../../dist/data/batches.js";
import { perform } from "../../dist/jobs.js";
import { ReplicaPool } from "../../dist/replicas/pool.js";
import { sharePairs } from "../../dist/replicas/sharedPairs.js";
import { Arena } from "../../dist/tensor/memory.js";
import { DEFAULT_TRAINING } from "../../dist/training/config.js";
import { cutShards } from "../../dist/training/feed.js";
import { TrainingStep } from "../../dist/training/step.js";
import { modelConfig } from "../sizes.mjs";
import { serve } from "./serve.mjs";

const [BOS, EOS] = [1, 2];
const RATE = 1e-4;

await serve(({ size, threads, batches }) => {
  const pool = new ReplicaPool(modelConfig(size, 0.1), perform, threads);
  pool.main.model.initialise(1);
  const training = { ...DEFAULT_TRAINING, labelSmoothing: 0.1, clipNorm: 1 };
  const step = new TrainingStep(pool, { bosId: BOS, eosId: EOS }, training);
  const pairs = batches.map((batch) =>
    batch.map(([source, target], index) => ({
      source: Int32Array.from(source),
      target: Int32Array.from(target),
      index,
    })),
  );
  const { memory } = pool.main.workbench;
  const arena = new Arena(memory);
  const share = (batch) => {
    const weights = batch.map(({ source, target }) => source.length + target.length + 2);
    const cuts = cutShards(weights, step.shards);
    return { shards: cuts.map((cut) => sharePairs(memory, arena, assembleBatch(batch.slice(...cut), EOS))) };
  };
  let steps = 0;
  return async () => {
    const batch = share(pairs[steps % pairs.length]);
    steps++;
    await step.add(batch, steps);
    await step.update(steps, RATE, await step.finish());
    arena.release();
  };
});
