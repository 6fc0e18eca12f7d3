// Greedy decoding with its cache of keys and values against decoding without: the encoder's output is kept either way,
// but without a cache all tokens so far go through the decoder again for every new one, as under teacher forcing. One
// thread, the same random weights and sentences, END ruled out, and the tokens have to be the same.
import { translateGreedily } from "../dist/decoding/greedy.js";
import { JOBS } from "../dist/jobs.js";
import { layOut, raggedOf } from "../dist/model/batch.js";
import { doSteps } from "../dist/replicas/control.js";
import { WorkerPool } from "../dist/replicas/workerPool.js";
import { argmax } from "../dist/tensor/calls.js";
import { Computation } from "../dist/tensor/computation.js";
import { rowsFrom } from "../dist/tensor/tensor.js";
import { modelConfig, randomPairs, SIZES, sizesNamed } from "./sizes.mjs";
import { rounded, summary } from "./table.mjs";

const CHOICES = SIZES.map(({ name }) => name);
const SENTENCES = 16;
/** Tokens of a source, its END included, and of its translation. */
const LENGTH = 50;
const ROUNDS = 5;
const SPECIAL = { bosId: 1, eosId: 2 };

/** @throws Error when the two ways do not give the same tokens */
export async function measureCache({ sizes = ["small"], rounds = ROUNDS }) {
  return sizesNamed(sizes, CHOICES).flatMap((size) => measureSize(size, rounds));
}

function measureSize(size, rounds) {
  const replica = new WorkerPool(modelConfig(size, 0), JOBS, { threads: 1 }).main;
  const { parameters } = replica.model;
  replica.model.initialise(1);
  parameters.values(parameters.get("output_projection.bias")).fill(-1e9, 0, 3);
  const pairs = randomPairs({ ...size, length: LENGTH }, SENTENCES);
  const sources = pairs.map(([source]) => source);
  const ways = [
    { who: "without cache", decode: () => decodeWithoutCache(replica, sources), costs: [] },
    { who: "with cache", decode: () => decodeWithCache(replica, sources), costs: [] },
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

function decodeWithCache({ model, workbench }, sources) {
  const { source } = layOutPairs(workbench, sources, () => []);
  const limits = sources.map(() => LENGTH);
  return doSteps(translateGreedily(model, workbench, source, SPECIAL, limits)).map(({ ids }) => ids);
}

function decodeWithoutCache({ model, workbench }, sources) {
  const { arena } = workbench;
  const run = new Computation(workbench);
  const source = raggedOf(run, layOutPairs(workbench, sources, () => []).source);
  const memory = model.encode(run, source);
  const outputs = sources.map(() => []);
  for (let length = 1; length <= LENGTH; length++) {
    const mark = arena.mark();
    const target = raggedOf(run, layOutPairs(workbench, sources, (b) => outputs[b]).target);
    const hidden = model.decode(run, target, {
      self: (_, attention, x) => attention.selfAttention(run, x, target, true),
      cross: (layer, attention, x) => attention.crossAttention(run, x, memory(layer), target, source),
    });
    const logits = model.logits(run, hidden); // [B * length, V]
    for (const [b, output] of outputs.entries())
      output.push(argmax(run, rowsFrom(logits, (b + 1) * length - 1, 1)));
    arena.release(mark);
  }
  arena.release();
  return outputs;
}

/** Sources with what has been generated for them so far. */
function layOutPairs({ heap, arena }, sources, targetOf) {
  const pairs = sources.map((source, b) => ({ source: Int32Array.from(source), target: targetOf(b) }));
  return layOut(heap, arena, pairs, SPECIAL);
}
