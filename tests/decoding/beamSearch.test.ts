import { describe, expect, it } from "vitest";
import { BeamSearch } from "../../src/decoding/beamSearch.ts";
import { generate } from "../../src/decoding/generate.ts";
import { lengthPenalty } from "../../src/decoding/lengthPenalty.ts";
import type { DecodingOptions } from "../../src/decoding/options.ts";
import { scorePairs } from "../../src/decoding/scorer.ts";
import type { ModelConfig } from "../../src/model/config.ts";
import type { Transformer } from "../../src/model/transformer.ts";
import { createRandom } from "../../src/random.ts";
import { doSteps } from "../../src/replicas/control.ts";
import {
  concatenate,
  makeModel,
  makePairs,
  makeWorkbench,
  poisonScratch,
  randomSentences,
  SPECIAL,
  smallModel,
} from "../support/engine.ts";
import { BUILDS } from "../support/kernels.ts";
import { decodeSources } from "./decodeSources.ts";

function config(vocabulary: number): ModelConfig {
  return smallModel(vocabulary, { dModel: 16, dFF: 24 });
}

function raiseEnd(model: Transformer, by: number): void {
  model.parameters.values(model.parameters.get("output_projection.bias"))[SPECIAL.eosId]! += by;
}

describe.each(BUILDS)("beam search, %s kernels", (engine) => {
  const workbench = makeWorkbench(engine);
  const model = makeModel(workbench, config(13), 3);
  raiseEnd(model, 0.5);
  const sources = randomSentences([5, 60, 1, 14, 3, 9, 2, 31], 13, createRandom(1));

  function search(of: readonly (readonly number[])[], options: DecodingOptions, limit = 20) {
    poisonScratch(workbench, 2 ** 18);
    return decodeSources(model, workbench, of, SPECIAL, limit, options).map((found) =>
      found.map((hypothesis) => ({
        tokens: hypothesis.tokens(),
        ended: hypothesis.ended,
        logProbability: hypothesis.logProbability,
      })),
    );
  }

  it("a beam of one gives what greedy search gives", () => {
    const greedy = search(sources, {});
    poisonScratch(workbench, 2 ** 18);
    // `beam: 1` is an instance of greedy search; so beam search itself is told to keep one.
    const steps = generate([{ model, source: concatenate(workbench, sources) }], workbench, {
      ...{ bosId: SPECIAL.bosId, eosId: SPECIAL.eosId, width: 1 },
      constraints: { noRepeatNgram: 0, repetitionPenalty: 1, banned: [] },
      fewest: sources.map(() => 0),
      prefixes: sources.map(() => new Int32Array(0)),
      search: (_, start) =>
        new BeamSearch(start, { eosId: SPECIAL.eosId, limit: 20, beam: 1, nBest: 1, alpha: 1 }),
    });
    const found = doSteps(steps);
    expect(found.map(([hypothesis]) => hypothesis!.tokens())).toEqual(greedy.map(([best]) => best!.tokens));
    expect(found.map(([hypothesis]) => hypothesis!.logProbability)).toEqual(
      greedy.map(([best]) => best!.logProbability),
    );
  });

  it.each([0, 0.6, 1])(
    "alpha %d: a wider beam finds translations that score as well or better, mostly",
    (alpha) => {
      const score = ({ tokens, logProbability }: { tokens: number[]; logProbability: number }): number =>
        logProbability / lengthPenalty(tokens.length + 1, alpha);
      const greedy = search(sources, {});
      const beam = search(sources, { beam: 5, lengthPenalty: alpha });
      const ended = sources.map((_, b) => b).filter((b) => greedy[b]![0]!.ended);
      expect(ended.length).toBeGreaterThan(2);
      const better = ended.filter((b) => score(beam[b]![0]!) > score(greedy[b]![0]!) - 1e-6);
      expect(better.length).toBeGreaterThanOrEqual(ended.length - 1);
      expect(beam).not.toEqual(greedy);
    },
  );

  it("the n best have ended, are different and in falling order", () => {
    for (const found of search(sources, { beam: 6, nBest: 6 })) {
      expect(found).toHaveLength(6);
      expect(new Set(found.map(({ tokens }) => tokens.join())).size).toBe(6);
      expect(found.every(({ ended }) => ended)).toBe(true);
      const scores = found.map(
        ({ tokens, logProbability }) => logProbability / lengthPenalty(tokens.length + 1, 1),
      );
      expect(scores).toEqual(scores.toSorted((x, y) => y - x));
    }
  });

  it("log-probabilities are those of teacher forcing, within 1e-5", () => {
    const found = search(sources, { beam: 4, nBest: 4 });
    for (const [b, hypotheses] of found.entries()) {
      const ended = hypotheses.filter((hypothesis) => hypothesis.ended);
      poisonScratch(workbench);
      const pairs = makePairs(
        workbench,
        ended.map(() => sources[b]!),
        ended.map(({ tokens }) => tokens),
      );
      const scores = scorePairs(model, workbench, pairs);
      for (const [i, { logProbability }] of ended.entries())
        expect(Math.abs(scores[i]!.logProbability - logProbability)).toBeLessThan(1e-5);
    }
  });

  it("a sentence's hypotheses depend neither on the batch's size, nor on its order, nor on its neighbours", () => {
    const options = { beam: 5, nBest: 5 };
    const expected = search(sources, options);
    for (const [b, source] of sources.entries()) expect(search([source], options)).toEqual([expected[b]]);
    const order = createRandom(2).shuffle([...sources.keys()]);
    expect(
      search(
        order.map((b) => sources[b]!),
        options,
      ),
    ).toEqual(order.map((b) => expected[b]));
  });

  it("goes past the room that a session has at first", () => {
    const found = search(sources.slice(0, 3), { beam: 3, lengthPenalty: 2 }, 80);
    for (const [hypothesis] of found) expect(hypothesis!.tokens.length).toBeLessThanOrEqual(80);
    expect(Math.max(...found.map(([hypothesis]) => hypothesis!.tokens.length))).toBeGreaterThan(32);
  });
});

