// Greedy decoding with its cache of keys and values against decoding without: the encoder's output is kept either way,
// but without a cache all tokens so far go through the decoder again for every new one, as under teacher forcing. One
// thread, the same random weights and sentences, END ruled out, and the tokens have to be the same.
import { decodeBatch } from "../dist/decoding/decodeBatch.js";
import { resolveDecoding } from "../dist/decoding/options.js";
import { preferredBuild } from "../dist/kernels/load.js";
import { placeRagged } from "../dist/model/raggedInMemory.js";
import { createReplica } from "../dist/replicas/replica.js";
import { Computation } from "../dist/tensor/computation.js";
import { linear } from "../dist/tensor/operations/linear.js";
import { modelConfig, randomPairs, SIZES, sizesNamed } from "./sizes.mjs";
import { rounded, summary } from "./table.mjs";

const CHOICES = SIZES.map(({ name }) => name);
const SENTENCES = 16;
/** Tokens of a source, its END included, and of its translation. */
const LENGTH = 50;
const ROUNDS = 5;
const [BOS, EOS] = [1, 2];

/** @throws Error when the two ways do not give the same tokens */
export async function measureCache({ sizes = ["small"], rounds = ROUNDS }) {
  return sizesNamed(sizes, CHOICES).flatMap((size) => measureSize(size, rounds));
}

function measureSize(size, rounds) {
  const replica = createReplica(modelConfig(size, 0), preferredBuild());
  const { parameters } = replica.model;
  replica.model.initialise(1);
  parameters.values(parameters.get("output_projection.bias")).fill(-1e9, 0, 3);
  const pairs = randomPairs({ ...size, length: LENGTH }, SENTENCES);
  const source = ragged(pairs.map(([tokens]) => [...tokens, EOS]));
  const ways = [
    { who: "without cache", decode: () => decodeWithoutCache(replica, source), costs: [] },
    {
      who: "with cache",
      decode: () => decodeWithCache(replica, source),
      costs: [],
    },
  ];
  const [expected, found] = ways.map(({ decode }) => JSON.stringify(decode())); // this compiles, too
  if (expected !== found) throw new Error("decoding with and without cache gave different tokens");
  for (let round = 0; round < rounds; round++) {
    for (const { decode, costs } of ways) {
      const start = performance.now();
      decode();
      costs.push(performance.now() - start);
    }
  }
  const [slow] = ways.map(({ costs }) => summary(costs));
  return ways.map(({ who, costs }) => {
    const { best, median } = summary(costs);
    return {
      ...{ size: size.name, who, sentences: SENTENCES, tokens: LENGTH },
      "ms best": rounded(best),
      "ms median": rounded(median),
      "x without best": rounded(slow.best / best, 2),
      "x without median": rounded(slow.median / median, 2),
    };
  });
}

function decodeWithCache({ model, workbench }, source) {
  const batch = {
    ...{ bosId: BOS, eosId: EOS, unkId: 0, limit: { factor: 0, plus: LENGTH } },
    lines: Array.from({ length: SENTENCES }, (_, b) => b + 1),
    prefixes: Array.from({ length: SENTENCES }, () => new Int32Array(0)),
  };
  const found = decodeBatch([{ model, source }], workbench, batch, resolveDecoding({}));
  return found.map(([hypothesis]) => hypothesis.tokens());
}

function decodeWithoutCache({ model, workbench }, source) {
  const { kernels, memory, arena } = workbench;
  const run = new Computation(workbench);
  const sources = placeRagged(memory, arena, source);
  const encoded = model.encode(run, sources);
  const outputs = Array.from({ length: SENTENCES }, () => []);
  for (let length = 1; length <= LENGTH; length++) {
    const mark = arena.mark();
    const target = placeRagged(memory, arena, ragged(outputs.map((output) => [BOS, ...output])));
    const hidden = model.decode(run, target, {
      self: (_, attention, x) => attention.selfAttention(run, x, target, true),
      cross: (_, attention, x) => attention.crossAttention(run, x, encoded, target, sources),
    });
    const { pointer, columns } = linear(run, hidden, model.outputWeight, model.outputBias); // [B * length, V]
    for (const [b, output] of outputs.entries()) {
      output.push(kernels.argmax(pointer + 4 * ((b + 1) * length - 1) * columns, columns));
    }
    arena.release(mark);
  }
  arena.release();
  return outputs;
}

/** Sentences one behind the other. */
function ragged(sentences) {
  const offsets = [0];
  for (const { length } of sentences) offsets.push(offsets.at(-1) + length);
  return { tokens: Int32Array.from(sentences.flat()), offsets: Int32Array.from(offsets) };
}
