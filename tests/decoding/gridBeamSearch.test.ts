import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gridWidth } from "../../src/decoding/gridBeamSearch.ts";
import { lengthPenalty } from "../../src/decoding/lengthPenalty.ts";
import { type DecodingOptions, MOST_HYPOTHESES } from "../../src/decoding/options.ts";
import { PhraseProgress } from "../../src/decoding/phraseProgress.ts";
import type { Phrases } from "../../src/decoding/phrases.ts";
import { scorePairs } from "../../src/decoding/scorer.ts";
import { createRandom } from "../../src/random.ts";
import {
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

/** Tokens that neither begin nor end within a word. */
const WORDS = new Uint8Array(64);

function phrases(ordered: boolean, ...list: readonly (readonly number[])[]): Phrases {
  return { list: list.map((way) => ({ ways: [Int32Array.from(way)], times: 1 })), ordered };
}

function isComplete(of: Phrases, ids: readonly number[], edges = WORDS): boolean {
  return ids.reduce((progress, id) => progress.next(id), PhraseProgress.begin(of, edges)).isComplete;
}

describe.each(BUILDS)("grid beam search, %s kernels", (engine) => {
  const workbench = makeWorkbench(engine);
  const model = makeModel(workbench, smallModel(13, { dModel: 16, dFF: 24 }), 3);
  model.parameters.values(model.parameters.get("output_projection.bias"))[SPECIAL.eosId]! += 2;
  const sources = randomSentences([5, 20, 1, 14, 3, 9], 13, createRandom(1));
  const LIMIT = 20;

  function search(
    of: readonly (readonly number[])[],
    asked: readonly (Phrases | undefined)[],
    options: DecodingOptions = {},
    prefixes: readonly (readonly number[])[] = [],
  ) {
    poisonScratch(workbench, 2 ** 18);
    const more = { phrases: asked, edges: WORDS, prefixes };
    return decodeSources(model, workbench, of, SPECIAL, LIMIT, options, more).map((found) =>
      found.map(({ tokens, ended, logProbability }) => ({ tokens: tokens(), ended, logProbability })),
    );
  }

  const ASKED = [
    phrases(false, [5]),
    phrases(true, [7, 8], [5]),
    undefined,
    phrases(false, [3, 3, 4], [4, 9]),
    undefined,
    phrases(true, [12], [11], [10]),
  ];

  it.each([1, 4])("with a beam of %i every target has its phrases, and the others are as without", (beam) => {
    const found = search(sources, ASKED, { beam });
    const free = search(sources, [], { beam });
    for (const [b, [best]] of found.entries()) {
      if (ASKED[b] === undefined) expect(best).toEqual(free[b]![0]);
      else expect(isComplete(ASKED[b], best!.tokens)).toBe(true);
    }
  });

  it("a sentence's hypotheses depend neither on the batch's size, nor on its order, nor on its neighbours", () => {
    const options = { beam: 3, nBest: 3 };
    const expected = search(sources, ASKED, options);
    for (const [b, source] of sources.entries())
      expect(search([source], [ASKED[b]], options)).toEqual([expected[b]]);
    const order = createRandom(2).shuffle([...sources.keys()]);
    const turned = search(
      order.map((b) => sources[b]!),
      order.map((b) => ASKED[b]),
      options,
    );
    expect(turned).toEqual(order.map((b) => expected[b]));
  });

  it("the n best have ended, are different, in falling order, and have the phrases", () => {
    for (const [b, found] of search(sources, ASKED, { beam: 5, nBest: 5 }).entries()) {
      if (ASKED[b] === undefined) continue;
      expect(found).toHaveLength(5);
      expect(new Set(found.map(({ tokens }) => tokens.join())).size).toBe(5);
      expect(found.every(({ ended }) => ended)).toBe(true);
      expect(found.every(({ tokens }) => isComplete(ASKED[b]!, tokens))).toBe(true);
      const scores = found.map((one) => one.logProbability / lengthPenalty(one.tokens.length + 1, 1));
      expect(scores).toEqual(scores.toSorted((x, y) => y - x));
    }
  });

  it("what the target would have anyway costs nothing: the best with it is as good or better", () => {
    const options = { beam: 4, minLength: 2 };
    const free = search(sources, [], options);
    const asked = free.map(([best]) => phrases(true, ...best!.tokens.slice(0, 1).map((id) => [id])));
    const ended = [...sources.keys()].filter((b) => free[b]![0]!.ended && free[b]![0]!.tokens.length > 0);
    expect(ended.length).toBeGreaterThan(2);
    const score = (one: { tokens: number[]; logProbability: number }): number =>
      one.logProbability / lengthPenalty(one.tokens.length + 1, 1);
    for (const b of ended) {
      const [found] = search([sources[b]!], [asked[b]], options);
      expect(score(found![0]!)).toBeGreaterThanOrEqual(score(free[b]![0]!) - 1e-6);
    }
  });

  it("what a prefix has counts", () => {
    const asked = phrases(true, [7], [8]);
    const best = search([sources[0]!], [asked], { beam: 2 }, [[7, 5]])[0]![0]!;
    expect(best.tokens.slice(0, 2)).toEqual([7, 5]);
    expect(best.tokens.slice(2)).toContain(8);
    const there = search([sources[0]!], [phrases(false, [7])], { beam: 2 }, [[7]]);
    expect(there).toEqual(search([sources[0]!], [], { beam: 2 }, [[7]]));
  });

  it("more than fits the limit comes out cut, with as much of it as there is room for", () => {
    const long = Array.from({ length: LIMIT }, (_, i) => 3 + (i % 10));
    const best = search([sources[0]!], [phrases(false, long)], { beam: 2 })[0]![0]!;
    expect(best.ended).toBe(false);
    expect(best.tokens).toEqual(long);
  });

  it("rules hold all the same: no n-gram twice, and the fewest tokens", () => {
    const options = { beam: 3, noRepeatNgram: 1, minLength: 6 };
    for (const [best] of search(
      sources,
      ASKED.map((asked) => asked && phrases(false, [5], [9])),
      options,
    )) {
      expect(new Set(best!.tokens).size).toBe(best!.tokens.length);
      expect(best!.tokens.length).toBeGreaterThanOrEqual(6);
    }
  });
});

describe("grid beam search", () => {
  const VOCABULARY = 4;
  const LIMIT = 4; // of more the phrases would have more prefixes than there are hypotheses
  /** All targets of up to LIMIT - 1 tokens, which with END have up to LIMIT. */
  const targets: number[][] = [[]];
  for (let first = 0, length = 1; length < LIMIT; length++) {
    const end = targets.length;
    for (; first < end; first++) for (const word of [0, 1, 3]) targets.push([...targets[first]!, word]);
  }

  const token = fc.constantFrom(0, 1, 3);
  const way = fc.array(token, { minLength: 1, maxLength: 2 }).map((ids) => Int32Array.from(ids));
  const asked = fc.oneof(
    fc.record({
      list: fc.array(
        fc.record({
          ways: fc.array(way, { minLength: 1, maxLength: 2 }),
          times: fc.integer({ min: 1, max: 2 }),
        }),
        { minLength: 1, maxLength: 2 },
      ),
      ordered: fc.constant(false),
    }),
    fc.record({
      list: fc.array(fc.record({ ways: fc.tuple(way), times: fc.constant(1) }), {
        minLength: 1,
        maxLength: 2,
      }),
      ordered: fc.constant(true),
    }),
  );

  it.each([1, 2, 3])(
    "with room for all prefixes equals exhaustive search among the targets with the phrases (random model %i)",
    (seed) => {
      const workbench = makeWorkbench("strict");
      const model = makeModel(workbench, smallModel(VOCABULARY, { dModel: 16, dFF: 24 }), seed);
      const [source] = randomSentences([4], VOCABULARY, createRandom(seed)) as [number[]];
      const pairs = makePairs(
        workbench,
        targets.map(() => source),
        targets,
      );
      const scores = scorePairs(model, workbench, pairs);
      const ranked = targets
        .map((target, i) => ({
          target,
          score: scores[i]!.logProbability / lengthPenalty(target.length + 1, 1),
        }))
        .sort((a, b) => b.score - a.score);
      const edges = fc.array(fc.nat(3), { minLength: 4, maxLength: 4 }).map((each) => Uint8Array.from(each));
      fc.assert(
        fc.property(asked, edges, (of, words) => {
          workbench.arena.release();
          const wide = { beam: MOST_HYPOTHESES, nBest: 3 };
          const [found] = decodeSources(model, workbench, [source], SPECIAL, LIMIT, wide, {
            phrases: [of],
            edges: words,
          });
          const expected = ranked.filter(({ target }) => isComplete(of, target, words)).slice(0, 3);
          const ended = found!.filter((one) => one.ended).map((one) => one.tokens());
          expect(ended).toEqual(expected.map(({ target }) => target));
        }),
        { numRuns: 60 },
      );
    },
  );

  it("never has more hypotheses than a beam may have", () => {
    const of = phrases(false, [1, 2, 3, 4, 5], [6, 7]);
    expect(gridWidth(1, of)).toBe(8);
    expect(gridWidth(5, of)).toBe(40);
    expect(gridWidth(MOST_HYPOTHESES, of)).toBeLessThanOrEqual(MOST_HYPOTHESES);
    expect(gridWidth(5, phrases(false, new Array(255).fill(1)))).toBe(256);
  });
});
