import { describe, expect, it } from "vitest";
import { generate } from "../../src/decoding/generate.ts";
import { GreedySearch, translateGreedily } from "../../src/decoding/greedy.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { at } from "../../src/kernels/kernels.ts";
import { createRandom } from "../../src/random.ts";
import { doSteps } from "../../src/replicas/control.ts";
import { Computation } from "../../src/tensor/computation.ts";
import {
  concatenate,
  makeModel,
  makeWorkbench,
  placeSentences,
  poisonScratch,
  randomSentences,
  SPECIAL,
  smallModel,
} from "../support/engine.ts";
import { BUILDS } from "../support/kernels.ts";
import { decodeSources } from "./decodeSources.ts";

const VOCABULARY = 13;
const LIMIT = 40;

/** Untied, so that a random model does not just say the last token again. */
const CONFIG = smallModel(VOCABULARY, { dModel: 16, dFF: 24 });

describe.each(BUILDS)("greedy search, %s kernels", (engine) => {
  const workbench = makeWorkbench(engine);
  const { heap } = workbench;
  const model = makeModel(workbench, CONFIG, 3);
  // A random model says END seldom; with this it does so now and then.
  model.parameters.values(model.parameters.get("output_projection.bias"))[SPECIAL.eosId]! += 0.5;
  const sources = randomSentences([5, 60, 1, 14, 3, 9, 2, 31, 7, 7, 20, 4], VOCABULARY, createRandom(1));

  function decode(of: readonly number[][], limit = LIMIT): number[][] {
    poisonScratch(workbench, 2 ** 18);
    return decodeSources(model, workbench, of, SPECIAL, limit).map(([found]) => found!.tokens());
  }

  /** Greedy decoding as one would write it down: the whole target again for every token. */
  function plainGreedy(source: number[]): number[] {
    const output: number[] = [];
    while (output.length < LIMIT) {
      poisonScratch(workbench);
      const run = new Computation(workbench);
      const placed = placeSentences(run, [source]);
      const target = placeSentences(run, [[SPECIAL.bosId, ...output]]);
      const logits = model.logits(run, model.forward(run, placed, target));
      const last = heap.floats(at(logits.pointer, VOCABULARY * output.length), VOCABULARY);
      const best = last.indexOf(Math.max(...last));
      if (best === SPECIAL.eosId) break;
      output.push(best);
    }
    return output;
  }

  const expected = sources.map(plainGreedy);

  it("these sentences end at different times, some of them never", () => {
    const lengths = expected.map((output) => output.length);
    expect(new Set(lengths).size).toBeGreaterThan(3);
    expect(Math.max(...lengths)).toBe(LIMIT);
    expect(new Set(expected.map((output) => output.join())).size).toBeGreaterThan(6);
  });

  it("takes the most probable token until END, as without a cache", () => {
    expect(decode(sources)).toEqual(expected);
  });

  it("a sentence's output depends neither on the batch's size, nor on its order, nor on its neighbours", () => {
    for (const [b, source] of sources.entries()) expect(decode([source])).toEqual([expected[b]]);
    const order = createRandom(2).shuffle([...sources.keys()]);
    expect(decode(order.map((b) => sources[b]!))).toEqual(order.map((b) => expected[b]));
    for (const size of [2, 5]) {
      const batches = Array.from({ length: Math.ceil(sources.length / size) }, (_, i) =>
        decode(sources.slice(i * size, (i + 1) * size)),
      );
      expect(batches.flat()).toEqual(expected);
    }
    expect(decode([sources[1]!, sources[1]!])).toEqual([expected[1], expected[1]]);
  });

  it.each([1, 3, 33])("gives at most %i tokens when told so, and the same ones", (limit) => {
    expect(decode(sources, limit)).toEqual(expected.map((output) => output.slice(0, limit)));
  });

  it("by the short way, is greedy search among others: ids, bits of log-probabilities, and whether ended", () => {
    const limits = sources.map((_, b) => [LIMIT, 1, 7, 33][b % 4]!);
    poisonScratch(workbench, 2 ** 18);
    const source = concatenate(workbench, sources);
    const short = doSteps(translateGreedily(model, workbench, source, SPECIAL, limits));
    poisonScratch(workbench, 2 ** 18);
    const steps = generate([{ model, source: concatenate(workbench, sources) }], workbench, {
      ...{ bosId: SPECIAL.bosId, eosId: SPECIAL.eosId, width: 1 },
      constraints: { noRepeatNgram: 0, repetitionPenalty: 1, banned: [] },
      fewest: sources.map(() => 0),
      prefixes: sources.map(() => new Int32Array(0)),
      search: (b, start) => new GreedySearch(start, { eosId: SPECIAL.eosId, limit: limits[b]! }),
    });
    const found = doSteps(steps);
    expect(short).toEqual(
      found.map(([hypothesis]) => ({
        ids: hypothesis!.tokens(),
        logProbabilities: hypothesis!.logProbabilities(),
        ended: hypothesis!.ended,
      })),
    );
    expect(short.map(({ ids }) => ids)).toEqual(expected.map((output, b) => output.slice(0, limits[b])));
    expect(new Set(short.map(({ ended }) => ended)).size).toBe(2);
  });
});

describe("greedy search", () => {
  it("asks no more of sentences that are finished", () => {
    const workbench = makeWorkbench("strict");
    const model = makeModel(workbench, CONFIG, 3);
    model.parameters.values(model.parameters.get("output_projection.bias"))[SPECIAL.eosId]! += 0.5;
    const sources = randomSentences([5, 60, 1, 14, 3, 9], VOCABULARY, createRandom(1));
    const asked: number[] = [];
    const greedyTokens: Kernels["greedyTokens"] = (ids, logProbabilities, logits, rows, columns) => {
      asked.push(...new Array<number>(rows).fill(columns));
      workbench.kernels.greedyTokens(ids, logProbabilities, logits, rows, columns);
    };
    const watched = { ...workbench, kernels: { ...workbench.kernels, greedyTokens } };
    const found = decodeSources(model, watched, sources, SPECIAL, LIMIT);
    const outputs = found.map(([hypothesis]) => hypothesis!.tokens());
    // Every token was asked for once, and END once where it came before the limit.
    const steps = outputs.reduce((sum, { length }) => sum + Math.min(length + 1, LIMIT), 0);
    expect(asked).toEqual(new Array<number>(steps).fill(VOCABULARY));
  });

  it("ends at once when END is the most probable first token", () => {
    const workbench = makeWorkbench("strict");
    const model = makeModel(workbench, CONFIG);
    model.parameters.values(model.parameters.get("output_projection.bias"))[SPECIAL.eosId] = 1000;
    const found = decodeSources(model, workbench, [[3, 2], [2]], SPECIAL, 9);
    expect(found.map(([hypothesis]) => hypothesis!.tokens())).toEqual([[], []]);
  });
});
