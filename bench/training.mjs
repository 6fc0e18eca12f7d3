// Milliseconds and tokens per second of whole training steps (forward, backward, clipping, Adam), on one and on all
// threads, with dropout 0.1 and label smoothing 0.1; beside PyTorch on the same work when asked for. Every token
// counted is a real one: there is no padding.
import { perform } from "../dist/jobs.js";
import { createRandom } from "../dist/random.js";
import { ReplicaPool } from "../dist/replicas/pool.js";
import { DEFAULT_TRAINING } from "../dist/training/config.js";
import { TrainingStep } from "../dist/training/step.js";
import { rounded, summary } from "./timing.mjs";
import { prepareTorch } from "./torch.mjs";

/** Sentences of `length` source tokens and as many target tokens, ENDs included. */
const SIZES = [
  { name: "tiny", dModel: 64, nHeads: 4, dFF: 128, layers: 2, vocabulary: 64, length: 16, rounds: 60 },
  { name: "small", dModel: 128, nHeads: 4, dFF: 512, layers: 2, vocabulary: 1000, length: 20, rounds: 25 },
  { name: "medium", dModel: 256, nHeads: 4, dFF: 1024, layers: 3, vocabulary: 4000, length: 20, rounds: 9 },
  {
    name: "large",
    dModel: 512,
    nHeads: 8,
    dFF: 2048,
    layers: 6,
    vocabulary: 8000,
    length: 24,
    rounds: 3,
    large: true,
  },
];
const SENTENCES = 64;

export async function measureTraining({ threads, torch, sizes }) {
  const rows = [];
  for (const size of SIZES) {
    if (sizes === undefined ? size.large : !sizes.includes(size.name)) continue;
    const counts = [...new Set([1, threads])];
    const contenders = await Promise.all(
      counts.map((count) => prepareXformer(size, count, [randomPairs(size, SENTENCES)])),
    );
    if (torch) contenders.push(await prepareTorch(size, threads, { sentences: SENTENCES }));
    // Rounds alternate between the contenders, so that a slow spell of the machine falls on all alike.
    for (let round = 0; round < size.rounds; round++) {
      for (const contender of contenders) await contender.measure();
    }
    const tokens = 2 * SENTENCES * size.length;
    for (const { who, threads: count, milliseconds, memory } of contenders) {
      const { best, median } = summary(milliseconds);
      rows.push({
        size: size.name,
        who,
        threads: count,
        "ms best": rounded(best),
        "ms median": rounded(median),
        "tokens/s best": Math.round((1000 * tokens) / best),
        "tokens/s median": Math.round((1000 * tokens) / median),
        "RSS MB": memory(),
      });
    }
    if (torch) rows.push(ratio(size.name, contenders.at(-1), contenders.at(-2)));
    for (const { close } of contenders) await close();
  }
  return rows;
}

/** How many times as fast as the first the second is. */
function ratio(size, first, second) {
  const [a, b] = [summary(first.milliseconds), summary(second.milliseconds)];
  return {
    size,
    who: `${second.who} over ${first.who}`,
    threads: second.threads,
    "ms best": `${rounded(a.best / b.best, 2)}x`,
    "ms median": `${rounded(a.median / b.median, 2)}x`,
  };
}

/** Random sentences of the size's length. */
export function randomPairs({ vocabulary, length }, sentences) {
  const random = createRandom(1);
  const sentence = () => Int32Array.from({ length: length - 1 }, () => 3 + random.below(vocabulary - 3));
  return Array.from({ length: sentences }, (_, index) => ({ source: sentence(), target: sentence(), index }));
}

/** A model that learns one of the batches, in turn, whenever it is told to. */
export async function prepareXformer(size, threads, batches) {
  const { dModel, nHeads, dFF, layers, vocabulary, length } = size;
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
  const pool = new ReplicaPool(config, perform, threads);
  pool.main.model.initialise(1);
  const training = { ...DEFAULT_TRAINING, labelSmoothing: 0.1, clipNorm: 1 };
  const step = new TrainingStep(pool, { bosId: 1, eosId: 2 }, training);
  const milliseconds = [];
  let steps = 0;
  const learn = async () => {
    const start = performance.now();
    const batch = batches[steps % batches.length];
    steps++;
    const { norm } = await step.gradients(batch, steps);
    await step.update(steps, 1e-4, norm);
    return performance.now() - start;
  };
  for (let i = 0; i < Math.max(3, batches.length); i++) await learn(); // the first steps compile
  steps = 0;
  const measure = async () => milliseconds.push(await learn());
  const memory = () => Math.round(process.memoryUsage.rss() / 2 ** 20);
  return { who: "xformer", threads, milliseconds, measure, close: () => pool.close(), memory };
}
