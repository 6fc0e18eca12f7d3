import { describe, expect, it } from "vitest";
import { penaliseRepetition, ruledOut } from "../../src/decoding/constraints.ts";
import { Hypothesis } from "../../src/decoding/hypothesis.ts";

function hypothesis(...ids: number[]): Hypothesis {
  return ids.reduce((so, id) => so.extend(id, -1, 2), Hypothesis.begin(1));
}

describe("constraints", () => {
  it.each([
    [1, [5, 6, 5], [5, 6]],
    [2, [5, 6, 5], [6]],
    [2, [5, 6, 5, 7, 5], [6, 7]],
    [3, [5, 6, 7, 5, 6], [7]],
    [3, [5, 6, 7, 6, 5], []],
    [3, [5], []],
    [2, [], []],
    [0, [5, 5, 5], []],
  ])("no %d-gram twice: after %j not %j", (noRepeatNgram, ids, expected) => {
    const out = ruledOut(hypothesis(...ids), { noRepeatNgram, repetitionPenalty: 1, banned: [] });
    expect([...new Set(out)].sort()).toEqual(expected);
  });

  it("what is banned is banned always", () => {
    expect(ruledOut(hypothesis(5), { noRepeatNgram: 1, repetitionPenalty: 1, banned: [0] })).toEqual([0, 5]);
  });

  it("the repetition penalty divides positive logits and multiplies negative ones, once", () => {
    const logits = Float32Array.of(4, 4, -4, 4);
    penaliseRepetition(logits, hypothesis(3, 2, 3), 2);
    expect([...logits]).toEqual([4, 4, -4, 2]);
    penaliseRepetition(logits, Hypothesis.begin(1).extend(2, 0, 9), 2);
    expect([...logits]).toEqual([4, 4, -8, 2]);
  });
});
