// Milliseconds and tokens per second of whole training steps (forward, backward, clipping, Adam), on one and on all
// threads, with dropout 0.1 and label smoothing 0.1. Every token counted is a real one: there is no padding.
import { perform } from "../dist/jobs.js";
import { createRandom } from "../dist/random.js";
import { ReplicaPool } from "../dist/replicas/pool.js";
import { DEFAULT_TRAINING } from "../dist/training/config.js";
import { TrainingStep } from "../dist/training/step.js";
import { summary } from "./timing.mjs";

/** Sentences of `length` source tokens and as many target tokens, ENDs included. */
const SIZES = [
  { name: "tiny", dModel: 64, nHeads: 4, dFF: 128, layers: 2, vocabulary: 64, length: 16, rounds: 60 },
  { name: "small", dModel: 128, nHeads: 4, dFF: 512, layers: 2, vocabulary: 1000, length: 20, rounds: 25 },
  { name: "medium", dModel: 256, nHeads: 4, dFF: 1024, layers: 3, vocabulary: 4000, length: 20, rounds: 9 },
];
const SENTENCES = 64;

export async function measureTraining({ threads }) {
  const rows = [];
  for (const size of SIZES) {
    const contenders = await Promise.all([...new Set([1, threads])].map((count) => prepare(size, count)));
    // Rounds alternate between the contenders, so that a slow spell of the machine falls on all alike.
    for (let round = 0; round < size.rounds; round++)
      for (const contender of contenders) await contender.measure();
    for (const { count, milliseconds, close } of contenders) {
      const { best, median } = summary(milliseconds);
      const tokens = 2 * SENTENCES * size.length;
      rows.push({
        size: size.name,
        threads: count,
        "ms best": Number(best.toFixed(1)),
        "ms median": Number(median.toFixed(1)),
        "tokens/s best": Math.round((1000 * tokens) / best),
        "tokens/s median": Math.round((1000 * tokens) / median),
      });
      await close();
    }
  }
  return rows;
}

async function prepare({ dModel, nHeads, dFF, layers, vocabulary, length }, count) {
  const config = {
    ...{
      dModel,
      nHeads,
      dFF,
      nEncoderLayers: layers,
      nDecoderLayers: layers,
      dropout: 0.1,
      maxLength: length,
    },
    ...{ norm: "post", activation: "relu", positions: "sinusoidal", tie: "none" },
    ...{ sourceVocabSize: vocabulary, targetVocabSize: vocabulary },
  };
  const pool = new ReplicaPool(config, perform, count);
  pool.main.model.initialise(1);
  const step = new TrainingStep(
    pool,
    { bosId: 1, eosId: 2 },
    { ...DEFAULT_TRAINING, labelSmoothing: 0.1, clipNorm: 1 },
  );
  const random = createRandom(1);
  const sentence = () => Int32Array.from({ length: length - 1 }, () => 3 + random.below(vocabulary - 3));
  const pairs = Array.from({ length: SENTENCES }, (_, index) => ({
    source: sentence(),
    target: sentence(),
    index,
  }));
  const milliseconds = [];
  let steps = 0;
  const learn = async () => {
    const start = performance.now();
    steps++;
    const { norm } = await step.gradients(pairs, steps);
    await step.update(steps, 1e-4, norm);
    return performance.now() - start;
  };
  for (let i = 0; i < 3; i++) await learn(); // the first steps compile
  return {
    count,
    milliseconds,
    measure: async () => milliseconds.push(await learn()),
    close: () => pool.close(),
  };
}
