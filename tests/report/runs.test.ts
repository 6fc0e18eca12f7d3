import { describe, expect, it } from "vitest";
import { CURVE_NAMES, curvesOf } from "../../src/report/runs.ts";

const log = (step: number) => ({ step, loss: 1 / step, lr: 0.1, gradNorm: 2, tokensPerSecond: 5 });
const validation = (step: number) => ({
  step,
  valid: { loss: 1, perplexity: Math.E, bleu: 2, chrf: 50, exactMatch: 3 },
});

describe("the curves of a run", () => {
  it("are those of its log and of its validations", () => {
    const curves = curvesOf([log(1), log(2), validation(2)]);
    expect(Object.keys(curves)).toEqual(CURVE_NAMES);
    expect(curves.loss).toEqual([
      [1, 1],
      [2, 0.5],
    ]);
    expect(curves.exactMatch).toEqual([[2, 3]]);
  });

  it("lack what an older run did not say, and what is no number", () => {
    const { gradNorm: _, ...older } = log(1);
    const curves = curvesOf([older, { ...log(2), loss: null, lr: "0.1", valid: "none" }, { step: "3" }, {}]);
    expect(curves).toEqual({
      loss: [[1, 1]],
      lr: [[1, 0.1]],
      gradNorm: [[2, 2]],
      tokensPerSecond: expect.any(Array),
    });
  });

  it("have a thousand points at most: means of neighbours, up to the last step", () => {
    const { loss } = curvesOf(Array.from({ length: 2500 }, (_, i) => ({ step: i + 1, loss: i % 5 })));
    expect(loss).toHaveLength(1000);
    expect(loss![0]).toEqual([2, 0.5]);
    expect(loss!.at(-1)).toEqual([2500, 3]);
  });
});
