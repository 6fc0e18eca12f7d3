import { describe, expect, it } from "vitest";
import type { DecodingOptions } from "../../src/decoding/options.ts";
import { drawToken } from "../../src/decoding/sampling.ts";
import { createRandom } from "../../src/random.ts";
import {
  makeModel,
  makeWorkbench,
  poisonScratch,
  randomSentences,
  SPECIAL,
  smallModel,
} from "../support/engine.ts";
import { decodeSources } from "./decodeSources.ts";

const VOCABULARY = 13;

describe("drawToken", () => {
  const logits = Float32Array.from([0.5, 0.2, 0.05, 0.25].map(Math.log));
  const all = { temperature: 1, topK: undefined, topP: 1, seed: 1 };

  function frequencies(sampling: Parameters<typeof drawToken>[1], draws = 20_000): number[] {
    const random = createRandom(7);
    const counts = new Array<number>(logits.length).fill(0);
    for (let i = 0; i < draws; i++) counts[drawToken(logits, sampling, random)]!++;
    return counts.map((count) => count / draws);
  }

  it.each([
    ["by its probability", all, [0.5, 0.2, 0.05, 0.25]],
    ["temperature 1/2 squares probabilities", { ...all, temperature: 0.5 }, [0.25, 0.04, 0.0025, 0.0625]],
    ["temperature 2 takes their root", { ...all, temperature: 2 }, [0.5, 0.2, 0.05, 0.25].map(Math.sqrt)],
    ["of the most probable two", { ...all, topK: 2 }, [0.5, 0, 0, 0.25]],
    ["of the fewest with 0.7 together", { ...all, topP: 0.7 }, [0.5, 0, 0, 0.25]],
    ["of the fewest with 0.8 together", { ...all, topP: 0.8 }, [0.5, 0.2, 0, 0.25]],
    ["of one", { ...all, topP: 1e-9 }, [1, 0, 0, 0]],
  ])("draws %s, within 0.015", (_, sampling, weights) => {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (const [id, frequency] of frequencies(sampling).entries())
      expect(Math.abs(frequency - weights[id]! / total)).toBeLessThan(0.015);
  });

  it("never draws what is ruled out", () => {
    const some = Float32Array.of(Number.NEGATIVE_INFINITY, 0, Number.NEGATIVE_INFINITY, 0);
    const random = createRandom(1);
    const drawn = new Set(Array.from({ length: 200 }, () => drawToken(some, all, random)));
    expect(drawn).toEqual(new Set([1, 3]));
  });
});

describe("sampling", () => {
  const workbench = makeWorkbench("strict");
  const model = makeModel(workbench, smallModel(VOCABULARY, { dModel: 16, dFF: 24 }), 3);
  const sources = randomSentences([5, 20, 1, 14, 3], VOCABULARY, createRandom(1));
  const numbers = sources.map((_, b) => b + 1);

  function sample(options: DecodingOptions, order = [...sources.keys()]): number[][][] {
    poisonScratch(workbench, 2 ** 18);
    const of = order.map((b) => sources[b]!);
    const lines = order.map((b) => numbers[b]!);
    const found = decodeSources(model, workbench, of, SPECIAL, 12, { sample: true, ...options }, { lines });
    return found.map((hypotheses) => hypotheses.map((hypothesis) => hypothesis.tokens()));
  }

  it("depends on the seed, the line and the number of the sample, on nothing else", () => {
    const drawn = sample({ nBest: 4 });
    expect(sample({ nBest: 4 })).toEqual(drawn);
    expect(sample({ nBest: 4 }, [3, 0, 4])).toEqual([drawn[3], drawn[0], drawn[4]]);
    expect(sample({ nBest: 2 })).toEqual(drawn.map((samples) => samples.slice(0, 2)));
    expect(sample({ nBest: 4, seed: 2 })).not.toEqual(drawn);
    expect(new Set(drawn.flat().map((ids) => ids.join())).size).toBeGreaterThan(15);
  });

  it("from one token, or at a temperature near 0, is greedy search", () => {
    poisonScratch(workbench);
    const greedy = decodeSources(model, workbench, sources, SPECIAL, 12).map(([best]) => [best!.tokens()]);
    expect(sample({ topK: 1 })).toEqual(greedy);
    expect(sample({ temperature: 1e-6 })).toEqual(greedy);
  });
});
