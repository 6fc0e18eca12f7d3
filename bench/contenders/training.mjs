// Our training step, on the same sentences as `training.py`: dropout 0.1 wherever nn.Transformer drops (embeddings,
// sublayers, attention weights, inside the feed-forward network), label smoothing 0.1, clipping, Adam.
import { perform } from "../../dist/jobs.js";
import { ReplicaPool } from "../../dist/replicas/pool.js";
import { DEFAULT_TRAINING } from "../../dist/training/config.js";
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
  let steps = 0;
  return async () => {
    const batch = pairs[steps % pairs.length];
    steps++;
    const { norm } = await step.gradients(batch, steps);
    await step.update(steps, RATE, norm);
  };
});
