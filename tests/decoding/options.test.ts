import { describe, expect, it } from "vitest";
import {
  type DecodingOptions,
  leastLength,
  lengthLimit,
  resolveDecoding,
  usualLimit,
} from "../../src/decoding/options.ts";

describe("resolveDecoding", () => {
  it("is greedy by default", () => {
    expect(resolveDecoding()).toEqual({
      ...{ beam: 1, lengthPenalty: 1, nBest: 1, sampling: undefined, maxLength: undefined },
      ...{ minLength: undefined, orderedConstraints: false },
      ...{ noRepeatNgram: 0, repetitionPenalty: 1, banUnk: false },
    });
  });

  it.each<[DecodingOptions, string]>([
    [{ beam: 0 }, "the beam is 0"],
    [{ beam: 1.5 }, "the beam is 1.5"],
    [{ lengthPenalty: -1 }, "the length penalty is -1"],
    [{ nBest: 2 }, "the 2 best are wanted of a beam of 1"],
    [{ beam: 3, nBest: 4 }, "the 4 best are wanted of a beam of 3"],
    [{ noRepeatNgram: 0 }, "the no-repeat n-gram is 0"],
    [{ repetitionPenalty: 0 }, "the repetition penalty is 0"],
    [{ temperature: 2 }, "temperature is for sampling"],
    [{ topK: 2 }, "top-k is for sampling"],
    [{ seed: 2 }, "seed is for sampling"],
    [{ sample: true, beam: 2 }, "beam search and sampling exclude each other"],
    [{ sample: true, temperature: 0 }, "the temperature is 0"],
    [{ sample: true, topP: 1.1 }, "the top-p is 1.1"],
    [{ sample: true, topK: 0 }, "the top-k is 0"],
    [{ maxLength: 0 }, 'the max length is "0"'],
    [{ maxLength: "2x+" }, 'the max length is "2x+"'],
    [{ maxLength: "" }, 'the max length is ""'],
    [{ maxLength: "+5" }, 'the max length is "+5"'],
    [{ minLength: -1 }, 'the min length is "-1"'],
    [{ minLength: "2x", maxLength: "2x" }, "the min length is 2x, but the max length 2x, which counts END"],
    [{ sample: true, constraints: ["a"] }, "samples cannot have any"],
    [{ longLines: "burn" as "keep" }, 'the long lines are "burn"'],
    [{ alignments: "letters" as "words" }, 'the alignments are "letters"'],
    [{ firstLine: -1 }, "the first line is -1"],
  ])("%j is refused", (options, problem) => {
    expect(() => resolveDecoding(options)).toThrow(problem);
  });

  it.each([
    [50, 7, 50],
    ["50", 7, 50],
    ["2x", 7, 14],
    ["1.5x+10", 7, 20],
    ["2x-4", 7, 10],
    ["0.1x", 7, 1],
  ])("a max length of %s for %d source tokens is %d", (maxLength, sourceTokens, limit) => {
    expect(lengthLimit(resolveDecoding({ maxLength }).maxLength!, sourceTokens)).toBe(limit);
  });

  it.each([
    [5, 7, 5],
    [0, 7, 0],
    ["0.5x", 7, 4],
    ["1x-9", 7, 0],
    [50, 7, 19],
  ])(
    "a min length of %s for %d source tokens is %d under a limit of 20",
    (minLength, sourceTokens, least) => {
      expect(leastLength(resolveDecoding({ minLength }).minLength!, sourceTokens, 20)).toBe(least);
    },
  );

  it("the usual limit has room for the fewest tokens and END", () => {
    const limitWith = (minLength?: number | string): number =>
      lengthLimit(usualLimit(resolveDecoding({ minLength }), 20), 7);
    expect([limitWith(), limitWith(5), limitWith(50), limitWith("10x")]).toEqual([20, 20, 51, 90]);
  });
});
