// What a training step costs as the batch, the sentences or the model grow: microseconds a token, and nanoseconds a
// token and a thousand parameters (embeddings, which cost next to nothing, not counted), on all threads.
import { rounded, summary } from "./timing.mjs";
import { prepareXformer, randomPairs } from "./training.mjs";

const BASE = { dModel: 128, nHeads: 4, dFF: 512, layers: 2, vocabulary: 1000 };
const width = (dModel) => ({ ...BASE, dModel, dFF: 4 * dModel });
const CASES = [
  ...[16, 32, 64, 128, 256].map((sentences) => ({ ...BASE, varied: "batch", sentences, length: 20 })),
  ...[8, 32, 128, 512].map((length) => ({ ...BASE, varied: "length", sentences: 2048 / length, length })),
  ...[64, 128, 256].map((dModel) => ({ ...width(dModel), varied: "width", sentences: 64, length: 20 })),
];
const ROUNDS = 7;

export async function measureCost({ threads }) {
  const rows = [];
  for (const size of CASES) {
    const contender = await prepareXformer(size, threads, [randomPairs(size, size.sentences)]);
    for (let round = 0; round < ROUNDS; round++) await contender.measure();
    const { best, median } = summary(contender.milliseconds);
    const tokens = 2 * size.sentences * size.length;
    rows.push({
      varied: size.varied,
      sentences: size.sentences,
      length: size.length,
      dModel: size.dModel,
      "ms best": rounded(best),
      "ms median": rounded(median),
      "µs a token, best": rounded((1000 * best) / tokens),
      "ns a token and 1000 parameters, best": rounded((1e6 * best) / tokens / (computed(size) / 1000), 2),
    });
    await contender.close();
  }
  return rows;
}

/** Parameters that take part in a matrix product: 4 or 8 D^2 of attention and 2 D F a layer, and the output projection. */
function computed({ dModel, dFF, layers, vocabulary }) {
  return layers * (12 * dModel ** 2 + 4 * dModel * dFF) + vocabulary * dModel;
}
