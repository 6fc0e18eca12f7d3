// Sentences and tokens per second of greedy translation, on one and on all threads. The weights are random and END is
// ruled out, so that every sentence gets as many tokens as the limit says and the work is the same every time.
import { Translator } from "../dist/decoding/translator.js";
import { perform } from "../dist/jobs.js";
import { createRandom } from "../dist/random.js";
import { ReplicaPool } from "../dist/replicas/pool.js";
import { learnTokenizer } from "../dist/text/tokenizer.js";
import { summary } from "./timing.mjs";

const SIZES = [
  { name: "tiny", dModel: 64, nHeads: 4, dFF: 128, layers: 2, vocabulary: 64 },
  { name: "small", dModel: 128, nHeads: 4, dFF: 512, layers: 2, vocabulary: 1000 },
  { name: "medium", dModel: 256, nHeads: 4, dFF: 1024, layers: 3, vocabulary: 4000 },
];
const SENTENCES = 500;
/** Tokens of a source, and of its translation. */
const LENGTH = 13;
const ROUNDS = 5;

export async function measureTranslation({ threads }) {
  const rows = [];
  for (const size of SIZES) {
    const contenders = [...new Set([1, threads])].map((count) => prepare(size, count));
    for (let round = 0; round <= ROUNDS; round++) {
      for (const { seconds, translate } of contenders) {
        const start = performance.now();
        await translate();
        if (round > 0) seconds.push((performance.now() - start) / 1000); // the first round compiles
      }
    }
    for (const { count, seconds, close } of contenders) {
      const { best, median } = summary(seconds);
      rows.push({
        size: size.name,
        threads: count,
        "sentences/s best": Math.round(SENTENCES / best),
        "sentences/s median": Math.round(SENTENCES / median),
        "tokens/s median": Math.round((SENTENCES * LENGTH) / median),
      });
      await close();
    }
  }
  return rows;
}

function prepare({ dModel, nHeads, dFF, layers, vocabulary }, count) {
  const words = Array.from({ length: vocabulary - 3 }, (_, i) => `w${i}`);
  const tokenizer = learnTokenizer(words, { kind: "word", language: "en" });
  const config = {
    ...{ dModel, nHeads, dFF, nEncoderLayers: layers, nDecoderLayers: layers, dropout: 0, maxLength: 64 },
    ...{ norm: "post", activation: "relu", positions: "sinusoidal", tie: "none" },
    ...{ sourceVocabSize: tokenizer.vocabulary.size, targetVocabSize: tokenizer.vocabulary.size },
  };
  const pool = new ReplicaPool(config, perform, count);
  const { model } = pool.main;
  model.initialise(1);
  model.parameters.values(model.parameters.get("output_projection.bias"))[tokenizer.vocabulary.eosId] = -1e9;
  const translator = new Translator(pool, tokenizer, tokenizer, LENGTH);
  const random = createRandom(1);
  const lines = Array.from({ length: SENTENCES }, () =>
    Array.from({ length: LENGTH }, () => random.pick(words)).join(" "),
  );
  return { count, seconds: [], translate: () => translator.translate(lines), close: () => pool.close() };
}
