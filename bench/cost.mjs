// What a training step costs as the batch, the sentences or the model grow: microseconds a token, and nanoseconds a
// token and a thousand parameters (embeddings, which cost next to nothing, not counted), on all threads. The steps of
// what is compared alternate.
import { alternate, withContenders } from "./processes.mjs";
import { randomPairs } from "./sizes.mjs";
import { rounded, summary } from "./table.mjs";
import { trainingWork } from "./training.mjs";

const BASE = { dModel: 128, nHeads: 4, dFF: 512, layers: 2, vocabulary: 1000, length: 20, sentences: 64 };
const GROUPS = {
  batch: [16, 32, 64, 128, 256].map((sentences) => ({ ...BASE, sentences })),
  length: [8, 32, 128, 512].map((length) => ({ ...BASE, sentences: 2048 / length, length })),
  width: [64, 128, 256].map((dModel) => ({ ...BASE, dModel, dFF: 4 * dModel })),
};
const ROUNDS = 4;
/** Of a turn. */
const STEPS = 3;

export async function measureCost({ threads, rounds = ROUNDS }) {
  const rows = [];
  for (const [varied, sizes] of Object.entries(GROUPS)) {
    const works = sizes.map((size) => {
      const work = { size, warmUps: 3, batches: [randomPairs(size, size.sentences)] };
      return trainingWork("xformer", threads, work);
    });
    await withContenders(works, async (contenders) => {
      await alternate(contenders, rounds, STEPS);
      for (const [i, { costs }] of contenders.entries()) rows.push(row(varied, sizes[i], summary(costs)));
    });
  }
  return rows;
}

function row(varied, size, { best, median }) {
  const { sentences, length, dModel } = size;
  const tokens = 2 * sentences * length;
  return {
    ...{ varied, sentences, length, dModel },
    "ms best": rounded(best),
    "ms median": rounded(median),
    "µs a token, best": rounded((1000 * best) / tokens),
    "ns a token and 1000 parameters, best": rounded((1e6 * best) / tokens / (computed(size) / 1000), 2),
  };
}

/** Parameters that take part in a matrix product: 4 or 8 D^2 of attention and 2 D F a layer, and the output projection. */
function computed({ dModel, dFF, layers, vocabulary }) {
  return layers * (12 * dModel ** 2 + 4 * dModel * dFF) + vocabulary * dModel;
}