describe("beam search", () => {
  const VOCABULARY = 4;
  const LIMIT = 4;

  /** All targets of up to LIMIT - 1 tokens, which with END have up to LIMIT. */
  function allTargets(): number[][] {
    const words = [0, 1, 3];
    let longest: number[][] = [[]];
    const all = [...longest];
    for (let length = 1; length < LIMIT; length++) {
      longest = longest.flatMap((target) => words.map((word) => [...target, word]));
      all.push(...longest);
    }
    return all;
  }

  it.each([1, 2, 3, 4, 5])(
    "with room for all prefixes equals exhaustive search (random model %i)",
    (seed) => {
      const workbench = makeWorkbench("strict");
      const model = makeModel(workbench, config(VOCABULARY), seed);
      const targets = allTargets();
      for (const [s, source] of randomSentences([1, 3, 6], VOCABULARY, createRandom(seed)).entries()) {
        workbench.arena.release();
        const pairs = makePairs(
          workbench,
          targets.map(() => source),
          targets,
        );
        const scores = scorePairs(model, workbench, pairs);
        for (const alpha of [0, 0.7, 1, 3]) {
          const ranked = targets
            .map((target, i) => ({
              target,
              score: scores[i]!.logProbability / lengthPenalty(target.length + 1, alpha),
            }))
            .sort((a, b) => b.score - a.score);
          const nBest = 1 + ((s + seed) % 7);
          const options = { beam: 200, nBest, lengthPenalty: alpha };
          const [found] = decodeSources(model, workbench, [source], SPECIAL, LIMIT, options);
          expect(found!.map((hypothesis) => hypothesis.tokens())).toEqual(
            ranked.slice(0, nBest).map(({ target }) => target),
          );
        }
      }
    },
  );
});
